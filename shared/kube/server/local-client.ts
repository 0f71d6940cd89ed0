/** @module The client port within one process: the same pipeline as over HTTP, without text in between. */
import type {
  Collection,
  DeleteOptions,
  KubeClient,
  ObjectAddress,
  ObjectList,
  PatchType,
  WatchEvent,
  WriteOptions,
} from '../client/port.ts';
import { apiVersionOf, type GroupVersionResource, type KubeObject } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import { isStatus } from '../status-error.ts';
import { type Body, type Call, EMPTY_BODY, fromStorage } from './call.ts';
import type { ServerContext } from './context.ts';
import { dispatch } from './dispatch.ts';
import { noSuchResource } from './errors.ts';
import type { UserInfo } from './options.ts';
import type { Result } from './result.ts';
import type { WatchedEvent } from './watch.ts';

/** Who a client in this process is. The user is not asked for permission: code of this process is trusted. */
export type LocalClientOptions = { readonly user: UserInfo; readonly userAgent: string };

/** A client that calls the verbs directly. Answers are the stored objects themselves: copy before changing. */
export const localClient = (server: ServerContext, options: LocalClientOptions): KubeClient => {
  const callOf = (target: GroupVersionResource & { namespace?: string; name?: string; subresource?: string }, query: Query): Call => {
    const type = server.registry.get(target.group, target.version, target.resource);
    if (type === undefined) throw noSuchResource();
    return {
      ...options,
      type,
      namespace: target.namespace ?? '',
      name: target.name ?? '',
      subresource: target.subresource ?? '',
      query: queryOf(query),
      warn: (text) => server.env.log.debug('warning for a local client', { text, resource: type.resource }),
    };
  };
  return {
    get: async (address) => {
      const call = callOf(address, {});
      try {
        return objectOf(await dispatch(server, 'get', call));
      } catch (error) {
        if (isStatus(error, 'NotFound')) return undefined;
        throw error;
      }
    },
    list: async (collection, page = {}) =>
      listOf(await dispatch(server, 'list', callOf(collection, { ...selectorsOf(collection), ...page }))),
    create: async (type, object, write = {}) => {
      // A subresource is created on the object it belongs to: the binding of a pod.
      const named = write.subresource === undefined ? {} : { name: object.metadata.name };
      const call = callOf({ ...type, ...placeOf(object), ...subresourceOf(write), ...named }, writeQueryOf(write));
      return objectOf(await dispatch(server, 'create', call, valueBody(object)));
    },
    update: async (type, object, write = {}) => {
      const call = callOf({ ...type, ...placeOf(object), ...subresourceOf(write), name: object.metadata.name }, writeQueryOf(write));
      return objectOf(await dispatch(server, 'update', call, valueBody(object)));
    },
    patch: async (address: ObjectAddress, patchType: PatchType, body, write = {}) => {
      const force = write.force === undefined ? {} : { force: String(write.force) };
      const call = callOf({ ...address, ...subresourceOf(write) }, { ...writeQueryOf(write), ...force });
      return objectOf(await dispatch(server, 'patch', call, { kind: 'value', contentType: patchType, value: body }));
    },
    delete: async (address, how = {}) => {
      await dispatch(server, 'delete', callOf(address, {}), deleteBody(how));
    },
    watch: (collection, how) => watchOf(server, () => callOf(collection, { ...selectorsOf(collection), ...watchQueryOf(how) }), how.signal),
  };
};

type Query = Readonly<Record<string, string | number | undefined>>;

const queryOf = (query: Query): URLSearchParams =>
  new URLSearchParams(Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));

const selectorsOf = ({ labelSelector, fieldSelector }: Collection): Query => ({ labelSelector, fieldSelector });

const writeQueryOf = ({ fieldManager, dryRun }: WriteOptions): Query => ({
  fieldManager,
  dryRun: dryRun === true ? 'All' : undefined,
  fieldValidation: 'Warn',
});

const watchQueryOf = (how: Parameters<KubeClient['watch']>[1]): Query => ({
  resourceVersion: how.resourceVersion,
  allowWatchBookmarks: how.allowWatchBookmarks === true ? 'true' : undefined,
  timeoutSeconds: how.timeoutSeconds,
  ...(how.sendInitialEvents === true ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' } : {}),
});

const placeOf = (object: KubeObject): { namespace?: string } =>
  object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace };

const subresourceOf = ({ subresource }: WriteOptions): { subresource?: string } => (subresource === undefined ? {} : { subresource });

const valueBody = (value: unknown): Body => ({ kind: 'value', contentType: 'application/json', value });

const deleteBody = ({ dryRun, ...options }: DeleteOptions): Body =>
  Object.keys(options).length === 0 && dryRun !== true
    ? EMPTY_BODY
    : valueBody({ ...options, ...(dryRun === true ? { dryRun: ['All'] } : {}) });

const objectOf = (result: Result): KubeObject => {
  if (result.kind === 'object') return result.object;
  if (result.kind === 'status') return { ...result.status, metadata: { name: '' } };
  throw noSuchResource();
};

const listOf = (result: Result): ObjectList => {
  if (result.kind !== 'list') throw noSuchResource();
  const { items, metadata, type } = result;
  return {
    items: items.map((stored) => fromStorage(type, stored.object)),
    resourceVersion: metadata.resourceVersion,
    ...(metadata.continue === undefined ? {} : { continue: metadata.continue }),
  };
};

const watchOf = async function* (server: ServerContext, callOf: () => Call, signal: AbortSignal): AsyncGenerator<WatchEvent> {
  const call = callOf();
  const result = await dispatch(server, 'watch', call);
  if (result.kind !== 'watch' || signal.aborted) return;
  const queue: WatchEvent[] = [];
  let ended = false;
  let overflowed = false;
  let wake = (): void => undefined;
  const stop = result.watch.start(
    (event) => {
      if (queue.length >= server.limits.watchQueueMax) return false;
      queue.push(eventOf(call.type, event));
      wake();
      return true;
    },
    (why) => {
      ended = true;
      overflowed = why === 'overflow';
      wake();
    },
  );
  const abort = (): void => {
    ended = true;
    queue.length = 0;
    wake();
  };
  signal.addEventListener('abort', abort);
  try {
    for (;;) {
      const next = queue.shift();
      if (next !== undefined) yield next;
      else if (overflowed) throw new Error(`the watch of ${call.type.resource} was cut off: its reader is too slow`);
      else if (ended) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    signal.removeEventListener('abort', abort);
    stop();
  }
};

const eventOf = (type: ResourceType, event: WatchedEvent): WatchEvent => {
  switch (event.type) {
    case 'ERROR':
      return { type: 'ERROR', object: { ...event.status, metadata: { name: '' } } };
    case 'BOOKMARK': {
      const annotations = event.initialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
      const metadata = { name: '', resourceVersion: String(event.revision), ...annotations };
      return { type: 'BOOKMARK', object: { apiVersion: apiVersionOf(type.group, type.version), kind: type.kind, metadata } };
    }
    default:
      return { type: event.type, object: fromStorage(type, event.stored.object) };
  }
};
