/** @module The embedded broker while it runs. */
import { connect } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeTestCertificates, startTestBroker, type TestBroker } from '../testing/broker.ts';

let server: TestBroker;
beforeAll(async () => {
  server = await startTestBroker();
});
afterAll(() => server?.stop());

/** The fingerprint of the certificate that a new connection is shown; nats-server speaks a line of its own before TLS. */
const shownCertificate = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const plain = connect(server.broker.port, '127.0.0.1');
    plain.on('error', reject);
    plain.once('data', () => {
      const socket: TLSSocket = tlsConnect({ socket: plain, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  });

test('a renewed certificate is shown to new connections, and those that are stay', async () => {
  const before = await shownCertificate();
  const agent = await server.connectAs('eu');
  await server.broker.renew(await makeTestCertificates());
  await vi.waitFor(async () => expect(await shownCertificate()).not.toBe(before), 10_000);
  await agent.flush();
  expect(server.broker.restarts()).toBe(0);
  await agent.close();
});
