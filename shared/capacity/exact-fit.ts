/**
 * @module How many more replicas of a shape a cluster takes, exactly: every node on its own, then what nodes say of each other, then quota
 * (facts `capacity.md` §2.1-2.3). Where a choice that nobody has told decides, the lowest count with `exact: false`.
 */
import { smaller } from './amounts.ts';
import { type ClaimLimit, claimLimits } from './claim-limits.ts';
import type { PodDemand } from './demand.ts';
import { doubtLines } from './doubt-lines.ts';
import { labelDoubts, missingDoubts } from './dump-doubts.ts';
import { foldDemand } from './fold.ts';
import { isMemoryOpen, mostMemoryMiB } from './hami-quota.ts';
import { closedDomains, type Pair, pairOf, selectsItself, wantedDomains } from './neighbours.ts';
import type { ClusterModel, NodeModel } from './node.ts';
import { ownCount } from './node-count.ts';
import { refusalOf, termsHold } from './node-match.ts';
import type { ZoneMemo } from './numa/zone-count.ts';
import { quotaCount } from './quota.ts';
import { hasSpreadKeys, type NodeSides, type SpreadState, spreadCounts, spreadStates } from './spread.ts';
import { untolerated } from './taints.ts';
import { countTogether, type NodeClass } from './together.ts';

/** One node's share: replicas and what refuses one more there. */
export type NodeShare = {
  readonly name: string;
  readonly count: bigint;
  readonly bound: string;
  /** Conditions of the node that tell of trouble, as `Ready=False`; absent = none. */
  readonly conditions?: readonly string[];
};

/** The answer for one cluster. */
export type ExactFit = {
  /** Further replicas; a lower bound unless `exact`. */
  readonly total: bigint;
  readonly exact: boolean;
  /** Every node, in the cluster's order; counts add up to `total`. */
  readonly nodes: readonly NodeShare[];
  /** Nodes with count 0, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Why the answer is an estimate, where that is known in words. */
  readonly doubts: readonly string[];
};

/** A node's share while it is counted. */
export type Share = { count: bigint; bound: string };
/** A count under way. */
export type Counting = {
  readonly cluster: ClusterModel;
  readonly demand: PodDemand;
  readonly shares: Share[];
  readonly doubts: Set<string>;
  exact: boolean;
};

/** Counts a shape. */
export const fitModel = (cluster: ClusterModel, asked: PodDemand): ExactFit => {
  const { demand, refusal, doubts } = foldDemand(cluster, asked);
  const counting: Counting = { cluster, demand, shares: [], doubts: new Set([...cluster.doubts, ...doubts]), exact: true };
  const { limit, doubts: ofClaims } = claimLimits(cluster, demand);
  for (const doubt of ofClaims) counting.doubts.add(doubt);
  const memos = new Map<PodDemand, ZoneMemo>();
  for (const node of cluster.nodes)
    counting.shares.push(refusal === undefined ? shareOf(counting, node, memos, limit) : { count: 0n, bound: refusal });
  return fitShares(counting);
};

/** As {@link fitModel} where each node's own share is counted already. The shares are taken over; the demand is folded. */
export const fitShares = (counting: Counting): ExactFit => {
  beside(counting);
  apart(counting);
  byQuota(counting);
  return answerOf(counting);
};

const memoOf = (memos: Map<PodDemand, ZoneMemo>, demand: PodDemand): ZoneMemo => {
  const known = memos.get(demand) ?? new Map();
  memos.set(demand, known);
  return known;
};

const shareOf = (counting: Counting, node: NodeModel, memos: Map<PodDemand, ZoneMemo>, limit: ClaimLimit): Share => {
  const { demand, cluster } = counting;
  const refused = demand.nodeName !== undefined && demand.nodeName !== node.name ? 'selector' : refusalOf(node, demand);
  if (refused !== undefined) return { count: 0n, bound: refused };
  const { rest, devices } = limit(node);
  const { count, bound, exact, doubts } = ownCount(node, rest, cluster.grainBytes, memoOf(memos, rest));
  if (!exact) counting.exact = false;
  for (const doubt of [...doubts, ...missingDoubts(node, rest), ...labelDoubts(node, rest)]) counting.doubts.add(doubt);
  const held = devices?.(count);
  // The allocator's choice does not matter where every one holds more than is asked.
  if (held === undefined || held.count >= count) return { count, bound };
  if (!held.exact) counting.exact = false;
  if (held.doubt !== undefined) counting.doubts.add(held.doubt);
  return { count: held.count, bound: held.bound };
};

/** A refusal of the scheduler goes before one of the kubelet, which is never asked then. */
const refuse = (share: Share | undefined, bound: string): void => {
  if (share === undefined || (share.count === 0n && share.bound !== 'numa')) return;
  share.count = 0n;
  share.bound = bound;
};

/** Takes nodes out that pods which run keep replicas from, or that lack the pods replicas want beside them. */
const beside = ({ cluster, demand, shares }: Counting): void => {
  const closed = closedDomains(cluster, demand);
  if (closed.size > 0) {
    cluster.nodes.forEach((node, at) => {
      if (Object.keys(node.labels).some((key) => closed.has(pairOf(node, key) ?? ''))) refuse(shares[at], 'affinity');
    });
  }
  if (demand.affinity.length === 0) return;
  const wanted = wantedDomains(cluster, demand);
  const isFirst = wanted.size === 0 && demand.affinity.every((term) => selectsItself(cluster, demand, term));
  cluster.nodes.forEach((node, at) => {
    const holds = demand.affinity.every(({ topologyKey }) => {
      const pair = pairOf(node, topologyKey);
      return pair !== undefined && (isFirst || wanted.has(pair));
    });
    if (!holds) refuse(shares[at], 'affinity');
  });
};

/** Applies what replicas say of each other. */
const apart = (counting: Counting): void => {
  const { cluster, demand, shares } = counting;
  if (demand.spread.length > 0) {
    cluster.nodes.forEach((node, at) => {
      if (!hasSpreadKeys(node, demand)) refuse(shares[at], 'spread');
    });
  }
  const states = spreadStates(cluster, demand, sidesOf(demand));
  const keys = [
    ...new Set(demand.antiAffinity.filter((term) => selectsItself(cluster, demand, term)).map(({ topologyKey }) => topologyKey)),
  ];
  const solve = (places: readonly number[]): { counts: ReadonlyMap<number, bigint>; exact: boolean; bound: string } => {
    if (keys.length === 0 && states.length === 0) return { counts: new Map(), exact: true, bound: '' };
    const [state] = states;
    if (keys.length === 0 && states.length === 1 && state !== undefined)
      return { ...underOneRule(counting, places, state), bound: 'spread' };
    if (keys.length === 1 && states.length === 0) return { ...onePerDomain(counting, places, keys[0] ?? ''), bound: 'affinity' };
    return { ...underAllRules(counting, places, states, keys), bound: states.length > 0 ? 'spread' : 'affinity' };
  };
  const taking = (places: readonly number[]): number[] => places.filter((at) => (shares[at]?.count ?? 0n) > 0n);
  const all = taking(cluster.nodes.map((_, at) => at));
  const parts = startingDomains(counting, all).map((places) => {
    const { counts, exact, bound } = solve(places);
    const total = places.reduce((sum, at) => sum + (counts.get(at) ?? (bound === '' ? (shares[at]?.count ?? 0n) : 0n)), 0n);
    return { places, counts, exact, bound, total };
  });
  const able = parts.filter(({ total }) => total > 0n);
  const least = able.reduce<(typeof parts)[number] | undefined>(
    (low, part) => (low === undefined || part.total < low.total ? part : low),
    undefined,
  );
  if (least === undefined) {
    for (const { places, bound } of parts) for (const at of places) refuse(shares[at], bound === '' ? 'affinity' : bound);
    return;
  }
  if (!least.exact || able.some(({ total, exact }) => total !== least.total || !exact)) counting.exact = false;
  const chosen = new Set(least.places);
  for (const at of all) {
    const share = shares[at];
    if (share === undefined) continue;
    if (!chosen.has(at)) refuse(share, 'affinity');
    else if (least.bound !== '') limit(share, least.counts.get(at) ?? 0n, least.bound);
  }
  // A replica that is there keeps the next one away, before the kubelet is asked.
  cluster.nodes.forEach((node, at) => {
    const share = shares[at];
    if (share?.bound === 'numa' && share.count > 0n && keys.some((key) => pairOf(node, key) !== undefined)) share.bound = 'affinity';
  });
};

const limit = (share: Share, count: bigint, bound: string): void => {
  if (count >= share.count) return;
  share.count = count;
  share.bound = bound;
};

const sidesOf =
  (demand: PodDemand) =>
  (node: NodeModel): NodeSides => ({
    fitsAffinity: termsHold(node, demand) === undefined,
    toleratesTaints: untolerated(node.taints, demand.tolerations, ['NoSchedule', 'NoExecute']) === undefined,
  });

/** Nodes by the domain that the first of replicas which want to be together may open; all of them where nothing ties replicas together. */
const startingDomains = ({ cluster, demand }: Counting, places: readonly number[]): readonly (readonly number[])[] => {
  if (demand.affinity.length === 0 || wantedDomains(cluster, demand).size > 0) return [places];
  const groups = new Map<string, number[]>();
  for (const at of places) {
    const node = cluster.nodes[at];
    const key = demand.affinity.map(({ topologyKey }) => (node === undefined ? '' : pairOf(node, topologyKey))).join('\u0001');
    groups.set(key, [...(groups.get(key) ?? []), at]);
  }
  return [...groups.values()];
};

type Solved = { readonly counts: ReadonlyMap<number, bigint>; readonly exact: boolean };

const roomBy = ({ cluster, shares }: Counting, places: readonly number[], key: string): Map<Pair, { room: bigint; places: number[] }> => {
  const domains = new Map<Pair, { room: bigint; places: number[] }>();
  for (const at of places) {
    const node = cluster.nodes[at];
    const pair = (node === undefined ? undefined : pairOf(node, key)) ?? `\u0000${at}`;
    const domain = domains.get(pair) ?? { room: 0n, places: [] };
    domain.room += shares[at]?.count ?? 0n;
    domain.places.push(at);
    domains.set(pair, domain);
  }
  return domains;
};

/** Gives a domain's replicas to its nodes, in order. */
const dealt = ({ shares }: Counting, places: readonly number[], count: bigint, into: Map<number, bigint>): void => {
  let rest = count;
  for (const at of places) {
    const given = smaller(rest, shares[at]?.count ?? 0n);
    into.set(at, given);
    rest -= given;
  }
};

const underOneRule = (counting: Counting, places: readonly number[], state: SpreadState): Solved => {
  const domains = roomBy(counting, places, state.rule.topologyKey);
  const room = new Map([...state.present.keys(), ...domains.keys()].map((pair) => [pair, domains.get(pair)?.room ?? 0n] as const));
  const counts = new Map<number, bigint>();
  for (const [pair, count] of spreadCounts(state, room)) dealt(counting, domains.get(pair)?.places ?? [], count, counts);
  return { counts, exact: true };
};

/** One replica in each domain; a node without the label is no domain and is not limited. */
const onePerDomain = (counting: Counting, places: readonly number[], key: string): Solved => {
  const counts = new Map<number, bigint>();
  for (const [pair, { places: inside, room }] of roomBy(counting, places, key))
    dealt(counting, inside, pair.startsWith('\u0000') ? room : 1n, counts);
  return { counts, exact: true };
};

const underAllRules = (counting: Counting, places: readonly number[], states: readonly SpreadState[], keys: readonly string[]): Solved => {
  const { cluster, demand, shares } = counting;
  const classes = new Map<string, { room: bigint; spread: Pair[]; apart: Pair[]; places: number[] }>();
  for (const at of places) {
    const node = cluster.nodes[at];
    if (node === undefined) continue;
    const spread = demand.spread.map(({ topologyKey }) => pairOf(node, topologyKey) ?? '');
    const apartFrom = keys.flatMap((key) => pairOf(node, key) ?? []);
    const key = [...spread, '', ...apartFrom].join('\u0001');
    const known = classes.get(key) ?? { room: 0n, spread, apart: apartFrom, places: [] };
    known.room += shares[at]?.count ?? 0n;
    known.places.push(at);
    classes.set(key, known);
  }
  const list = [...classes.values()];
  const solved = countTogether(list satisfies readonly NodeClass[], states);
  const counts = new Map<number, bigint>();
  list.forEach((one, index) => {
    dealt(counting, one.places, solved.counts[index] ?? 0n, counts);
  });
  return { counts, exact: solved.exact };
};

/** Quota cuts the sum: nodes keep their shares in order until it is used up. */
const byQuota = ({ cluster, demand, shares, doubts }: Counting): void => {
  if (cluster.quotas.length === 0) return;
  const gpus = cluster.nodes.flatMap(({ sharedGpus = [] }) => sharedGpus);
  let rest = quotaCount(cluster.quotas, demand, mostMemoryMiB(gpus));
  if (rest === undefined) return;
  if (shares.reduce((sum, { count }) => sum + count, 0n) > rest && isMemoryOpen(cluster.quotas, demand, gpus))
    doubts.add(
      `ResourceQuota of namespace ${demand.namespace}: GPUs have different memory, and which of them replicas that ask by percent get is not known`,
    );
  for (const share of shares) {
    limit(share, rest, 'quota');
    rest -= share.count;
  }
};

const answerOf = ({ cluster, shares, exact, doubts }: Counting): ExactFit => {
  const refusals: Record<string, number> = {};
  let total = 0n;
  for (const { count, bound } of shares) {
    total += count;
    if (count === 0n) refusals[bound] = (refusals[bound] ?? 0) + 1;
  }
  return {
    total,
    exact: exact && doubts.size === 0,
    nodes: cluster.nodes.map(({ name, conditions }, at) => ({
      name,
      count: shares[at]?.count ?? 0n,
      bound: shares[at]?.bound ?? '',
      ...(conditions === undefined ? {} : { conditions }),
    })),
    refusals,
    doubts: doubtLines(doubts),
  };
};
