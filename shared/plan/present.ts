/** @module Where replicas of a workload are now: pods that its selector matches, and what its Placement says is there or on its way. */
import type { Placement } from '../api/index.ts';
import type { KubeObject } from '../kube/object.ts';
import { matchesLabels, selectorFromMap, selectorFromObject } from '../kube/selectors/index.ts';
import { bag, groupKind } from '../placement/index.ts';
import type { OfflineCluster, PresentPod } from './offline.ts';

/** Replicas in one cluster. */
export type Presence = {
  /** Present or on their way. */
  readonly replicas: number;
  /** Those on their way: no pod of them is seen, and they hold room all the same. */
  readonly unseen: number;
};

type IsOurs = (pod: PresentPod) => boolean;

/** True for pods of the workload: by its selector, and for Jobs without one by their owner. */
const matcher = (object: KubeObject): IsOurs => {
  const { selector } = bag(object.spec);
  const namespace = object.metadata.namespace ?? '';
  if (typeof selector === 'object' && selector !== null) {
    const parsed =
      groupKind(object) === '/ReplicationController'
        ? { ok: true as const, value: selectorFromMap(selector as Readonly<Record<string, string>>) }
        : selectorFromObject(selector);
    return (pod) => parsed.ok && pod.namespace === namespace && matchesLabels(parsed.value, pod.labels);
  }
  const owner = `${object.kind}/${object.metadata.name}`;
  return (pod) => pod.namespace === namespace && pod.owners.includes(owner);
};

/**
 * Replicas by cluster. Both pods and the Placement speak: the greater number counts, for pods above it are still there and replicas above
 * the pods are on their way. Clusters that the Placement names and that are gone are told of with what they had.
 */
export const presenceOf = (
  object: KubeObject,
  placement: Placement | undefined,
  clusters: readonly OfflineCluster[],
): ReadonlyMap<string, Presence> => {
  const isOurs = matcher(object);
  const decided = new Map((placement?.spec.clusters ?? []).map(({ name, replicas }) => [name, replicas ?? 1]));
  const presence = new Map<string, Presence>();
  for (const { view, pods } of clusters) {
    const seen = pods.filter(isOurs).length;
    const replicas = Math.max(seen, decided.get(view.name) ?? 0);
    if (replicas > 0) presence.set(view.name, { replicas, unseen: replicas - seen });
  }
  const known = new Set(clusters.map(({ view }) => view.name));
  for (const [name, replicas] of decided) if (!known.has(name) && replicas > 0) presence.set(name, { replicas, unseen: 0 });
  return presence;
};
