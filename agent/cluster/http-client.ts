/** @module The HTTP driver of the client port: one member's API server behind a breaker. */
import type { Collection, KubeClient, WatchEvent } from '../../shared/kube/client/port.ts';
import { isStatus } from '../../shared/kube/status-error.ts';
import { type ClusterAccess, isAnonymous } from './access.ts';
import { asList, asObject, asWatchEvent, checkAdmitted, checkReady, parseJson, refusalOf } from './answer.ts';
import { type BreakerOptions, createBreaker } from './breaker.ts';
import { collectionPath, objectPath, type Query, queryText, selectorQuery } from './paths.ts';
import { createTransport, type HttpRequest, type Transport } from './transport.ts';

/** Whether the member's API server answers. */
export type ApiHealth = { readonly reachable: true } | { readonly reachable: false; readonly reason: string; readonly message: string };

/** The client port and what the agent needs beside objects. */
export interface MemberApi extends KubeClient {
  /** For people and logs. */
  readonly server: string;
  /** Where address and credentials come from, for messages. */
  readonly source?: string;
  /** GET of any path as JSON; rejects as the other methods do. */
  raw(path: string, accept?: string): Promise<unknown>;
  /** One cheap request outside the breaker: rejects when the server does not answer in time, is not ready, or does not know who asks. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** How long an answer may take, and how long it may be. */
export type AnswerLimits = { readonly timeoutMs: number; readonly bytesMax: number };

/** What other servers answer through the API server. */
export interface ProxyApi {
  /**
   * The text at a path of a node's or a pod's proxy; rejects as the other methods do. Outside the breaker: a kubelet that does not answer
   * says nothing of the API server.
   */
  proxied(path: string, limits: AnswerLimits): Promise<string>;
}

/** Settings of {@link httpClient}. */
export type HttpClientOptions = {
  readonly userAgent?: string;
  readonly callTimeoutMs?: number;
  readonly probeTimeoutMs?: number;
  /** A watch that says nothing for so long is cut; API servers send bookmarks about each minute. */
  readonly watchSilenceMs?: number;
  readonly breaker?: BreakerOptions;
  /** For tests: another way to reach the server. */
  readonly transport?: Transport;
};

const CALL_TIMEOUT_MS = 15_000;
const PROBE_TIMEOUT_MS = 3_000;
const WATCH_SILENCE_MS = 90_000;
/** Of an answer about its health; where it is another server's page, so much of it is read at most. */
const READY_BYTES_MAX = 1 << 20;

/** A client of the API server that `access` names. */
export const httpClient = (access: ClusterAccess, options: HttpClientOptions = {}): MemberApi & ProxyApi => {
  const timeoutMs = options.callTimeoutMs ?? CALL_TIMEOUT_MS;
  // A busy server may take as long over a handshake as over an answer: cutting handshakes earlier only makes it begin them anew.
  const transport =
    options.transport ?? createTransport(access, { userAgent: options.userAgent ?? 'hanse-agent', connectTimeoutMs: timeoutMs });
  const breaker = createBreaker(access.server, options.breaker);

  const ask = (request: Omit<HttpRequest, 'timeoutMs'>): Promise<unknown> =>
    breaker.fire(async () => {
      const answer = await transport.request({ timeoutMs, ...request });
      if (answer.code >= 300) throw refusalOf(answer.code, answer.text);
      return parseJson(answer.text, `the answer to ${request.method} ${request.path}`);
    });

  const write = async (method: HttpRequest['method'], path: string, query: Query, body: unknown, contentType = 'application/json') =>
    asObject(
      await ask({ method, path: `${path}${queryText(query)}`, contentType, body: JSON.stringify(body) }),
      `the answer to ${method} ${path}`,
    );

  const watchLines = async (path: string, signal: AbortSignal) =>
    breaker.fire(async () => {
      const stream = await transport.stream({
        method: 'GET',
        path,
        timeoutMs,
        silenceMs: options.watchSilenceMs ?? WATCH_SILENCE_MS,
        signal,
      });
      if (stream.code >= 300) throw refusalOf(stream.code, stream.text);
      return stream.lines;
    });

  const watch = async function* (collection: Collection, watchOptions: Parameters<KubeClient['watch']>[1]): AsyncGenerator<WatchEvent> {
    const { signal, sendInitialEvents, ...rest } = watchOptions;
    const initial = sendInitialEvents === undefined ? {} : { sendInitialEvents, resourceVersionMatch: 'NotOlderThan' };
    const query = queryText({ ...selectorQuery(collection), ...rest, ...initial, watch: true });
    for await (const line of await watchLines(`${collectionPath(collection)}${query}`, signal)) {
      if (signal.aborted) return;
      const event = asWatchEvent(line);
      yield event;
      if (event.type === 'ERROR') return;
    }
  };

  return {
    server: access.server,
    source: access.source,
    get: async (address) => {
      try {
        const path = objectPath(address);
        return asObject(await ask({ method: 'GET', path }), `the answer to GET ${path}`);
      } catch (error) {
        if (isStatus(error, 'NotFound') && error.status.details?.name === address.name) return undefined;
        throw error;
      }
    },
    list: async (collection, page = {}) => {
      const path = `${collectionPath(collection)}${queryText({ ...selectorQuery(collection), ...page })}`;
      return asList(await ask({ method: 'GET', path }), `the answer to GET ${path}`);
    },
    create: (type, object, write_ = {}) => {
      // A subresource is created on the object it belongs to: the binding of a pod.
      const path =
        write_.subresource === undefined
          ? collectionPath({ ...type, namespace: object.metadata.namespace })
          : objectPath(addressOf(type, object), write_.subresource);
      return write('POST', path, writeQuery(write_), object);
    },
    update: (type, object, write_ = {}) =>
      write('PUT', objectPath(addressOf(type, object), write_.subresource), writeQuery(write_), object),
    patch: (address, patchType, body, write_ = {}) =>
      write('PATCH', objectPath(address, write_.subresource), { ...writeQuery(write_), force: write_.force }, body, patchType),
    delete: async (address, { dryRun, ...deletion } = {}) => {
      // With a body the server looks for `dryRun` there and not in the query.
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...deletion, ...(dryRun === true ? { dryRun: ['All'] } : {}) };
      await ask({ method: 'DELETE', path: objectPath(address), contentType: 'application/json', body: JSON.stringify(body) });
    },
    watch,
    raw: (path, accept) => ask({ method: 'GET', path, ...(accept === undefined ? {} : { accept }) }),
    probe: async () => {
      const timeoutMs = options.probeTimeoutMs ?? PROBE_TIMEOUT_MS;
      const look = (path: string) => transport.request({ method: 'GET', path, timeoutMs, bytesMax: READY_BYTES_MAX });
      const { code, text } = await look('/readyz');
      checkReady(code, text);
      if (isAnonymous(await access.credentials())) checkAdmitted((await look('/api')).code);
    },
    proxied: async (path, limits) => {
      const answer = await transport.request({ method: 'GET', path, accept: '*/*', ...limits });
      if (answer.code >= 300) throw refusalOf(answer.code, answer.text);
      return answer.text;
    },
    close: async () => {
      breaker.close();
      await transport.close();
    },
  };
};

const writeQuery = (options: { fieldManager?: string; dryRun?: boolean }): Query => ({
  fieldManager: options.fieldManager,
  dryRun: options.dryRun === true ? 'All' : undefined,
});

const addressOf = (
  type: { group: string; version: string; resource: string },
  object: { metadata: { name: string; namespace?: string } },
) => ({
  ...type,
  name: object.metadata.name,
  ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
});
