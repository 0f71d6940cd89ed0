/** @module What HTTP/1.1 clients that send everything before they read get to see. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../shared/kube/server/testing/test-server.ts';
import { silentLog } from '../../shared/lib/index.ts';
import { openAuthority } from './certificates.ts';
import { type Served, serve } from './serve.ts';

let server: Served;
let api: TestServer;
let ca: string;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hanse-http1-'));
  const authority = await openAuthority({ directory, commonName: 'test', nowMs: Date.now });
  ca = authority.certificatePem;
  const names = { commonName: 'localhost', dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
  const certificate = await authority.issue('server', 'server', names);
  // Answers at once and reads no body, as an API server does that refuses a request.
  const refuse = (request: Request) => Response.json({ urlLength: request.url.length, code: 413 }, { status: 413 });
  const fetch = (request: Request) => (request.url.includes('/api/') ? api.api.app.fetch(request, {}) : refuse(request));
  api = await testServer();
  server = await serve({ fetch, ...certificate, log: silentLog });
});
afterAll(async () => {
  await server.close(0);
  await api.close();
  rmSync(directory, { recursive: true });
});

/** Sends all of a request, and only then reads the answer. */
const sendThenRead = (...parts: readonly (string | Uint8Array)[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port: server.port, host: '127.0.0.1', ca }, () => {
      for (const part of parts.slice(0, -1)) socket.write(part);
      socket.write(parts.at(-1) ?? '', (error) => {
        if (error !== undefined && error !== null) reject(error);
        const chunks: Buffer[] = [];
        socket.on('data', (chunk: Buffer) => chunks.push(chunk));
        socket.on('end', () => resolve(Buffer.concat(chunks).toString()));
      });
    });
    socket.on('error', reject);
  });

const head = (path: string, ...lines: readonly string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: hub', 'Connection: close', ...lines, '', ''].join('\r\n');
const statusOf = (answer: string): unknown => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));

it.each([0, 1, 5, 20])('an answer that is ready before a body of %d MiB has come is read whole', async (mebibytes) => {
  const body = new Uint8Array(mebibytes * 1024 * 1024);
  expect(statusOf(await sendThenRead(head('/', `Content-Length: ${body.length}`), body))).toMatchObject({ code: 413 });
});

it('a body that does not say how long it is, and is too long, is refused by an answer that can be read', async () => {
  const limit = 3 * 1024 * 1024;
  const piece = `10000\r\n${' '.repeat(65_536)}\r\n`;
  const path = '/api/v1/namespaces/shop/configmaps';
  const request = head(path, 'Content-Type: application/json', 'Transfer-Encoding: chunked');
  const answer = await sendThenRead(request, piece.repeat(200), '0\r\n\r\n');
  expect(answer).toContain(`Request entity too large: limit is ${limit}`);
});

it('a request line and headers may have a megabyte, as at a kube-apiserver', async () => {
  const long = 'a'.repeat(500_000);
  const answer = statusOf(await sendThenRead(head(`/?x=${long}`, `X-Long: ${long}`, 'Content-Length: 0')));
  expect(answer).toMatchObject({ urlLength: expect.any(Number) });
});

it.each([
  [
    'more than a megabyte of headers',
    head('/', `X-Long: ${'a'.repeat(1_100_000)}`),
    431,
    'Request line and headers are too large: limit is 1048576',
  ],
  ['what is no HTTP', 'NONSENSE\r\n\r\n', 400, 'the request is no HTTP that can be read'],
])('%s is refused by a Status', async (_, request, code, message) => {
  const answer = await sendThenRead(request);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${code} `));
  expect(statusOf(answer)).toMatchObject({ kind: 'Status', status: 'Failure', code, message });
});
