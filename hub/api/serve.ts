/** @module Serves an API server's app over TLS: HTTP/2 and HTTP/1.1, client certificates handed on, big answers compressed, an end that hangs on nobody. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  constants as http2,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { gzip, constants as zlib } from 'node:zlib';
import { getRequestListener } from '@hono/node-server';
import type { Peer } from '../../shared/kube/server/index.ts';
import type { Log } from '../../shared/lib/index.ts';
import { listenFault } from '../../shared/node/index.ts';
import { dotSegmentRefusal } from './dot-segments.ts';
import { http1Options, refuseUnreadable, unreadBodyOver } from './http1.ts';

/** What {@link serve} takes. */
export type ServeOptions = {
  /** Hono's `app.fetch`, or any function of its shape. */
  readonly fetch: (request: Request, peer: Peer) => Response | Promise<Response>;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** CAs whose client certificates are believed; others are treated as no certificate. */
  readonly clientCaPem?: readonly string[];
  /** Default: loopback. */
  readonly hostname?: string;
  /** 0 (default) = a free one. */
  readonly port?: number;
  readonly log: Log;
};

/** A server that listens. */
export type Served = {
  readonly port: number;
  /** `https://HOST:PORT`, with the address it listens on. */
  readonly url: string;
  /** Takes a new server certificate for connections to come. */
  readonly renew: (pair: { readonly certificatePem: string; readonly privateKeyPem: string }) => void;
  /** Stops listening, lets requests end for `graceMs`, then breaks off what is left, watches among it. */
  readonly close: (graceMs?: number) => Promise<void>;
};

const CLOSE_GRACE_MS = 1_000;
/** Answers from this size on are compressed (as kube-apiserver does). */
const GZIP_BYTES_MIN = 128 * 1024;
/** Requests at once on one connection; more wait. */
const STREAMS_MAX = 1_000;

const compress = promisify(gzip);

/** Listens. Rejects with a clear message when the port is taken. */
export const serve = async (options: ServeOptions): Promise<Served> => {
  const { hostname = '127.0.0.1', port = 0, log } = options;
  const server = createSecureServer({
    cert: options.certificatePem,
    key: options.privateKeyPem,
    ca: [...(options.clientCaPem ?? [])],
    requestCert: true,
    rejectUnauthorized: false,
    ...http1Options,
    minVersion: 'TLSv1.2',
    settings: { maxConcurrentStreams: STREAMS_MAX },
  });
  const connections = trackConnections(server, log);
  const listener = getRequestListener(async (request, bindings) => {
    const { incoming, outgoing } = bindings as Bindings;
    const refusal = dotSegmentRefusal(incoming.url ?? '');
    if (refusal !== undefined) return Response.json(refusal.status, { status: refusal.status.code });
    const response = await options.fetch(request, peerOf(incoming, outgoing));
    if (!('stream' in incoming)) await unreadBodyOver(incoming);
    return compressed(request, withOwnLines(outgoing, response));
  });
  refuseUnreadable(server);
  server.on('request', (incoming: Incoming, outgoing: Outgoing) => void listener(incoming, outgoing));
  const bound = await listen(server, hostname, port);
  // Before, it is the caller's, who says it.
  server.on('error', (error) => log.error('the HTTPS server failed', { error: error.message }));
  return {
    port: bound.port,
    url: `https://${hostname.includes(':') ? `[${hostname}]` : hostname}:${bound.port}`,
    renew: ({ certificatePem, privateKeyPem }) =>
      server.setSecureContext({ cert: certificatePem, key: privateKeyPem, ca: [...(options.clientCaPem ?? [])] }),
    close: (graceMs = CLOSE_GRACE_MS) => closeServer(server, connections, graceMs),
  };
};

type Incoming = IncomingMessage | Http2ServerRequest;
type Outgoing = ServerResponse | Http2ServerResponse;
type Bindings = { readonly incoming: Incoming; readonly outgoing: Outgoing };

const listen = (server: Http2SecureServer, hostname: string, port: number): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenFault(hostname, port, error)));
    server.listen(port, hostname, () => resolve(server.address() as AddressInfo));
  });

type Connections = { readonly sockets: Set<Socket>; readonly sessions: Set<ServerHttp2Session> };

const trackConnections = (server: Http2SecureServer, log: Log): Connections => {
  const connections: Connections = { sockets: new Set(), sessions: new Set() };
  const track = <T extends { once: (event: 'close', run: () => void) => unknown }>(set: Set<T>, member: T): void => {
    set.add(member);
    member.once('close', () => set.delete(member));
  };
  server.on('connection', (socket: Socket) => track(connections.sockets, socket));
  server.on('session', (session: ServerHttp2Session) => track(connections.sessions, session));
  // A client that breaks off is its own business.
  server.on('sessionError', (error) => log.debug('an HTTP/2 connection failed', { error }));
  server.on('tlsClientError', (error) => log.debug('a TLS handshake failed', { error }));
  return connections;
};

const closeServer = async (server: Http2SecureServer, { sockets, sessions }: Connections, graceMs: number): Promise<void> => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const session of sessions) session.close();
  const timer = setTimeout(() => {
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await closed;
  clearTimeout(timer);
};

const peerOf = (incoming: Incoming, outgoing: Outgoing): Peer => {
  const socket = 'stream' in incoming ? incoming.stream.session?.socket : incoming.socket;
  const certificate = socket === undefined ? undefined : certificateOf(socket as TLSSocket);
  return {
    ...(socket?.remoteAddress === undefined ? {} : { remoteAddress: socket.remoteAddress }),
    ...(certificate === undefined ? {} : { certificate }),
    destroy: () => {
      if ('stream' in outgoing) outgoing.stream.close(http2.NGHTTP2_INTERNAL_ERROR);
      else outgoing.socket?.destroy();
    },
  };
};

/** A connection's certificate does not change, and reading it costs more than many a request. */
const certificates = new WeakMap<TLSSocket, { readonly subject: Peer['certificate'] }>();

/** The subject of a client certificate of a CA that is believed. */
const certificateOf = (socket: TLSSocket): Peer['certificate'] => {
  let known = certificates.get(socket);
  if (known === undefined) {
    known = { subject: readCertificate(socket) };
    certificates.set(socket, known);
  }
  return known.subject;
};

const readCertificate = (socket: TLSSocket): Peer['certificate'] => {
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  const commonName = one(subject?.CN);
  if (commonName === undefined) return undefined;
  const organizations: string | string[] | undefined = subject.O;
  return { commonName, organizations: organizations === undefined ? [] : Array.isArray(organizations) ? organizations : [organizations] };
};

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** Each warning gets a header line of its own: fetch joins lines of one name, which people and scripts do not expect. */
const withOwnLines = (outgoing: Outgoing, response: Response): Response => {
  const joined = response.headers.get('Warning');
  if (joined === null) return response;
  response.headers.delete('Warning');
  outgoing.setHeader('Warning', joined.split(/, (?=299 - ")/));
  return response;
};

const compressed = async (request: Request, response: Response): Promise<Response> => {
  if (Number(response.headers.get('Content-Length') ?? '0') < GZIP_BYTES_MIN) return response;
  if (!/\bgzip\b/.test(request.headers.get('Accept-Encoding') ?? '')) return response;
  const body = await compress(new Uint8Array(await response.arrayBuffer()), { level: zlib.Z_BEST_SPEED });
  const headers = new Headers(response.headers);
  headers.set('Content-Encoding', 'gzip');
  headers.append('Vary', 'Accept-Encoding');
  headers.set('Content-Length', String(body.length));
  return new Response(body, { status: response.status, headers });
};
