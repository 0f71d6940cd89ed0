/** @module Spreading inside the cluster: which nodes count for a rule, and how many of its pods each domain has (scheduler `podtopologyspread`). */
import type { PodDemand } from './demand.ts';
import { type Pair, pairOf } from './neighbours.ts';
import type { ClusterModel, NodeModel } from './node.ts';
import { type SpreadRule, selects } from './pod-terms.ts';

/** A rule over the cluster as it is. */
export type SpreadState = {
  readonly rule: SpreadRule;
  /** True when replicas count for their own rule. */
  readonly countsItself: boolean;
  /** Pods by domain; every domain that counts is in it. */
  readonly present: ReadonlyMap<Pair, bigint>;
};

/** What the pod's node terms say of a node. */
export type NodeSides = { readonly fitsAffinity: boolean; readonly toleratesTaints: boolean };

/** The rules with what their domains have now. A node counts when it has the keys of all rules and passes the rule's policies. */
export const spreadStates = (cluster: ClusterModel, demand: PodDemand, sides: (node: NodeModel) => NodeSides): readonly SpreadState[] => {
  const withKeys = cluster.nodes.filter((node) => hasSpreadKeys(node, demand));
  return demand.spread.map((rule) => {
    const present = new Map<Pair, bigint>();
    for (const node of withKeys) {
      const { fitsAffinity, toleratesTaints } = sides(node);
      const pair = pairOf(node, rule.topologyKey);
      if (pair === undefined || (rule.honorsAffinity && !fitsAffinity) || (rule.honorsTaints && !toleratesTaints)) continue;
      present.set(pair, (present.get(pair) ?? 0n) + matching(node, rule, demand.namespace));
    }
    return { rule, countsItself: selects(rule.selector, demand.labels), present };
  });
};

/** True when the node has the keys of all rules. */
export const hasSpreadKeys = (node: NodeModel, demand: PodDemand): boolean =>
  demand.spread.every(({ topologyKey }) => Object.hasOwn(node.labels, topologyKey));

const matching = (node: NodeModel, rule: SpreadRule, namespace: string): bigint =>
  node.pods.reduce(
    (sum, { kind, live }) => (kind.namespace === namespace && selects(rule.selector, kind.labels) ? sum + BigInt(live) : sum),
    0n,
  );

/** The fewest pods that a domain has, as the rule sees it: none while there are too few domains. */
export const fewest = (rule: SpreadRule, counts: Iterable<bigint>): bigint => {
  let least: bigint | undefined;
  let domains = 0;
  for (const count of counts) {
    domains += 1;
    if (least === undefined || count < least) least = count;
  }
  return domains < rule.minDomains ? 0n : (least ?? 0n);
};

/**
 * Replicas that each domain takes in the end under one rule, whatever the order: the domain that is full first is the lowest for good, and
 * the others reach it and the allowed skew. `room`: what each domain's nodes hold.
 */
export const spreadCounts = (state: SpreadState, room: ReadonlyMap<Pair, bigint>): ReadonlyMap<Pair, bigint> => {
  const { rule, present } = state;
  const skew = BigInt(rule.maxSkew);
  const full = new Map([...present].map(([pair, count]) => [pair, count + (room.get(pair) ?? 0n)] as const));
  const least = fewest(rule, state.countsItself ? full.values() : present.values());
  return new Map(
    [...room].map(([pair, holds]) => {
      const now = present.get(pair) ?? 0n;
      if (!state.countsItself) return [pair, now - least > skew ? 0n : holds] as const;
      const top = now + holds < least + skew ? now + holds : least + skew;
      return [pair, top > now ? top - now : 0n] as const;
    }),
  );
};
