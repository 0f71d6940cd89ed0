/**
 * @module Placements whose object is not among the files: what one of its replicas asks for is not known, so that the room of those that no pod
 * of a dump shows cannot be counted, and what is counted beside them is an estimate.
 */
import type { WorkloadRef } from '../api/index.ts';
import { groupKind } from '../placement/index.ts';
import { type PlanObjects, podMakers, refKey } from './input.ts';
import type { OfflineCluster, PresentPod } from './offline.ts';

/** True for pods that say whose they are; those of a Deployment by the name of their ReplicaSet (apps/v1, DeploymentController). */
const isOf = ({ kind, name, namespace }: WorkloadRef, pod: PresentPod): boolean => {
  if (pod.namespace !== namespace) return false;
  if (kind === 'Pod') return pod.name === name;
  const owner = kind === 'Deployment' ? `ReplicaSet/${name}-${pod.labels['pod-template-hash'] ?? ''}` : `${kind}/${name}`;
  return pod.owners.includes(owner);
};

/** Why the room of clusters is not known, by the name of the cluster. */
export const unknownRoom = (
  { placements, workloads }: PlanObjects,
  clusters: readonly OfflineCluster[],
): ReadonlyMap<string, readonly string[]> => {
  const known = new Set(
    workloads.map(({ apiVersion, kind, metadata: { namespace = '', name } }) => refKey({ apiVersion, kind, namespace, name })),
  );
  const byName = new Map(clusters.map((cluster) => [cluster.view.name, cluster]));
  const doubts = new Map<string, string[]>();
  for (const [key, placement] of placements) {
    if (known.has(key)) continue;
    const { metadata, spec } = placement;
    const workload = { ...spec.workload, namespace: spec.workload.namespace ?? metadata.namespace ?? 'default' };
    // A Placement without numbers is of what is copied: of some kinds that are pods too.
    const untold = podMakers.has(groupKind(workload)) ? 1 : 0;
    for (const { name, replicas = untold } of spec.clusters ?? []) {
      const pods = byName.get(name)?.pods ?? [];
      const unseen = replicas - pods.filter((pod) => isOf(workload, pod)).length;
      if (unseen <= 0 || !byName.has(name)) continue;
      const told = `cluster ${name}: what ${unseen} of ${workload.kind} ${workload.namespace}/${workload.name} hold is not known: a Placement says that they are there, and neither their object nor their pods are given`;
      doubts.set(name, [...(doubts.get(name) ?? []), told]);
    }
  }
  return doubts;
};
