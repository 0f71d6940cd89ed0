/** @module What a decision says of nodes: those that are kept for replicas which others make room for, and those that others leave for it. */
import type { NodeReplicas, NominatedNode, PlacedCluster } from '../api/index.ts';
import type { FreedPods, MadePlace, PodsOnNode } from '../capacity/index.ts';
import { compareText } from '../lib/compare-text.ts';
import { sumOf } from '../lib/sum.ts';
import type { Decision, Workload } from './model.ts';
import { refText } from './workload-fields.ts';

/** Replicas by node, by cluster. */
type ByCluster = Map<string, Map<string, number>>;

/** What one round makes of nodes, by workload. */
export type NodeTerms = {
  /** Nodes that are kept for replicas which come in this round. */
  readonly kept: Map<string, ByCluster>;
  /** Of these, the ones in place of others that are lost, and those others. */
  readonly again: Map<string, ByCluster>;
  readonly lost: Map<string, ByCluster>;
  /** How many of those that were chosen leave a node; a cluster that some leave and nobody knows which nodes has none. */
  readonly left: Map<string, ByCluster>;
  /** Who gives way to a workload, by cluster. */
  readonly freed: Map<string, Map<string, FreedPods[]>>;
};

/** Nothing yet. */
export const noNodeTerms = (): NodeTerms => ({
  kept: new Map(),
  again: new Map(),
  lost: new Map(),
  left: new Map(),
  freed: new Map(),
});

const nodesIn = (terms: Map<string, ByCluster>, { ref }: Workload, cluster: string): Map<string, number> => {
  const text = refText(ref);
  const clusters = terms.get(text) ?? new Map<string, Map<string, number>>();
  terms.set(text, clusters);
  const nodes = clusters.get(cluster) ?? new Map<string, number>();
  clusters.set(cluster, nodes);
  return nodes;
};

const noteMore = (terms: Map<string, ByCluster>, workload: Workload, cluster: string, node: string, count: number): void => {
  const nodes = nodesIn(terms, workload, cluster);
  nodes.set(node, (nodes.get(node) ?? 0) + count);
};

/** A place is kept for a workload; `isAgain` = in place of one that is lost. */
export const noteKept = ({ kept, again }: NodeTerms, workload: Workload, cluster: string, { node }: MadePlace, isAgain: boolean): void => {
  if (node === undefined) return;
  noteMore(kept, workload, cluster, node, 1);
  if (isAgain) noteMore(again, workload, cluster, node, 1);
};

/** Places that were kept for a workload on a node are kept no more. */
export const noteLost = ({ lost }: NodeTerms, workload: Workload, cluster: string, node: string, count: number): void =>
  noteMore(lost, workload, cluster, node, count);

/** How many present replicas of a workload have another node kept in this round than the one that they waited for. */
export const keptAgainIn = ({ again }: NodeTerms, { ref }: Workload, cluster: string): number =>
  sumOf((again.get(refText(ref))?.get(cluster) ?? new Map<string, number>()).values());

/** Replicas of a workload leave a cluster, so many of them a node that is known. */
export const noteLeft = ({ left }: NodeTerms, workload: Workload, cluster: string, node: string | undefined, count: number): void => {
  const nodes = nodesIn(left, workload, cluster);
  if (node !== undefined && count > 0) nodes.set(node, (nodes.get(node) ?? 0) + count);
};

/** Pods leave a node for a workload. */
export const noteFreed = ({ freed }: NodeTerms, { ref }: Workload, cluster: string, pods: FreedPods): void => {
  const clusters = freed.get(refText(ref)) ?? new Map<string, FreedPods[]>();
  freed.set(refText(ref), clusters);
  clusters.set(cluster, [...(clusters.get(cluster) ?? []), pods]);
};

/** Those that give way to a workload in a cluster. */
export const freedIn = ({ freed }: NodeTerms, { ref }: Workload, cluster: string): readonly FreedPods[] =>
  freed.get(refText(ref))?.get(cluster) ?? [];

/** Nodes that are kept in a cluster for replicas that come in this round. */
export const keptIn = ({ kept }: NodeTerms, { ref }: Workload, cluster: string): ReadonlyMap<string, number> | undefined =>
  kept.get(refText(ref))?.get(cluster);

/**
 * Its pods in a cluster, without those that leave by what was decided in this round, whose room is free for those who come; `isTold` = it is not
 * free yet, and they are told as leaving.
 */
export const podsOnNow = (
  { left }: NodeTerms,
  { ref, podsOn }: Workload,
  cluster: string,
  isTold: boolean,
): ReadonlyMap<string, PodsOnNode> | undefined => {
  const [pods, going] = [podsOn?.(cluster), left.get(refText(ref))?.get(cluster)];
  if (pods === undefined || going === undefined || going.size === 0) return pods;
  return new Map(
    [...pods].map(([node, { bound, ready, leaving }]) => {
      const more = Math.min(ready - leaving, going.get(node) ?? 0);
      return [node, isTold ? { bound, ready, leaving: leaving + more } : { bound: bound - more, ready: ready - more, leaving }];
    }),
  );
};

/** Clusters that replicas of the workload leave and have not left yet: who gives way there does not come back before. */
export const leavingFrom = ({ left }: NodeTerms, { ref, terms }: Workload): ReadonlySet<string> =>
  new Set([
    ...(left.get(refText(ref))?.keys() ?? []),
    ...[...(terms ?? [])].flatMap(([cluster, { leaving }]) => (leaving === undefined ? [] : [cluster])),
  ]);

const listOf = (nodes: ReadonlyMap<string, number>): readonly NodeReplicas[] =>
  [...nodes].map(([node, replicas]) => ({ node, replicas })).sort((a, b) => compareText(a.node, b.node));

const mapOf = (nodes: readonly NodeReplicas[] | undefined): Map<string, number> =>
  new Map((nodes ?? []).map(({ node, replicas }) => [node, replicas]));

/** So many of its own are to be on the nodes that are kept, with those that are there. */
const nominatedIn = (terms: NodeTerms, workload: Workload, { name }: PlacedCluster): Pick<PlacedCluster, 'nominated'> => {
  const [text, pods] = [refText(workload.ref), workload.podsOn?.(name)];
  const nodes = new Map((workload.terms?.get(name)?.nominated ?? []).map((one) => [one.node, one]));
  let lostTries = 0;
  for (const [node, count] of terms.lost.get(text)?.get(name) ?? []) {
    const before = nodes.get(node);
    if (before === undefined) continue;
    lostTries = Math.max(lostTries, triesOf(before));
    if (before.replicas > count) nodes.set(node, { ...before, replicas: before.replicas - count });
    else nodes.delete(node);
  }
  const again = terms.again.get(text)?.get(name);
  for (const [node, more] of keptIn(terms, workload, name) ?? []) {
    const before = nodes.get(node);
    const replicas = Math.max(before?.replicas ?? 0, pods?.get(node)?.bound ?? 0) + more;
    const tries = again?.has(node) === true ? lostTries + 1 : before?.tries;
    nodes.set(node, { node, replicas, ...(tries === undefined ? {} : { tries }) });
  }
  return nodes.size === 0 ? {} : { nominated: [...nodes.values()].sort((a, b) => compareText(a.node, b.node)) };
};

/** How often others made room for the replicas of a node. */
export const triesOf = ({ tries = 1 }: Pick<NominatedNode, 'tries'>): number => tries;

/** So many of its own may stay on the nodes that others leave, once those that are not ready are gone. */
const leavingIn = (terms: NodeTerms, workload: Workload, { name }: PlacedCluster): Pick<PlacedCluster, 'leaving'> => {
  const now = terms.left.get(refText(workload.ref))?.get(name);
  const before = workload.terms?.get(name)?.leaving;
  if (now === undefined && before === undefined) return {};
  const [nodes, pods] = [mapOf(before), workload.podsOn?.(name)];
  for (const [node, count] of now ?? []) nodes.set(node, Math.max(0, (nodes.get(node) ?? pods?.get(node)?.ready ?? 0) - count));
  return { leaving: listOf(nodes) };
};

/** The clusters of a decision with what it says of their nodes, and what an earlier one says that is not done yet. */
export const withNodeTerms = (terms: NodeTerms, workload: Workload, { clusters }: Decision): readonly PlacedCluster[] => {
  const text = refText(workload.ref);
  if (workload.terms === undefined && !terms.kept.has(text) && !terms.left.has(text)) return clusters;
  return clusters.map((one) => ({ ...one, ...nominatedIn(terms, workload, one), ...leavingIn(terms, workload, one) }));
};
