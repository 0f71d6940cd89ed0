/** @module A look at an address that only shows that somebody is there. */
import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { observe } from './look.ts';

let server: Server | undefined;
afterEach(() => new Promise<void>((closed) => (server === undefined ? closed() : server.close(() => closed()))));

test('the first look at a TCP address, and one in twenty after it, also asks a port without a service', async () => {
  const listening = createServer((socket) => socket.end());
  server = listening;
  await new Promise<void>((ready) => listening.listen(0, '127.0.0.1', ready));
  const bound = listening.address();
  const address = { role: 'APIServer', url: `tcp://127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}` } as const;
  const asked = await Promise.all([1, 2, 20, 21].map((count) => observe(address, 2_000, count)));
  expect(asked.map(({ isAnswered, isWild }) => [isAnswered, isWild])).toEqual([
    [true, false],
    [true, undefined],
    [true, undefined],
    [true, false],
  ]);
});

test('what does not answer is not asked further', async () => {
  expect(await observe({ role: 'APIServer', url: 'tcp://127.0.0.1:9' }, 2_000, 1)).toMatchObject({ isAnswered: false, isWild: undefined });
});
