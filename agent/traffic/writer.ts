/** @module Writes what traffic wants to the member's API: each object one write at a time, the newest wins, failures are tried again or told. */
import type { KubeClient, ObjectAddress } from '../../shared/kube/client/port.ts';
import { type KubeObject, parseApiVersion } from '../../shared/kube/object.ts';
import { isStatus } from '../../shared/kube/status-error.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { type RouteOperation, trafficManager } from '../../shared/traffic/index.ts';
import { makeKeyedQueue } from '../../shared/wire/index.ts';
import { failureOf } from '../cluster/index.ts';
import type { OwnedResource } from './canonical.ts';

/** One write. */
export type TrafficWrite =
  | { readonly do: 'apply'; readonly resource: OwnedResource; readonly object: KubeObject }
  | {
      readonly do: 'delete';
      readonly resource: OwnedResource;
      readonly address: ObjectAddress;
      /** The object as it was when this was decided: what was written since is not what is to go. */
      readonly uid: string;
      readonly version: string;
    }
  | { readonly do: 'status'; readonly resource: 'serviceimports' | 'serviceexports'; readonly object: KubeObject }
  | { readonly do: 'route'; readonly address: ObjectAddress; readonly patch: readonly RouteOperation[] };

type TrafficDelete = TrafficWrite & { readonly do: 'delete' };
type TrafficApply = TrafficWrite & { readonly do: 'apply' };

/** The writer. */
export type TrafficWriter = {
  /**
   * Resolves when it is over, with true when it was written or refused, with false when another took its place; never rejects. Writes begin in
   * the order in which they are put.
   */
  readonly put: (service: string, write: TrafficWrite) => Promise<boolean>;
  /** A delete of the object waits or is under way, or a write waits behind one: what is seen of it counts no more. */
  readonly isLeaving: (resource: OwnedResource, key: string) => boolean;
  /** Why writes of the service are refused, for people. */
  readonly lacksOf: (service: string) => readonly string[];
  /** Drops what is known of refusals: they are tried again. */
  readonly forgive: () => void;
  readonly size: () => number;
  readonly retryNow: () => void;
  readonly stop: () => void;
};

/** Calls at the member's API at once: a death of a cluster changes one object or two for each service. */
const inFlightMax = 32;
const keysMax = 200_000;

const addressOf = (resource: string, { apiVersion, metadata }: KubeObject): ObjectAddress => ({
  ...parseApiVersion(apiVersion),
  resource,
  name: metadata.name,
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
});

const targetOf = (write: TrafficWrite): string => {
  if (write.do === 'delete' || write.do === 'route') {
    const { resource, namespace = '', name } = write.address;
    return `${resource} ${namespace}/${name}`;
  }
  const { namespace = '', name } = write.object.metadata;
  return `${write.resource} ${namespace}/${name}${write.do === 'status' ? ' status' : ''}`;
};

const namespaceOf = (write: TrafficWrite): string =>
  (write.do === 'delete' || write.do === 'route' ? write.address.namespace : write.object.metadata.namespace) ?? '';

const isWithoutNamespace = (error: unknown): boolean => {
  const { status, kind } = failureOf(error);
  return status === 404 && kind === 'namespaces';
};

/** Of our own, so that it does not count as a difference. */
const writtenAgainAnnotation = 'hanse.dev/written-again';

const applyType = 'application/apply-patch+yaml';

/** A new writer. */
export const createWriter = (options: {
  readonly client: Pick<KubeClient, 'get' | 'patch' | 'delete'>;
  readonly env: RuntimeEnv;
  readonly onApplied: (resource: OwnedResource, object: KubeObject) => void;
  readonly onDeleted: (resource: OwnedResource, key: string) => void;
}): TrafficWriter => {
  const { client, env } = options;
  const refusals = new Map<string, Map<string, string>>();
  const refuse = (service: string, target: string, why: string | undefined): void => {
    const of = refusals.get(service) ?? new Map<string, string>();
    if (why === undefined) of.delete(target);
    else of.set(target, why);
    if (of.size === 0) refusals.delete(service);
    else refusals.set(service, of);
  };
  /** A conflict over a delete: another object has taken the name, or it was written since; what is there now is decided on anew. */
  const isPassed = async ({ resource, address, uid, version }: TrafficDelete, error: unknown): Promise<boolean> => {
    if (!isStatus(error, 'Conflict')) return false;
    const present = await client.get(address);
    if (present === undefined || (present.metadata.uid === uid && present.metadata.resourceVersion === version)) return false;
    options.onApplied(resource, present);
    return true;
  };
  /** The newest write of each object that is to be deleted, or was until that write, until it is over. */
  const leaving = new Map<string, TrafficWrite>();
  const stays = (write: TrafficWrite): void => {
    if (leaving.get(targetOf(write)) === write) leaving.delete(targetOf(write));
  };
  /** Objects of which a delete was sent and not answered: the member may carry it out at any time. */
  const doubted = new Set<string>();
  const withdraw = async (write: TrafficDelete): Promise<void> => {
    const { address, uid, version: resourceVersion } = write;
    const target = targetOf(write);
    doubted.add(target);
    try {
      await client.delete(address, { propagationPolicy: 'Background', preconditions: { uid, resourceVersion } });
    } catch (error) {
      if (await isPassed(write, error)) return;
      if (!isStatus(error, 'NotFound')) throw error;
    }
    doubted.delete(target);
    options.onDeleted(write.resource, `${address.namespace ?? ''}/${address.name}`);
  };
  /** A write that changes nothing would leave the version as a late delete expects it. */
  const marked = (write: TrafficApply): KubeObject => {
    const { object } = write;
    if (!doubted.has(targetOf(write))) return object;
    const annotations = { ...object.metadata.annotations, [writtenAgainAnnotation]: env.uuid() };
    return { ...object, metadata: { ...object.metadata, annotations } };
  };
  const apply = async (write: TrafficApply): Promise<void> => {
    const address = addressOf(write.resource, write.object);
    const applied = await client.patch(address, applyType, marked(write), { fieldManager: trafficManager, force: true });
    doubted.delete(targetOf(write));
    // Before what is there now is told: whoever looks then is to see it.
    stays(write);
    options.onApplied(write.resource, applied);
  };
  const perform = async (write: TrafficWrite): Promise<void> => {
    switch (write.do) {
      case 'apply':
        await apply(write);
        return;
      case 'status':
        await client.patch(addressOf(write.resource, write.object), applyType, write.object, {
          fieldManager: trafficManager,
          force: true,
          subresource: 'status',
        });
        return;
      case 'route':
        await client.patch(write.address, 'application/json-patch+json', write.patch, { fieldManager: trafficManager });
        return;
      case 'delete':
        await withdraw(write);
    }
  };
  /** Namespaces that are not there yet: a member that joins gets them with the workloads that are placed in it. */
  const awaited = new Set<string>();
  const waitFor = (write: TrafficWrite): void => {
    const namespace = namespaceOf(write);
    if (awaited.has(namespace)) return;
    awaited.add(namespace);
    env.log.info('traffic waits for a namespace that is not there yet', { namespace });
  };
  /** What trying again by itself does not mend; undefined = it may. */
  const verdictOn = (write: TrafficWrite, error: unknown): string | undefined => {
    const failure = failureOf(error);
    if (failure.unreachable || failure.status === 429 || failure.status >= 500) return undefined;
    const [resource] = targetOf(write).split(' ');
    if (failure.status === 403)
      return `it may not ${write.do === 'delete' ? 'delete' : 'patch'} ${resource}: grant it to the agent's identity`;
    if (isWithoutNamespace(error)) return 'it has no such namespace: create it to import services there';
    // Forced, or for one object alone: it says that others wrote at the same time.
    if (failure.status === 409 && write.do !== 'route') return undefined;
    // Somebody changed the object meanwhile, or it is gone: its own event brings it back here.
    if (failure.status === 409 || failure.status === 404 || (write.do === 'route' && failure.status === 422)) return '';
    return `${resource}: ${failure.message.slice(0, 300)}`;
  };
  const queue = makeKeyedQueue<{ readonly service: string; readonly write: TrafficWrite }>({
    env,
    inFlightMax,
    keysMax,
    send: async (target, { service, write }) => {
      try {
        await perform(write);
        refuse(service, target, undefined);
        awaited.delete(namespaceOf(write));
      } catch (error) {
        const why = verdictOn(write, error);
        if (why === undefined) throw error;
        refuse(service, target, why === '' ? undefined : why);
        if (isWithoutNamespace(error)) waitFor(write);
        else if (why !== '') env.log.warn('a write for traffic is refused', { target, why });
      }
    },
    onRetry: (target, attempt, error) => {
      if (attempt % 10 === 0) env.log.warn('a write for traffic did not succeed and is tried again', { target, error: String(error) });
    },
  });
  return {
    put: async (service, write) => {
      const target = targetOf(write);
      if (write.do === 'delete' || leaving.has(target)) leaving.set(target, write);
      const outcome = await queue.put(target, { service, write });
      stays(write);
      return outcome === 'sent';
    },
    isLeaving: (resource, key) => leaving.has(`${resource} ${key}`),
    lacksOf: (service) => [...new Set(refusals.get(service)?.values() ?? [])].sort(),
    forgive: () => refusals.clear(),
    size: queue.size,
    retryNow: queue.retryNow,
    stop: queue.stop,
  };
};
