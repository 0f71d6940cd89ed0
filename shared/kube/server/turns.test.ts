/** @module Writers of one key take turns. */
import { expect, it } from 'vitest';
import { testServer } from './testing/test-server.ts';
import { createTurns } from './turns.ts';

it('goes in order of arrival, whatever the one before came to, and other keys do not wait', async () => {
  const turns = createTurns(10);
  const log: string[] = [];
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const first = turns.take('a', async () => {
    await gate;
    log.push('first');
    throw new Error('fails');
  });
  const second = turns.take('a', async () => log.push('second'));
  await turns.take('b', async () => log.push('other'));
  open();
  await expect(first).rejects.toThrow('fails');
  await second;
  expect(log).toEqual(['other', 'first', 'second']);
});

it('has a limit of writers that wait for one key', async () => {
  const turns = createTurns(1);
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const first = turns.take('a', () => gate);
  expect(turns.take('a', () => gate)).toBeUndefined();
  open();
  await first;
  expect(turns.take('a', () => gate)).toBeDefined();
});

it('a hundred patches of one object at once all succeed, each in one attempt', async () => {
  const server = await testServer({ limits: { writeAttemptsMax: 1 } });
  await server.json('POST', '/api/v1/namespaces/shop/configmaps', { metadata: { name: 'a' } });
  const path = '/api/v1/namespaces/shop/configmaps/a';
  const type = { 'Content-Type': 'application/merge-patch+json' };
  const codes = await Promise.all(
    Array.from({ length: 100 }, async (_, n) => (await server.json('PATCH', path, { data: { [`k${n}`]: 'x' } }, type)).code),
  );
  expect(new Set(codes)).toEqual(new Set([200]));
  expect(Object.keys((await server.json('GET', path)).body.data as object)).toHaveLength(100);
  await server.close();
});
