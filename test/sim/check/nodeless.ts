/**
 * @module What waits for a node in a healed federation although no node of its cluster can take it: its Placement tells of it, and where the
 * policy lets it go no other cluster has room for it.
 */
import type { PolicySpec, StoredPlacement } from '../../../shared/api/index.ts';
import { isOpen, type StayingSight } from './staying.ts';

/** What is looked at besides. */
export type NodelessSight = StayingSight & {
  /** Pods of the workload in the cluster that are bound to no node and larger than what is free on any. */
  readonly nodeless: (cluster: string, workload: string) => number;
};

/** Policies whose terms may be against a move are not judged. */
const mayMove = ({ replicaScheduling: { strategy = 'Capacity' } = {}, failover, spread = [] }: PolicySpec): boolean =>
  strategy !== 'Weighted' && strategy !== 'Duplicated' && failover?.class !== 'Singleton' && spread.length === 0;

const placementText = (sight: NodelessSight, workload: string, { spec, status }: StoredPlacement): string => {
  const policy = sight.policy(spec.policy);
  if (policy === undefined || status?.reason === 'NoPolicy') return '';
  const told = new Map((status?.nodeless ?? []).map(({ name, replicas }) => [name, replicas]));
  for (const { name, replicas = 0 } of spec.clusters) {
    const waiting = Math.min(replicas, sight.nodeless(name, workload));
    if (waiting !== (told.get(name) ?? 0))
      return `${waiting} of ${workload} wait in ${name} for a node, its Placement says ${told.get(name) ?? 0}`;
    if (waiting === 0 || !mayMove(policy)) continue;
    const other = sight.clusters.find((cluster) => isOpen(cluster.spec, policy) && sight.room(cluster.metadata.name, workload) > 0);
    if (other !== undefined) return `${waiting} of ${workload} wait in ${name} for a node, and ${other.metadata.name} has room`;
  }
  return '';
};

/** What is not as it should be, in words; '' = all is well. */
export const nodelessText = (sight: NodelessSight): string => {
  for (const [workload, placement] of sight.placements) {
    const text = placementText(sight, workload, placement);
    if (text !== '') return text;
  }
  return '';
};
