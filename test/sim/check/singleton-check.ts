/** @module The rule of singletons: none begins in a cluster while another cluster that may run it still does. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { WorkItem } from '../../../shared/wire/messages.ts';
import type { Checker } from './observer.ts';

/** What can be seen of a cluster that has a singleton. */
export type SingletonSight = {
  /** Its agent runs and would serve what it was sent under this number; one that is dead or stopped cannot be asked. */
  readonly serves: (cluster: string, seq: number) => boolean;
  /** The object is still there. */
  readonly isThere: (cluster: string, kind: string, name: string) => boolean;
};

/** What is counted over a run. */
export type SingletonCount = { overlaps: number };

const marks = { id: 'hanse.dev/work-id', seq: 'hanse.dev/work-seq' };

type Running = {
  readonly seq: number;
  readonly replicas: number;
  readonly kind: string;
  readonly name: string;
  /** It was sent as one that runs once. */
  readonly isSingleton: boolean;
};

const replicasOf = (object: KubeObject): number => (object.spec as { replicas?: number } | undefined)?.replicas ?? 0;

/** The checker. */
export const singletonCheck =
  (look: () => SingletonSight, count: SingletonCount): Checker =>
  (fail) => {
    /** Workloads that some policy divided between clusters on purpose: nothing is said of them. */
    const divided = new Set<string>();
    /** What the hub sent, by `cluster.id` and number. */
    const sent = new Map<string, Map<number, WorkItem>>();
    const running = new Map<string, Map<string, Running>>();
    const itemOf = (cluster: string, object: KubeObject): WorkItem | undefined =>
      sent.get(`${cluster}.${object.metadata.annotations?.[marks.id] ?? ''}`)?.get(Number(object.metadata.annotations?.[marks.seq] ?? 0));
    /** Its user made a singleton of it while it was told to run here already, and it has not begun yet. */
    const wasToldFree = (cluster: string, { id, seq }: WorkItem): boolean => {
      for (const item of [...(sent.get(`${cluster}.${id}`)?.values() ?? [])].reverse()) {
        if (item.seq >= seq) continue;
        if (item.object === undefined || replicasOf(item.object) === 0) return false;
        if (item.singleton !== true) return true;
      }
      return false;
    };
    return {
      written: ({ key, object }) => {
        const { workload, clusters } = (object?.spec ?? {}) as { workload?: { name: string }; clusters?: readonly unknown[] };
        if (key.includes('/placements/') && workload !== undefined && (clusters?.length ?? 0) > 1) divided.add(workload.name);
      },
      published: (item) => {
        const key = `${item.cluster}.${item.id}`;
        const items = sent.get(key) ?? new Map<number, WorkItem>();
        sent.set(key, items);
        items.set(item.seq, item);
      },
      applying: (cluster, object) => {
        const item = itemOf(cluster, object);
        if (item?.singleton !== true || replicasOf(object) === 0 || divided.has(object.metadata.name)) return;
        const { serves, isThere } = look();
        const known = running.get(item.id);
        // What ran here before its user made a singleton of it does not begin now.
        const here = known?.get(cluster);
        if (here?.isSingleton === false && here.replicas > 0 && isThere(cluster, here.kind, here.name)) return;
        if (here === undefined && wasToldFree(cluster, item)) return;
        for (const [other, { seq, replicas, kind, name, isSingleton }] of known ?? []) {
          if (other === cluster || replicas === 0 || !isThere(other, kind, name) || !serves(other, seq)) continue;
          // Its user has ended that since: the move may overlap, and who was not heard does not know it yet.
          if (!isSingleton && seq > item.seq) continue;
          count.overlaps += 1;
          fail('no two holders of a singleton', `${name} begins in ${cluster} at seq ${item.seq} while ${other} runs it at seq ${seq}`);
        }
      },
      applied: (cluster, object) => {
        const item = itemOf(cluster, object);
        if (item === undefined) return;
        const { id, seq, singleton = false } = item;
        const known = running.get(id) ?? new Map<string, Running>();
        running.set(id, known);
        known.set(cluster, { seq, replicas: replicasOf(object), kind: object.kind, name: object.metadata.name, isSingleton: singleton });
      },
      answered: (cluster, { id, phase }) => {
        if (phase === 'Withdrawn') running.get(id)?.delete(cluster);
      },
    };
  };
