/** @module A member's API as its agent reaches it: each call takes time, and may be refused, hang, be answered late or be done without an answer. */
import { ApiError, type MemberApi } from '../../../agent/cluster/index.ts';
import type { Collection, KubeClient, WatchEvent } from '../../../shared/kube/client/port.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { StatusError } from '../../../shared/kube/status-error.ts';
import type { Prng } from '../../../shared/lib/prng.ts';
import { drawDelay, type Faults } from '../faults.ts';
import type { Process } from '../process.ts';
import type { World } from '../world.ts';
import { kindAt, kinds, type MemberStore } from './member-store.ts';

/** A member as faults see it. */
export type Member = {
  readonly name: string;
  readonly store: MemberStore;
  /** It serves what a service of many clusters needs. */
  readonly hasExports: boolean;
  /** False: nothing answers. */
  apiUp: boolean;
  /** Ends every open watch; each client notices in its own way. */
  readonly openWatches: Set<() => void>;
};

/** Told of what an agent asks its member to do, when it asks, and of what was applied. */
export type MemberWitness = {
  readonly sending: (verb: 'apply' | 'delete', object: KubeObject) => void;
  readonly applied: (object: KubeObject) => void;
};

/** The deadline of a call, as the HTTP driver has it. */
const callTimeoutMs = 15_000;

const refusals: readonly (() => Error)[] = [
  () => new StatusError(500, 'InternalError', 'an error on the server'),
  () => new StatusError(503, 'ServiceUnavailable', 'the server is currently unable to handle the request'),
  () => new StatusError(429, 'TooManyRequests', 'too many requests, please try again later', { retryAfterSeconds: 1 }),
  () => new StatusError(504, 'Timeout', 'request did not complete within the allotted timeout'),
  () => new ApiError('Nonsense', 'the answer is not JSON'),
];

const discoveryOf = (groups: readonly (readonly [group: string, version: string])[]) => ({
  kind: 'APIGroupDiscoveryList',
  items: groups.map(([group, version]) => ({
    metadata: { name: group },
    versions: [
      {
        version,
        freshness: 'Current',
        resources: kinds
          .filter((kind) => kind.group === group)
          .map(({ resource, kind, namespaced }) => ({
            resource,
            responseKind: { group, version, kind },
            scope: namespaced ? 'Namespaced' : 'Cluster',
            verbs: ['list', 'watch'],
          })),
      },
    ],
  })),
});

const usual = [
  ['', 'v1'],
  ['apps', 'v1'],
] as const;
const forExports = [
  ['discovery.k8s.io', 'v1'],
  ['multicluster.x-k8s.io', 'v1beta1'],
] as const;
const discovery = discoveryOf(usual);
const wideDiscovery = discoveryOf([...usual, ...forExports]);

/** The client of one incarnation of an agent. */
export const createMemberApi = (
  world: World,
  process: Process,
  member: Member,
  random: Prng,
  faults: () => Faults,
  witness: MemberWitness,
): MemberApi => {
  const { store, name } = member;
  const call = <T>(what: string, isWrite: boolean, run: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const { call: delay, refusePercent, hangPercent, conflictPercent } = faults();
      const cancel = process.after(callTimeoutMs, `${what} timed out`, () => reject(new ApiError('Timeout', `${what} took too long`)));
      const answer = (settle: () => void): void => {
        process.after(drawDelay(delay, random), `${what} answered`, () => {
          cancel();
          settle();
        });
      };
      const isRefused = random.chance(refusePercent);
      const isConflict = isWrite && random.chance(conflictPercent);
      const isHung = random.chance(hangPercent);
      // A hung call may have been done all the same.
      const isDone = !isHung || random.chance(50);
      // A delete may be done long after its client has given it up, when others have written.
      const lateMs = isHung && what.startsWith('delete') ? callTimeoutMs : 0;
      world.after(lateMs + drawDelay(delay, random), `${name} ${what}`, () => {
        if (!member.apiUp) return answer(() => reject(new ApiError('Unreachable', 'connection refused')));
        if (!isDone) return;
        if (isRefused) return answer(() => reject(random.pick(refusals)()));
        if (isConflict)
          return answer(() =>
            reject(new StatusError(409, 'Conflict', 'the object has been modified; please apply your changes to the latest version')),
          );
        let result: T;
        try {
          result = run();
        } catch (error) {
          return answer(() => reject(error));
        }
        if (!isHung) answer(() => resolve(result));
      });
    });

  const watch: KubeClient['watch'] = (collection, options) => watchEvents(process, member, random, faults, collection, options);
  return {
    server: `https://${name}.sim`,
    probe: () => call('probe', false, () => undefined),
    close: async () => undefined,
    raw: (path) =>
      call(`GET ${path}`, false, () => {
        if (path === '/apis') return member.hasExports ? wideDiscovery : discovery;
        if (path === '/api') return { kind: 'APIGroupDiscoveryList', items: [] };
        if (path === '/version') return { gitVersion: 'v1.36.0' };
        return { paths: {} };
      }),
    get: ({ namespace, name: objectName, ...type }) =>
      call(`get ${type.resource} ${objectName}`, false, () => store.get(type, namespace, objectName)),
    list: (collection) =>
      call(`list ${collection.resource}`, false, () => ({ items: store.list(collection), resourceVersion: String(store.version()) })),
    create: (type, object) => call(`create ${type.resource} ${object.metadata.name}`, true, () => store.create(type, object)),
    update: (type, object) => call(`update ${type.resource} ${object.metadata.name}`, true, () => store.put(type, object)),
    patch: (address, patchType, body, options = {}) => {
      witness.sending('apply', body as KubeObject);
      return call(`apply ${address.resource} ${address.name}`, true, () => {
        if (patchType !== 'application/apply-patch+yaml') throw new StatusError(415, 'UnsupportedMediaType', 'the model only applies');
        // What a manager applies to the status it owns apart from the rest.
        const manager = `${options.fieldManager ?? ''}${options.subresource === undefined ? '' : `/${options.subresource}`}`;
        const object = store.apply(address, body as KubeObject, manager, options.force ?? false);
        witness.applied(body as KubeObject);
        return object;
      });
    },
    delete: (address, options = {}) => {
      const live = store.get(address, address.namespace, address.name);
      if (live !== undefined) witness.sending('delete', live);
      return call(`delete ${address.resource} ${address.name}`, true, () => store.remove(address, options.preconditions));
    },
    watch,
  };
};

type Waiting = { readonly resolve: (result: IteratorResult<WatchEvent>) => void; readonly reject: (error: unknown) => void };

/** A watch: events come in order, late; it ends by the server's limit, by a break, or falls silent until the client gives it up. */
const watchEvents = (
  process: Process,
  member: Member,
  random: Prng,
  faults: () => Faults,
  collection: Collection,
  options: Parameters<KubeClient['watch']>[1],
): AsyncIterable<WatchEvent> => {
  const queue: (WatchEvent | Error | 'end')[] = [];
  let waiting: Waiting | undefined;
  let lastMs = 0;
  let isOpen = true;
  let leave = (): void => undefined;

  const hand = (): void => {
    const first = queue[0];
    if (first === undefined || waiting === undefined) return;
    const { resolve, reject } = waiting;
    waiting = undefined;
    queue.shift();
    if (first === 'end') resolve({ done: true, value: undefined });
    else if (first instanceof Error) reject(first);
    else resolve({ done: false, value: first });
  };
  const push = (item: WatchEvent | Error | 'end'): void => {
    const nowMs = process.env.monotonicMs();
    lastMs = Math.max(lastMs, nowMs + drawDelay(faults().call, random));
    process.after(lastMs - nowMs, `watch ${collection.resource} of ${member.name}`, () => {
      if (!isOpen) return;
      queue.push(item);
      hand();
    });
  };
  const close = (): void => {
    isOpen = false;
    leave();
    member.openWatches.delete(breakOff);
    waiting?.resolve({ done: true, value: undefined });
    waiting = undefined;
  };
  /** The connection is lost: said by an end, by an error, or by silence that the HTTP driver cuts after 90 s. */
  const breakOff = (): void => {
    leave();
    member.openWatches.delete(breakOff);
    const way = random.below(3);
    if (way === 0) push('end');
    else if (way === 1) push(new ApiError('Unreachable', 'connection reset'));
    else process.after(90_000, 'silent watch cut', () => push(new ApiError('Timeout', 'the watch said nothing for 90 s')));
  };
  const begin = (): void => {
    if (!isOpen) return;
    if (!member.apiUp) {
      push(new ApiError('Unreachable', 'connection refused'));
      return;
    }
    try {
      kindAt(collection);
      if (options.sendInitialEvents === true) {
        for (const object of member.store.list(collection)) push({ type: 'ADDED', object });
        push({
          type: 'BOOKMARK',
          object: {
            apiVersion: 'v1',
            kind: 'Bookmark',
            metadata: { name: '', resourceVersion: String(member.store.version()), annotations: { 'k8s.io/initial-events-end': 'true' } },
          },
        });
      }
      const from = options.sendInitialEvents === true ? member.store.version() : Number(options.resourceVersion ?? 0);
      leave = member.store.watch({ collection, push }, from);
      member.openWatches.add(breakOff);
      process.after((options.timeoutSeconds ?? 300) * 1_000, 'watch limit', () => {
        if (isOpen && member.openWatches.has(breakOff)) push('end');
      });
    } catch (error) {
      push(error instanceof Error ? error : new Error(String(error)));
    }
  };
  options.signal.addEventListener('abort', close, { once: true });
  process.after(drawDelay(faults().call, random), `open watch ${collection.resource}`, begin);

  return {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise((resolve, reject) => {
          if (!isOpen) return resolve({ done: true, value: undefined });
          waiting = { resolve, reject };
          hand();
        }),
      return: async () => {
        close();
        return { done: true as const, value: undefined };
      },
    }),
  };
};
