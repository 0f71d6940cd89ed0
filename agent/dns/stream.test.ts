/** @module One connection over a real socket: a client that asks and does not read. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { nodeTimer } from '../../shared/node/index.ts';
import { serveStream } from './stream.ts';

let server: Server;
afterEach(() => {
  server.close();
});

test('of a client that does not read no more is read than one answer cannot be sent of, and what it asked is answered when it does', async () => {
  let answered = 0;
  const served = Promise.withResolvers<Socket>();
  server = createServer((socket) => {
    served.resolve(socket);
    const reply = (query: Buffer): Buffer => {
      answered += 1;
      return Buffer.alloc(1_200, query);
    };
    serveStream(socket, { setTimer: nodeTimer, reply, waitMs: () => 0, onData: () => undefined, onAbsurd: () => undefined });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const asked = 12_000;
  const query = Buffer.from([0, 2, 7, 7]);
  client.write(Buffer.concat(Array.from({ length: asked }, () => query)));
  const socket = await served.promise;
  await expect.poll(() => socket.writableNeedDrain && socket.isPaused()).toBe(true);
  expect(answered).toBeLessThan(asked);
  expect(socket.writableLength).toBeLessThan(socket.writableHighWaterMark + 1_202);
  let received = 0;
  client.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  await expect.poll(() => received, { timeout: 10_000 }).toBe(asked * 1_202);
  client.destroy();
});
