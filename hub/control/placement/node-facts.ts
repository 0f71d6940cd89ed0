/** @module What is known of the nodes of a workload: where reports show its pods, and what of its Placement's word on nodes is not done yet. */
import type { NominatedNode, PlacedCluster, StoredPlacement } from '../../../shared/api/index.ts';
import { type CapacityReport, type PodsOnNode, seenOn } from '../../../shared/capacity/index.ts';
import type { Workload } from '../../../shared/placement/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { seenIn, unseen } from '../cluster/ledger.ts';

/** Nodes that are kept for replicas, by cluster. */
export type Nominated = ReadonlyMap<string, readonly NominatedNode[]>;

/** Those of a Placement or a decision. */
export const nominatedIn = (clusters: readonly PlacedCluster[]): Nominated =>
  new Map(clusters.flatMap(({ name, nominated }) => (nominated === undefined ? [] : [[name, nominated] as const])));

/** All replicas are bound. */
const isBound = (report: CapacityReport, workId: string, { replicas = 0 }: PlacedCluster): boolean =>
  seenIn(report, workId).bound >= replicas;

/** Those that give way have left: no more are there than it has. */
const haveLeft = (report: CapacityReport, workId: string, { replicas = 0 }: PlacedCluster): boolean => {
  const { bound, pending } = seenIn(report, workId);
  return bound + pending <= replicas;
};

/** What is not done yet of what a Placement says of nodes in a cluster; what no report tells of is not. */
const openTerms = (
  report: CapacityReport | undefined,
  workId: string,
  cluster: PlacedCluster,
): Pick<PlacedCluster, 'nominated' | 'leaving'> => {
  const { nominated, leaving } = cluster;
  return {
    ...(nominated === undefined || (report !== undefined && isBound(report, workId, cluster)) ? {} : { nominated }),
    ...(leaving === undefined || (report !== undefined && haveLeft(report, workId, cluster)) ? {} : { leaving }),
  };
};

/** Pods of a workload in a cluster, with those that were told to leave their node; undefined while some are not there yet. */
const podsOnNodes = (
  report: CapacityReport | undefined,
  workId: string,
  { replicas = 0, leaving = [] }: Omit<PlacedCluster, 'name'>,
): ReadonlyMap<string, PodsOnNode> | undefined => {
  const on = report === undefined ? undefined : seenOn(report, workId);
  if (on === undefined || report === undefined || unseen(report, workId, replicas) > 0) return undefined;
  const most = new Map(leaving.map(({ node, replicas }) => [node, replicas]));
  return new Map(
    [...on].map(([node, { bound, ready }]) => [node, { bound, ready, leaving: Math.max(0, ready - (most.get(node) ?? ready)) }]),
  );
};

/** What placement must know of the nodes of a workload. */
export const nodeFactsOf = (
  { get }: Pick<Directory, 'get'>,
  workId: string,
  placement: Pick<StoredPlacement, 'spec'> | undefined,
): Pick<Workload, 'podsOn' | 'terms'> => {
  const placed = placement?.spec.clusters ?? [];
  const terms = placed.flatMap((cluster) => {
    if (cluster.nominated === undefined && cluster.leaving === undefined) return [];
    const open = openTerms(get(cluster.name)?.report, workId, cluster);
    return open.nominated === undefined && open.leaving === undefined ? [] : [[cluster.name, open] as const];
  });
  return {
    podsOn: (name) => podsOnNodes(get(name)?.report, workId, placed.find((cluster) => cluster.name === name) ?? {}),
    ...(terms.length === 0 ? {} : { terms: new Map(terms) }),
  };
};
