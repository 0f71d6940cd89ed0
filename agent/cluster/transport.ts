/** @module HTTP to one API server on undici: keep-alive, deadlines, size limits, and a stream of lines; nothing here can hang or grow without bound. */
import { Pool } from 'undici';
import { messageOf } from '../../shared/lib/message-of.ts';
import type { ClusterAccess, Credentials } from './access.ts';
import { ApiError } from './api-error.ts';
import { createLineSplitter, LineTooLongError } from './lines.ts';

/** One request; `path` begins with a slash and carries the query. */
export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: string;
  /** From the first byte sent to the last byte read. */
  readonly timeoutMs: number;
  /** A longer answer is cut off; default {@link ANSWER_BYTES_MAX}. */
  readonly bytesMax?: number;
};

/** An answer, read whole. */
export type HttpAnswer = { readonly code: number; readonly headers: Readonly<Record<string, string>>; readonly text: string };

/** An answer whose body is lines that come as time goes on; `code` ≥ 400 comes with the whole body as `text` instead. */
export type HttpStream = { readonly code: number; readonly text: string; readonly lines: AsyncIterable<string> };

/** Rejects with an ApiError when there is no usable answer; every HTTP code is an answer. */
export interface Transport {
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** `timeoutMs` bounds the wait for the answer's head only; `silenceMs` bounds each wait for more of the body. */
  stream(request: HttpRequest & { readonly silenceMs: number; readonly signal: AbortSignal }): Promise<HttpStream>;
  close(): Promise<void>;
}

/** Connections for short calls; further calls wait for one, within their deadline. */
const CALL_CONNECTIONS_MAX = 16;
/** Connections for watches: one each. */
const WATCH_CONNECTIONS_MAX = 128;
const ANSWER_BYTES_MAX = 32 << 20;
/** A Kubernetes object is at most 3 MiB on the wire of an API server. */
const LINE_BYTES_MAX = 8 << 20;
const REFUSAL_BYTES_MAX = 1 << 20;
const KEEP_ALIVE_MS = 30_000;

type Pools = { readonly calls: Pool; readonly watches: Pool; readonly certificate: string };

/** Who the transport says it is, and how long a connection and its TLS handshake may take. */
export type TransportOptions = { readonly userAgent: string; readonly connectTimeoutMs: number };

/** A transport for one server. The pools are rebuilt when the client certificate changes. */
export const createTransport = (access: ClusterAccess, { userAgent, connectTimeoutMs }: TransportOptions): Transport => {
  const url = new URL(access.server);
  const prefix = url.pathname.replace(/\/+$/, '');
  let pools: Pools | undefined;

  const poolsFor = (credentials: Credentials): Pools => {
    const certificate = `${credentials.cert ?? ''}${credentials.key ?? ''}`;
    if (pools?.certificate === certificate) return pools;
    const old = pools;
    pools = {
      calls: new Pool(url.origin, poolOptions(access, credentials, CALL_CONNECTIONS_MAX, connectTimeoutMs)),
      watches: new Pool(url.origin, poolOptions(access, credentials, WATCH_CONNECTIONS_MAX, connectTimeoutMs)),
      certificate,
    };
    if (old !== undefined) void Promise.allSettled([old.calls.close(), old.watches.destroy()]);
    return pools;
  };

  const headersOf = (request: HttpRequest, credentials: Credentials): Record<string, string> => ({
    accept: request.accept ?? 'application/json',
    'user-agent': userAgent,
    ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
    ...authorization(credentials),
  });

  const open = async (request: HttpRequest, which: 'calls' | 'watches', signal: AbortSignal, bodyTimeout: number) => {
    const credentials = await access.credentials();
    const pool = poolsFor(credentials)[which];
    const asked = pool.request({
      method: request.method,
      path: `${prefix}${request.path}`,
      headers: headersOf(request, credentials),
      ...(request.body === undefined ? {} : { body: request.body }),
      signal,
      headersTimeout: request.timeoutMs,
      bodyTimeout,
    });
    const answer = await orAborted(asked, signal);
    if (answer.statusCode === 401) access.refused();
    return answer;
  };

  return {
    request: async (request) => {
      const deadline = AbortSignal.timeout(request.timeoutMs);
      try {
        const answer = await open(request, 'calls', deadline, request.timeoutMs);
        const text = await readText(answer.body, request.bytesMax ?? ANSWER_BYTES_MAX);
        return { code: answer.statusCode, headers: flat(answer.headers), text };
      } catch (error) {
        throw asApiError(error, access, { timeoutMs: request.timeoutMs, connectTimeoutMs }, deadline.aborted);
      }
    },
    stream: async (request) => {
      const head = new AbortController();
      const timer = setTimeout(() => head.abort(), request.timeoutMs);
      try {
        const answer = await open(request, 'watches', AbortSignal.any([request.signal, head.signal]), request.silenceMs);
        if (answer.statusCode < 400) return { code: answer.statusCode, text: '', lines: linesOf(answer.body, access, request.silenceMs) };
        return { code: answer.statusCode, text: await readText(answer.body, REFUSAL_BYTES_MAX), lines: noLines() };
      } catch (error) {
        throw asApiError(error, access, { timeoutMs: request.timeoutMs, connectTimeoutMs }, head.signal.aborted);
      } finally {
        clearTimeout(timer);
      }
    },
    close: async () => {
      await Promise.allSettled([pools?.calls.destroy(), pools?.watches.destroy()]);
      pools = undefined;
    },
  };
};

/** undici heeds a signal only from when the request has a connection: what waits for one would not end at its deadline. */
const orAborted = <T>(asked: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    asked.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });

const poolOptions = (access: ClusterAccess, credentials: Credentials, connections: number, connectTimeoutMs: number): Pool.Options => ({
  connections,
  pipelining: 1,
  allowH2: false,
  keepAliveTimeout: KEEP_ALIVE_MS,
  keepAliveMaxTimeout: KEEP_ALIVE_MS,
  connect: {
    timeout: connectTimeoutMs,
    keepAlive: true,
    rejectUnauthorized: !access.skipTlsVerify,
    ...(access.ca === undefined ? {} : { ca: access.ca }),
    ...(access.serverName === undefined ? {} : { servername: access.serverName }),
    ...(credentials.cert === undefined ? {} : { cert: credentials.cert }),
    ...(credentials.key === undefined ? {} : { key: credentials.key }),
  },
});

const authorization = (credentials: Credentials): Record<string, string> => {
  if (credentials.bearer !== undefined) return { authorization: `Bearer ${credentials.bearer}` };
  if (credentials.basic === undefined) return {};
  const { username, password } = credentials.basic;
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
};

const flat = (headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]));

/** A body as text. @throws ApiError `TooLarge` beyond `bytesMax` */
export const readText = async (body: AsyncIterable<Uint8Array> & { destroy: () => unknown }, bytesMax: number): Promise<string> => {
  // Decoded as it comes: chunks that are kept until the end outlive the young generation, and their memory is then given back late.
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) {
      body.destroy();
      throw new ApiError('TooLarge', `the answer is larger than ${bytesMax >> 20} MiB`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
};

const linesOf = async function* (
  body: AsyncIterable<Uint8Array> & { destroy: () => unknown },
  access: ClusterAccess,
  silenceMs: number,
): AsyncGenerator<string> {
  const split = createLineSplitter(LINE_BYTES_MAX);
  try {
    for await (const chunk of body) yield* split(chunk);
  } catch (error) {
    throw asApiError(error, access, { timeoutMs: silenceMs, connectTimeoutMs: silenceMs }, false);
  } finally {
    body.destroy();
  }
};

const noLines = async function* (): AsyncGenerator<string> {};

const tlsCodes = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_GET_ISSUER_CERT',
  'CERT_HAS_EXPIRED',
  'CERT_SIGNATURE_FAILURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

type Limits = { readonly timeoutMs: number; readonly connectTimeoutMs: number };

const asApiError = (error: unknown, access: ClusterAccess, { timeoutMs, connectTimeoutMs }: Limits, timedOut: boolean): ApiError => {
  if (error instanceof ApiError) return error;
  if (error instanceof LineTooLongError) return new ApiError('TooLarge', error.message, { cause: error });
  const code = (error as { code?: unknown } | null)?.code;
  const message = messageOf(error);
  if (!timedOut && code === 'UND_ERR_CONNECT_TIMEOUT') {
    return new ApiError('Timeout', `no connection to the API server ${access.server} within ${connectTimeoutMs} ms`, { cause: error });
  }
  if (timedOut || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new ApiError('Timeout', `the API server ${access.server} did not answer within ${timeoutMs} ms`, { cause: error });
  }
  if (typeof code === 'string' && tlsCodes.has(code)) {
    const mend = `check certificate-authority-data in ${access.source}`;
    return new ApiError('WrongCA', `the certificate of ${access.server} is not trusted (${code}): ${mend}`, { cause: error });
  }
  if (error instanceof Error && error.name === 'HTTPParserError') {
    return new ApiError('Nonsense', `${access.server} does not speak HTTP (${message})`, { cause: error });
  }
  return new ApiError('Unreachable', `the API server ${access.server} is not reachable: ${message}`, { cause: error });
};
