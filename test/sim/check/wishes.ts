/** @module What should be where, read from the journal alone: objects that exist and clusters that Placements give them. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { WorkRef } from '../../../shared/wire/messages.ts';
import type { JournalEntry } from './observer.ts';

type Placement = {
  readonly workload: { readonly kind: string; readonly name: string };
  readonly policy?: string;
  readonly clusters: readonly { readonly name: string; readonly replicas?: number }[];
};

/** The wishes as they are and since when. */
export type Wishes = {
  readonly written: (entry: JournalEntry) => void;
  /** How long the object has been wanted in the cluster without a break; -1 = it is not wanted. */
  readonly wantedForMs: (cluster: string, ref: Pick<WorkRef, 'kind' | 'name'>) => number;
  /** How long the object has existed on the hub without a deletion asked; -1 = it does not. */
  readonly existsForMs: (ref: Pick<WorkRef, 'kind' | 'name'>) => number;
  readonly placements: () => ReadonlyMap<string, Placement>;
  readonly object: (kind: string, name: string) => KubeObject | undefined;
};

/**
 * Wishes of an empty journal. Names are unique within a kind: the model has one namespace. `ended` is told of each object that a cluster is not
 * to have any more, at that moment, and whether another policy than before decided so.
 */
export const createWishes = (
  nowMs: () => number,
  ended: (cluster: string, ref: Pick<WorkRef, 'kind' | 'name'>, isOtherPolicy: boolean) => void = () => undefined,
): Wishes => {
  const objects = new Map<string, KubeObject>();
  const placements = new Map<string, Placement>();
  const wantedSince = new Map<string, number>();
  const existsSince = new Map<string, number>();

  const isAlive = (id: string): boolean => {
    const object = objects.get(id);
    return object !== undefined && object.metadata.deletionTimestamp === undefined;
  };
  /** The ids of everything wanted in each cluster: placed workloads, and the configuration that follows them. */
  const current = (): Set<string> => {
    const wanted = new Set<string>();
    for (const { workload, clusters } of placements.values()) {
      if (!isAlive(`${workload.kind}/${workload.name}`)) continue;
      for (const { name } of clusters) {
        wanted.add(`${name} ${workload.kind}/${workload.name}`);
        if (isAlive(`ConfigMap/${workload.name}-config`)) wanted.add(`${name} ConfigMap/${workload.name}-config`);
      }
    }
    return wanted;
  };
  const keepTimes = (since: Map<string, number>, now: ReadonlySet<string>, end: (id: string) => void): void => {
    for (const id of [...since.keys()]) {
      if (now.has(id)) continue;
      since.delete(id);
      end(id);
    }
    for (const id of now) if (!since.has(id)) since.set(id, nowMs());
  };
  const age = (since: number | undefined): number => (since === undefined ? -1 : nowMs() - since);

  return {
    written: ({ key, object }) => {
      const [, resource = '', , name = ''] = key.split('/');
      let isOtherPolicy = false;
      if (resource === 'placements') {
        const before = placements.get(name);
        if (object === undefined) placements.delete(name);
        else placements.set(name, object.spec as Placement);
        isOtherPolicy = before?.policy !== (object?.spec as Placement | undefined)?.policy;
        const isSame = before === object?.spec || JSON.stringify(before) === JSON.stringify(object?.spec);
        if (before !== undefined && isSame) return;
      } else {
        const kind = resource === 'deployments' ? 'Deployment' : resource === 'configmaps' ? 'ConfigMap' : undefined;
        if (kind === undefined) return;
        const id = `${kind}/${name}`;
        const wasAlive = isAlive(id);
        if (object === undefined) objects.delete(id);
        else objects.set(id, object);
        if (wasAlive === isAlive(id)) return;
      }
      keepTimes(wantedSince, current(), (id) => {
        const [cluster = '', kind = '', objectName = ''] = id.split(/[ /]/);
        ended(cluster, { kind, name: objectName }, isOtherPolicy);
      });
      keepTimes(existsSince, new Set([...objects.keys()].filter(isAlive)), () => undefined);
    },
    wantedForMs: (cluster, ref) => age(wantedSince.get(`${cluster} ${ref.kind}/${ref.name}`)),
    existsForMs: (ref) => age(existsSince.get(`${ref.kind}/${ref.name}`)),
    placements: () => placements,
    object: (kind, name) => objects.get(`${kind}/${name}`),
  };
};
