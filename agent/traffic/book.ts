/** @module The records of one agent: those in force, those taken back, and what is kept of them in the member for a restart without the hub. */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import {
  makeKeyedQueue,
  serviceOfTrafficId,
  type TrafficRecord,
  trafficIdOf,
  trafficLimits,
  trafficRecordOf,
  type WorkItem,
} from '../../shared/wire/index.ts';
import { failureOf, isPassing } from '../cluster/index.ts';
import { createRecords } from '../work/index.ts';

/** `namespace/name`. */
export const keyOfService = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string => `${namespace}/${name}`;
/** The work id of a service by its key. */
export const idOfService = (service: string): string => {
  const [namespace = '', name = ''] = service.split('/');
  return trafficIdOf(namespace, name);
};

/** The book. */
export type RecordBook = {
  readonly records: ReadonlyMap<string, TrafficRecord>;
  /** Records that were taken back, by the number of the message; they stay until nothing is left of them. */
  readonly withdrawn: ReadonlyMap<string, number>;
  /** Newest number that the hub said of the service; 0 = nothing. */
  readonly epochOf: (service: string) => number;
  /** Clusters that serve anything. */
  readonly sources: () => ReadonlySet<string>;
  /** True when what was written for the service has to go. */
  readonly isOver: (service: string) => boolean;
  /** Takes an item of the hub; the service it changes, if it does. */
  readonly take: (item: WorkItem) => string | undefined;
  /** All ids that the hub holds. */
  readonly setHubIds: (ids: readonly string[]) => void;
  /** Nothing is left of a record that was taken back. */
  readonly close: (service: string) => void;
  /** It was told so. */
  readonly forget: (service: string) => void;
  /** Reads what was kept; rejects as the client does. */
  readonly load: () => Promise<readonly string[]>;
  readonly stop: () => void;
};

/** Records that are kept or dropped at once. */
const inFlightMax = 8;

/** An empty book. */
export const createBook = (
  client: KubeClient,
  cluster: string,
  env: RuntimeEnv,
  rememberSeq: (id: string, seq: number) => void,
): RecordBook => {
  const kept = createRecords(client, cluster, 'traffic');
  const records = new Map<string, TrafficRecord>();
  const withdrawn = new Map<string, number>();
  let hubIds: ReadonlySet<string> | undefined;
  let sources: ReadonlySet<string> = new Set();
  const epochOf = (service: string): number => records.get(service)?.epoch ?? withdrawn.get(service) ?? 0;

  /** What the member has kept follows what is in force; undefined = nothing. An older one would be acted on after a restart. */
  const memory = makeKeyedQueue<WorkItem | undefined>({
    env,
    inFlightMax,
    keysMax: 2 * trafficLimits.services,
    send: async (id, item) => {
      try {
        await (item === undefined ? kept.drop(id) : kept.keep(item));
      } catch (error) {
        const failure = failureOf(error);
        if (isPassing(failure)) throw error;
        env.log.warn('a record of traffic cannot be kept for a restart', { id, why: failure.message });
      }
    },
    onRetry: (id, attempt, error) => {
      if (attempt === 0) env.log.warn('a record of traffic could not be kept for a restart yet', { id, why: failureOf(error).message });
    },
  });
  const take = (item: WorkItem, isKept: boolean): string | undefined => {
    const of = serviceOfTrafficId(item.id);
    const service = of === undefined ? '' : keyOfService(of);
    // A broker may say old things again.
    if (of === undefined || item.seq < epochOf(service)) return undefined;
    if (item.op === 'withdraw') {
      records.delete(service);
      withdrawn.set(service, item.seq);
    } else {
      const read = trafficRecordOf(item);
      if (!read.ok) {
        env.log.error('a record of traffic cannot be read and is left out; what was there before stays', {
          id: item.id,
          why: read.message,
        });
        return undefined;
      }
      withdrawn.delete(service);
      records.set(service, read.record);
      if (!isKept) void memory.put(item.id, item);
    }
    sources = new Set([...records.values()].flatMap(({ spec }) => spec.sources.map(({ name }) => name)));
    return service;
  };
  return {
    records,
    withdrawn,
    epochOf,
    sources: () => sources,
    isOver: (service) => withdrawn.has(service) || (!records.has(service) && hubIds !== undefined && !hubIds.has(idOfService(service))),
    take: (item) => take(item, false),
    setHubIds: (ids) => {
      hubIds = new Set(ids);
    },
    close: (service) => {
      // What stays behind is loaded once more, and ends once more.
      if (withdrawn.has(service)) void memory.put(idOfService(service), undefined);
    },
    forget: (service) => {
      withdrawn.delete(service);
    },
    load: async () => {
      const { items, broken } = await kept.load();
      if (broken.length > 0) env.log.warn('kept records of traffic that cannot be read are left out', { secrets: broken });
      for (const item of items) rememberSeq(item.id, item.seq);
      return items.flatMap((item) => (item.op === 'apply' ? (take(item, true) ?? []) : []));
    },
    stop: memory.stop,
  };
};
