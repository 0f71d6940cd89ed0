/** @module The rules of ports. */
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePorts } from './ports.ts';

test('ports are distinct, below the ephemeral range, and never given twice', async () => {
  const [first, second] = await Promise.all([freePorts(20), freePorts(20)]);
  const all = [...first, ...second];
  expect(new Set(all).size).toBe(40);
  expect(Math.max(...all)).toBeLessThan(32_768);
});

test('a port that was given can be listened on', async () => {
  const [port] = await freePorts(1);
  const server = createServer();
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', done);
  });
  await new Promise((done) => server.close(done));
});
