/** @module Certificates of a hub that runs for years. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../shared/lib/index.ts';
import { type KeyPair, openAuthority } from './api/index.ts';
import { startRenewal, whenRenewed } from './renewal.ts';

const dayMs = 86_400_000;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hanse-renewal-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('a certificate is put to use anew in the last days of its life, and not before', async () => {
  let nowMs = Date.UTC(2026, 0, 1);
  const authority = await openAuthority({ directory, commonName: 'test', nowMs: () => nowMs });
  const taken: KeyPair[] = [];
  const look = whenRenewed(
    () => authority.issue('server', 'server', { commonName: 'hub' }),
    (pair) => taken.push(pair),
  );
  for (const days of [0, 1, 300]) {
    nowMs += days * dayMs;
    await look();
  }
  expect(taken).toEqual([]);
  nowMs += 30 * dayMs;
  await look();
  await look();
  expect(taken).toHaveLength(1);
});

test('every look is taken each day, whatever the others do', async () => {
  const timers: (() => void)[] = [];
  const looks: string[] = [];
  const setTimer = (_ms: number, run: () => void) => {
    timers.push(run);
    return () => timers.pop();
  };
  const env = { nowMs: () => 0, monotonicMs: () => 0, random: () => 0, uuid: () => '', log: silentLog, setTimer };
  const stop = startRenewal(env, [
    async () => {
      looks.push('first');
      throw new Error('disk full');
    },
    async () => looks.push('second'),
  ]);
  timers.shift()?.();
  expect(looks).toEqual(['first', 'second', 'first', 'second']);
  stop();
  expect(timers).toEqual([]);
});
