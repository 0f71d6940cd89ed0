/** @module For whom and for how long a user token may be made. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTokenBook, tokenFile } from '../api/index.ts';
import { createUserToken } from './user-token.ts';

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'hanse-user-token-'));
  mkdirSync(join(dataDir, 'pki'));
});
afterAll(() => rmSync(dataDir, { recursive: true }));

const nowMs = (): number => Date.parse('2026-01-01T00:00:00Z');
const create = (user: string, group: readonly string[] = [], ttl?: number): void =>
  createUserToken({ print: () => undefined, nowMs }, user, { dataDir, group, ...(ttl === undefined ? {} : { ttl }) });

test.each([
  ['', [], undefined, 'the name of a user is empty'],
  ['bad user', [], undefined, 'user "bad user": a name has no blanks and no control characters'],
  ['jane', ['a\tb'], undefined, 'group "a\\tb": a name has no blanks'],
  [
    'system:masters',
    [],
    undefined,
    'user "system:masters": names that begin with system: are those of Kubernetes itself; for a ServiceAccount use',
  ],
  [
    'jane',
    ['ops', 'system:masters'],
    undefined,
    'group "system:masters": names that begin with system: are those of Kubernetes itself; use a group',
  ],
  ['j'.repeat(254), [], undefined, 'has 254 characters; 253 are the most'],
  ['jane', [], 99_999 * 86_400, '--ttl: 366d are the most; without --ttl it holds until it is revoked'],
  ['jane', [], 0, '--ttl: a token holds for a second at least'],
])('user %j in groups %j for %j s is refused with the mend', (user, groups, ttl, fault) => {
  expect(() => create(user, groups, ttl)).toThrow(fault);
  expect(openTokenBook(join(dataDir, tokenFile), nowMs).list()).toEqual([]);
});

test('any other name is taken, and holds for as long as --ttl says', () => {
  create('https://idp.example#jane@example.com', ['oidc:platform/ops', 'Größe'], 366 * 86_400);
  expect(openTokenBook(join(dataDir, tokenFile), nowMs).list()).toMatchObject([
    { user: 'https://idp.example#jane@example.com', groups: ['oidc:platform/ops', 'Größe'], expires: '2027-01-02T00:00:00.000Z' },
  ]);
});
