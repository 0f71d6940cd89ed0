/** @module Rules of the HTTPS front, over real connections. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '../../shared/kube/server/index.ts';
import { silentLog } from '../../shared/lib/index.ts';
import { type Authority, openAuthority } from './certificates.ts';
import { type Served, type ServeOptions, serve } from './serve.ts';

let directory: string;
let authority: Authority;
const open: Served[] = [];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hanse-serve-'));
  authority = await openAuthority({ directory, commonName: 'test', nowMs: Date.now });
});
afterAll(async () => {
  for (const served of open) await served.close(0);
  rmSync(directory, { recursive: true });
});

const served = async (fetch: ServeOptions['fetch'], more: Partial<ServeOptions> = {}): Promise<Served> => {
  const certificate = await authority.issue('server', 'server', {
    commonName: 'localhost',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
  });
  const server = await serve({ fetch, ...certificate, clientCaPem: [authority.certificatePem], log: silentLog, ...more });
  open.push(server);
  return server;
};

type Answer = { readonly status: number; readonly headers: Record<string, unknown>; readonly body: Buffer; readonly broken: boolean };
type Ask = {
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
};

const overHttp2 = ({ url }: Served, { headers = {}, ...tls }: Ask = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const session = connect(url, { ca: authority.certificatePem, ...tls });
    session.on('error', reject);
    const stream = session.request({ ':path': '/', ...headers });
    const chunks: Buffer[] = [];
    let answer: Record<string, unknown> = {};
    let broken = false;
    stream.on('response', (received) => {
      answer = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => {
      broken = true;
    });
    stream.on('close', () => {
      session.destroy();
      resolve({ status: Number(answer[':status']), headers: answer, body: Buffer.concat(chunks), broken });
    });
  });

const overHttp1 = ({ url }: Served, { path = '/', headers = {}, ...tls }: Ask = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const outgoing = httpsRequest(url, { ca: authority.certificatePem, headers, agent: false, path, ...tls }, (incoming) => {
      const chunks: Buffer[] = [];
      let broken = false;
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', () => {
        broken = true;
      });
      incoming.on('close', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks), broken }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end();
  });

describe.each([
  ['HTTP/2', overHttp2],
  ['HTTP/1.1', overHttp1],
])('serving over %s', (_, ask) => {
  it('tells the app who the client certificate speaks for, and nothing of strangers', async () => {
    const peers: Peer[] = [];
    const server = await served((_request, peer) => {
      peers.push(peer);
      return new Response('ok');
    });
    const client = await authority.issue('ann', 'client', { commonName: 'ann', organizations: ['dev', 'ops'] });
    const stranger = await openAuthority({ directory: join(directory, 'other'), commonName: 'other', nowMs: Date.now });
    const foreign = await stranger.issue('eve', 'client', { commonName: 'eve', organizations: ['system:masters'] });
    await ask(server, { cert: client.certificatePem, key: client.privateKeyPem });
    await ask(server, { cert: foreign.certificatePem, key: foreign.privateKeyPem });
    await ask(server);
    expect(peers.map((peer) => peer.certificate)).toEqual([{ commonName: 'ann', organizations: ['dev', 'ops'] }, undefined, undefined]);
    expect(peers[0]?.remoteAddress).toBe('127.0.0.1');
  });

  it('compresses big answers for those who take it', async () => {
    const text = 'x'.repeat(200_000);
    const server = await served(() => new Response(text, { headers: { 'Content-Length': String(text.length) } }));
    const packed = await ask(server, { headers: { 'accept-encoding': 'gzip' } });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed.body).toString()).toBe(text);
    expect((await ask(server)).body.toString()).toBe(text);
  });

  it('gives each warning a line of its own', async () => {
    const warnings = ['299 - "a, b"', '299 - "c"'];
    const server = await served(() => {
      const response = new Response('ok');
      for (const warning of warnings) response.headers.append('Warning', warning);
      return response;
    });
    const { headers } = await ask(server);
    // Node's HTTP/1.1 client joins the lines again.
    expect([headers['warning']].flat().join(', ')).toBe(warnings.join(', '));
  });

  it('a watch that is cut off breaks, so that nobody takes it for complete', async () => {
    const server = await served((_request, peer) => {
      const body = new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode('one line\n'));
          setTimeout(() => peer.destroy?.(), 50);
        },
      });
      return new Response(body);
    });
    expect((await ask(server)).broken).toBe(true);
  });

  it('closing breaks off watches that would go on for ever', async () => {
    let begun = (): void => undefined;
    const watching = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const server = await served(() => {
      begun();
      return new Response(new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('one line\n')) }));
    });
    const answer = ask(server).catch(() => undefined);
    await watching;
    await server.close(50);
    await answer;
  });
});

describe('listening', () => {
  it('says which port is taken', async () => {
    const server = await served(() => new Response('ok'));
    await expect(served(() => new Response('ok'), { port: server.port })).rejects.toThrow(`port ${server.port} on 127.0.0.1 is taken`);
  });

  it('a name of dots never reaches the app, which would see what stands above it', async () => {
    const seen: string[] = [];
    const server = await served((request) => {
      seen.push(request.url);
      return new Response('ok');
    });
    const answer = await overHttp1(server, { path: '/api/v1/namespaces/yy/configmaps/%2e' });
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 400, message: 'Name parameter invalid: ".": may not be \'.\'' });
    expect(seen).toEqual([]);
  });

  it('uses a renewed certificate for new connections', async () => {
    const server = await served(() => new Response('ok'));
    const other = await openAuthority({ directory: join(directory, 'renewed'), commonName: 'renewed', nowMs: Date.now });
    server.renew(await other.issue('server', 'server', { commonName: 'localhost', ipAddresses: ['127.0.0.1'] }));
    await expect(overHttp1(server)).rejects.toThrow();
    expect((await overHttp2(server, { ca: other.certificatePem })).status).toBe(200);
  });
});
