/** @module What pods that run say of a new one: where they keep it away, and where it wants to be beside them (scheduler `interpodaffinity`). */
import type { PodDemand } from './demand.ts';
import type { ClusterModel, NodeModel, PodKind, PodTerm } from './node.ts';
import { termSelects } from './pod-terms.ts';

/** A domain: a label key and its value. */
export type Pair = string;

/** The domain of a node under a key; undefined when it has no such label. */
export const pairOf = (node: Pick<NodeModel, 'labels'>, key: string): Pair | undefined =>
  Object.hasOwn(node.labels, key) ? `${key}\u0000${node.labels[key]}` : undefined;

/** True when a term of the pod speaks of the pod itself: its replicas meet each other. */
export const selectsItself = (cluster: ClusterModel, demand: PodDemand, term: PodTerm): boolean =>
  termSelects(term, demand.namespace, demand, cluster.namespaces);

/** A function of a pod kind, asked once a kind. */
const once = <T>(ask: (kind: PodKind) => T): ((kind: PodKind) => T) => {
  const known = new Map<PodKind, T>();
  return (kind) => {
    const before = known.get(kind);
    if (before !== undefined) return before;
    const answer = ask(kind);
    known.set(kind, answer);
    return answer;
  };
};

/** Domains that no replica may enter: pods there keep it away, or it keeps away from them. */
export const closedDomains = (cluster: ClusterModel, demand: PodDemand): ReadonlySet<Pair> => {
  const keysOf = once((kind) => [
    ...kind.antiAffinity.filter((term) => termSelects(term, kind.namespace, demand, cluster.namespaces)),
    ...demand.antiAffinity.filter((term) => termSelects(term, demand.namespace, kind, cluster.namespaces)),
  ]);
  const closed = new Set<Pair>();
  for (const node of cluster.nodes) {
    for (const { kind } of node.pods) {
      for (const { topologyKey } of keysOf(kind)) {
        const pair = pairOf(node, topologyKey);
        if (pair !== undefined) closed.add(pair);
      }
    }
  }
  return closed;
};

/** Domains that have a pod which all affinity terms select, under the key of each term. */
export const wantedDomains = (cluster: ClusterModel, demand: PodDemand): ReadonlySet<Pair> => {
  const isWanted = once((kind) => demand.affinity.every((term) => termSelects(term, demand.namespace, kind, cluster.namespaces)));
  const wanted = new Set<Pair>();
  for (const node of cluster.nodes) {
    if (!node.pods.some(({ kind }) => isWanted(kind))) continue;
    for (const { topologyKey } of demand.affinity) {
      const pair = pairOf(node, topologyKey);
      if (pair !== undefined) wanted.add(pair);
    }
  }
  return wanted;
};
