/** @module The door that agents knock at: who guesses is slowed down, who has a token is not. */
import { expect, test } from 'vitest';
import type { JoinRequest } from '../../../shared/wire/messages.ts';
import { testEnv } from '../testing/broker.ts';
import { joinApp } from './join-app.ts';

const request: JoinRequest = {
  ...{ v: 1, token: '', name: 'eu', labels: {}, kubernetesVersion: '', nowMs: 1 },
  ...{ publicKey: `U${'A'.repeat(55)}`, sealingKey: `${'A'.repeat(43)}=`, proof: `${'A'.repeat(86)}==` },
};

const door = () =>
  joinApp({
    env: { ...testEnv, monotonicMs: () => 0 },
    addressOf: (env) => (env as { from?: string }).from ?? '',
    office: async ({ token }) =>
      token === 'good'
        ? { v: 1, state: 'Pending', message: 'wait', retryAfterMs: 1 }
        : { v: 1, state: 'Refused', reason: token === 'late' ? 'TokenExpired' : 'TokenUnknown', message: 'no' },
  });

const knock = async (app: ReturnType<typeof door>, token: string, from: string): Promise<number> =>
  (
    await app.request(
      '/',
      { method: 'POST', body: JSON.stringify({ ...request, token }), headers: { 'content-type': 'application/json' } },
      { from },
    )
  ).status;

test('who guesses from an address is told to wait, and a valid token from that address gets in all the same', async () => {
  const app = door();
  for (let at = 0; at < 10; at++) expect(await knock(app, 'guess', 'a')).toBe(401);
  expect(await knock(app, 'guess', 'a')).toBe(429);
  expect(await knock(app, 'good', 'a')).toBe(202);
  expect(await knock(app, 'late', 'a')).toBe(403);
  expect(await knock(app, 'guess', 'b')).toBe(401);
});

test('guesses from everywhere lock no valid token out', async () => {
  const app = door();
  for (let at = 0; at < 200; at++) await knock(app, 'guess', `host-${at}`);
  expect(await knock(app, 'guess', 'another')).toBe(429);
  expect(await knock(app, 'good', 'another')).toBe(202);
});
