/** @module Rules of the transport about servers that are slow to take a connection. */
import { createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { ClusterAccess } from './access.ts';
import { createTransport } from './transport.ts';

const sockets = new Set<Socket>();
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const close of closers.splice(0)) await close();
});

/** Takes connections and never begins the TLS handshake. */
const silentServer = async (): Promise<ClusterAccess> => {
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  closers.push(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    server: `https://127.0.0.1:${port}`,
    skipTlsVerify: true,
    source: 'a test',
    credentials: async () => ({}),
    refused: () => undefined,
  };
};

const cases = [
  ['a connection that takes too long is told as that, with its own limit', 100, 60_000, /^no connection to .* within 100 ms$/],
  ['a call that waits for a connection ends at its own deadline', 60_000, 100, /^the API server .* did not answer within 100 ms$/],
] as const;

test.each(cases)('%s', async (_rule, connectTimeoutMs, timeoutMs, message) => {
  const access = await silentServer();
  const transport = createTransport(access, { userAgent: 'test', connectTimeoutMs });
  closers.push(() => transport.close());
  const call = transport.request({ method: 'GET', path: '/readyz', timeoutMs });
  await expect(call).rejects.toMatchObject({ code: 'Timeout', message: expect.stringMatching(message) });
});
