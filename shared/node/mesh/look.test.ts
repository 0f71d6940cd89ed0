/** @module A look at an address: who is there, and who only seems to be. */
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { observe } from './look.ts';

const within = (ms: number) => ({ openMs: ms, answerMs: ms });

let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  return new Promise<void>((closed) => (server === undefined ? closed() : server.close(() => closed())));
});

/** Listens; answers the port. */
const listen = async (listening: Server): Promise<number> => {
  server = listening;
  listening.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((ready) => listening.listen(0, '127.0.0.1', ready));
  return (listening.address() as AddressInfo).port;
};

const pem = (kind: string, base64: readonly string[]): string => `-----BEGIN ${kind}-----\n${base64.join('\n')}\n-----END ${kind}-----\n`;
/** A certificate that nobody vouches for, and that ended in 1971. */
const worthless = {
  cert: pem('CERTIFICATE', [
    'MIH+MIGmAgEBMAoGCCqGSM49BAMCMAwxCjAIBgNVBAMMAXgwHhcNNzAwMTAyMDAw',
    'MDAwWhcNNzEwMTAxMDAwMDAwWjAMMQowCAYDVQQDDAF4MFkwEwYHKoZIzj0CAQYI',
    'KoZIzj0DAQcDQgAEX8VeqybVgN3D47hj0l3/yh4iRV9KR4VAjeRmP7yCEGW6t+SI',
    'h0B3EgdFanlATpLKy60q1cZmaKlYBwpAEsnWPTAKBggqhkjOPQQDAgNHADBEAiBa',
    'A1YVe7yDXvjLC/o5Vwc3sGG736ecdrPLkf8oHKx4IwIgJg3vEoC9vAeuY02S7U1w',
    'DsWEwWeC/Swu5hys9k+nj7o=',
  ]),
  key: pem('PRIVATE KEY', [
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgN2peYOuu3nQQ830w',
    '64zM9ltyXVBHm1evxwgY4eSamFmhRANCAARfxV6rJtWA3cPjuGPSXf/KHiJFX0pH',
    'hUCN5GY/vIIQZbq35IiHQHcSB0VqeUBOksrLrSrVxmZoqVgHCkASydY9',
  ]),
};

test('the first look at a TCP address, and one in twenty after it, also asks a port without a service', async () => {
  const port = await listen(createServer((socket) => socket.end()));
  const address = { role: 'APIServer', url: `tcp://127.0.0.1:${port}` } as const;
  const asked = await Promise.all([1, 2, 20, 21].map((count) => observe(address, within(2_000), count)));
  expect(asked.map(({ isAnswered, isWild }) => [isAnswered, isWild])).toEqual([
    [true, false],
    [true, undefined],
    [true, undefined],
    [true, false],
  ]);
});

test('what does not answer is not asked further', async () => {
  expect(await observe({ role: 'APIServer', url: 'tcp://127.0.0.1:9' }, within(2_000), 1)).toMatchObject({
    isAnswered: false,
    isWild: undefined,
  });
});

test.each([
  [200, true],
  [401, true],
  [403, true],
  [404, true],
  [429, true],
  [500, true],
  [502, false],
  [503, false],
  [504, false],
])('an API server that says %d is there: %s; what a proxy says for one that is gone is none of its answers', async (status, isAnswered) => {
  const port = await listen(createHttpServer((_, response) => response.writeHead(status).end()));
  expect(await observe({ role: 'APIServer', url: `http://127.0.0.1:${port}/readyz` }, within(2_000), 2)).toMatchObject({ isAnswered });
});

test('an API server is asked over TLS, whatever its certificate is worth', async () => {
  const asked: string[] = [];
  const answering = createHttpsServer(worthless, ({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    response.writeHead(401).end();
  });
  const port = await listen(answering);
  expect(await observe({ role: 'APIServer', url: `https://127.0.0.1:${port}/readyz` }, within(2_000), 2)).toMatchObject({
    isAnswered: true,
  });
  expect(asked).toEqual(['GET /readyz']);
});

test.each([
  ['before the handshake', () => createServer(() => undefined)],
  ['before the answer', () => createHttpsServer(worthless, () => undefined)],
])('a server that hangs takes connections and is not there: %s', async (_, hanging) => {
  const port = await listen(hanging());
  expect(await observe({ role: 'APIServer', url: `https://127.0.0.1:${port}/readyz` }, within(200), 2)).toMatchObject({
    isAnswered: false,
  });
  expect(sockets.size).toBe(1);
});

test('what takes a connection in time may answer later than that, and it is told when it took it', async () => {
  const slow = createHttpServer((_, response) => void setTimeout(() => response.writeHead(200).end(), 300));
  const url = `http://127.0.0.1:${await listen(slow)}/readyz`;
  const { isAnswered, tookMs, openedMs = tookMs } = await observe({ role: 'APIServer', url }, { openMs: 200, answerMs: 5_000 }, 2);
  expect([isAnswered, openedMs < tookMs]).toEqual([true, true]);
});

test('a server that hangs in the middle of its answer is not there', async () => {
  const port = await listen(createServer((socket) => socket.write('HTTP/1.1 200')));
  expect(await observe({ role: 'APIServer', url: `http://127.0.0.1:${port}/readyz` }, within(200), 2)).toMatchObject({ isAnswered: false });
});

test('a look leaves no connection behind, however much the server goes on to say', async () => {
  const endless = createHttpServer((_, response) => {
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  });
  const port = await listen(endless);
  const closed = new Promise<void>((done) => endless.on('connection', (socket: Socket) => socket.on('close', () => done())));
  expect(await observe({ role: 'APIServer', url: `http://127.0.0.1:${port}/readyz` }, within(2_000), 2)).toMatchObject({
    isAnswered: true,
  });
  await closed;
});
