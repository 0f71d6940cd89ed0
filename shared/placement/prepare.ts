/** @module A policy held against clusters: what does not depend on the workload, made once for a list of clusters and kept with it. */

import type { ExplanationScore } from '../api/index.ts';
import { taintText, tolerates } from '../capacity/index.ts';
import { matchesLabels } from '../kube/selectors/index.ts';
import { compareText } from '../lib/compare-text.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { type Fleet, fleetOf } from './fleet.ts';
import type { ClusterView, TimedTaint } from './model.ts';
import { notKeptText } from './weightless.ts';

/** Why a cluster is out, or takes no more. */
export type Refusal = { readonly reason: string; readonly message: string };

/** The values of one topology key: `of[i]` is the domain of cluster i, -1 without the label. */
export type Domains = { readonly names: readonly string[]; readonly of: readonly number[] };

/** One cluster held against a policy. */
export type Standing = {
  readonly view: ClusterView;
  /** Index of the tier; -1 = none. */
  readonly tier: number;
  /** Out whatever the workload. */
  readonly refused: Refusal | undefined;
  /** NoExecute taints that nothing tolerates for ever. */
  readonly driving: readonly TimedTaint[];
  /** Set when a NoSchedule taint keeps further replicas out. */
  readonly blocked: Refusal | undefined;
  readonly score: number;
  readonly scores: readonly ExplanationScore[];
  /** Least and most replicas. */
  readonly min: number;
  readonly max: number;
  /** For strategy Weighted; 1 otherwise. */
  readonly weight: number;
};

/** Clusters held against a policy, in name order. */
export type Prepared = {
  readonly fleet: Fleet;
  readonly standings: readonly Standing[];
  readonly index: ReadonlyMap<string, number>;
  /** By kind as `apps/v1/Deployment`. */
  readonly gates: Map<string, Uint8Array>;
  /** One for each spread constraint of the policy. */
  readonly domains: readonly Domains[];
  readonly isPriced: boolean;
};

/** How a cluster stands to objects of a kind, whatever the workload. */
export const gate = {
  open: 0,
  /** {@link Standing.refused}. */
  out: 1,
  /** Does not serve the kind; what runs stays. */
  unserved: 2,
  /** {@link Standing.blocked}; what runs stays. */
  blocked: 3,
  /** The clock decides on {@link Standing.driving}. */
  driven: 4,
} as const;

/** What an untolerated PreferNoSchedule taint takes from the score. */
const avoidScore = 100;

const isTolerated = (policy: CompiledPolicy, taint: TimedTaint): boolean =>
  policy.tolerations.some((toleration) => tolerates(toleration, taint));

/** The value of a label; undefined without it. */
export const labelOf = (view: ClusterView, key: string): string | undefined =>
  Object.hasOwn(view.labels, key) ? view.labels[key] : undefined;

/** The largest weight of the rules that match; undefined when none does. */
const weightOf = (policy: CompiledPolicy, view: ClusterView): number | undefined => {
  if (policy.strategy !== 'Weighted' || policy.weights === undefined) return 1;
  let best: number | undefined;
  for (const rule of policy.weights) {
    if ((best === undefined || rule.weight > best) && matchesLabels(rule.clusters, view.labels)) best = rule.weight;
  }
  return best;
};

const boundsOf = (policy: CompiledPolicy, view: ClusterView): { min: number; max: number } => {
  let [min, max] = [0, Number.MAX_SAFE_INTEGER];
  for (const rule of policy.bounds) {
    if (!matchesLabels(rule.clusters, view.labels)) continue;
    min = Math.max(min, rule.min);
    max = Math.min(max, rule.max);
  }
  return { min, max };
};

const residencyRefusal = (policy: CompiledPolicy, view: ClusterView): Refusal | undefined => {
  for (const { topologyKey, values } of policy.residencies) {
    const value = labelOf(view, topologyKey);
    if (value !== undefined && values.includes(value)) continue;
    const has = value === undefined ? `has no label ${topologyKey}` : `has ${topologyKey}=${value}`;
    return { reason: 'residency', message: `the data may only be in ${topologyKey}=${values.join(' or ')}; the cluster ${has}` };
  }
  return undefined;
};

const refusalOf = (policy: CompiledPolicy, view: ClusterView, tier: number, weight: number | undefined, min = 0): Refusal | undefined => {
  if (view.closed !== undefined) return view.closed;
  if (tier < 0) return { reason: 'tier', message: 'no tier of the policy selects the cluster' };
  const outside = residencyRefusal(policy, view);
  if (outside !== undefined) return outside;
  // Of a preference too: a cluster of no domain can neither keep it nor break it, and would take what the domains are meant to share.
  const unlabelled = policy.spread.find((rule) => labelOf(view, rule.topologyKey) === undefined);
  if (unlabelled !== undefined) {
    return { reason: 'spread', message: `the cluster has no label ${unlabelled.topologyKey}; set it on the Cluster` };
  }
  return weight === undefined ? { reason: 'weight', message: `no weight of the policy selects the cluster${notKeptText(min)}` } : undefined;
};

const noScores: readonly ExplanationScore[] = [];
const noTaints: readonly TimedTaint[] = [];

/** The first tier that selects the cluster; -1 = none does. */
const tierOf = (policy: CompiledPolicy, view: ClusterView): number =>
  policy.tiers.findIndex(({ clusters }) => matchesLabels(clusters, view.labels));

/**
 * True when the policy alone leaves the cluster out, by its tiers, its weights or a label that spread asks for: not because nothing may be in
 * the cluster, its data may not be there, or a taint drives it out at this time.
 */
export const leavesOut = (policy: CompiledPolicy, view: ClusterView, nowMs: number): boolean => {
  const mayStay =
    view.closed === undefined &&
    residencyRefusal(policy, view) === undefined &&
    view.taints.every((taint) => (evictionAt(taint, policy) ?? Number.POSITIVE_INFINITY) > nowMs);
  const weight = weightOf(policy, view);
  return mayStay && (weight === 0 || refusalOf(policy, view, tierOf(policy, view), weight) !== undefined);
};

const scoresOf = (policy: CompiledPolicy, view: ClusterView): readonly ExplanationScore[] => {
  if (policy.preferred.length === 0 && view.taints.length === 0) return noScores;
  const scores: ExplanationScore[] = [];
  policy.preferred.forEach(({ clusters, weight }, at) => {
    if (matchesLabels(clusters, view.labels)) scores.push({ term: `preferredClusters[${at}]`, score: weight });
  });
  for (const taint of view.taints) {
    if (taint.effect === 'PreferNoSchedule' && !isTolerated(policy, taint))
      scores.push({ term: `taint ${taintText(taint)}`, score: -avoidScore });
  }
  return scores;
};

/** A cluster held against the policy. */
export const standingOf = (policy: CompiledPolicy, view: ClusterView): Standing => {
  const tier = tierOf(policy, view);
  const weight = weightOf(policy, view);
  const blocking = view.taints.find((taint) => taint.effect === 'NoSchedule' && !isTolerated(policy, taint));
  const scores = scoresOf(policy, view);
  const bounds = boundsOf(policy, view);
  return {
    view,
    tier,
    refused: refusalOf(policy, view, tier, weight, bounds.min),
    driving: view.taints.length === 0 ? noTaints : view.taints.filter((taint) => evictionAt(taint, policy) !== undefined),
    blocked: blocking === undefined ? undefined : { reason: 'taint', message: `taint ${taintText(blocking)} is not tolerated` },
    score: scores.reduce((sum, { score }) => sum + score, 0),
    scores,
    ...bounds,
    weight: weight ?? 0,
  };
};

/** When a NoExecute taint drives replicas out: now (0), at a time in ms, or never (undefined). */
export const evictionAt = (taint: TimedTaint, policy: CompiledPolicy): number | undefined => {
  if (taint.effect !== 'NoExecute') return undefined;
  const matching = policy.tolerations.filter((toleration) => tolerates(toleration, taint));
  if (matching.length === 0) return 0;
  const seconds = matching.map((toleration) => toleration.tolerationSeconds).filter((value) => value !== undefined);
  // The shortest of the tolerations that end counts, as for pods (taint-eviction-controller, getMinTolerationTime).
  return seconds.length === 0 ? undefined : (taint.sinceMs ?? 0) + Math.min(...seconds) * 1000;
};

const domainsOf = (key: string, standings: readonly Standing[]): Domains => {
  const values = standings.map(({ view }) => labelOf(view, key));
  const names = [...new Set(values.filter((value) => value !== undefined))].sort(compareText);
  const index = new Map(names.map((name, at) => [name, at]));
  return { names, of: values.map((value) => (value === undefined ? -1 : (index.get(value) ?? -1))) };
};

const prepareNow = (policy: CompiledPolicy, clusters: readonly ClusterView[]): Prepared => {
  const fleet = fleetOf(clusters);
  const standings = fleet.views.map((view) => standingOf(policy, view));
  return {
    fleet,
    standings,
    index: fleet.index,
    gates: new Map(),
    domains: policy.spread.map(({ topologyKey }) => domainsOf(topologyKey, standings)),
    isPriced: clusters.some(({ pricing }) => pricing !== undefined),
  };
};

/** False when the cluster is known not to serve the kind. */
export const isServed = ({ view: { served } }: Standing, kind: string): boolean => served === undefined || served.has(kind);

const gateOf = (standing: Standing, kind: string): number => {
  if (standing.refused !== undefined) return gate.out;
  if (standing.driving.length > 0) return gate.driven;
  if (!isServed(standing, kind)) return gate.unserved;
  return standing.blocked === undefined ? gate.open : gate.blocked;
};

/** Kinds of which the gates are kept; beyond it they are made anew. */
const kindsMax = 64;

/** How each cluster stands to objects of a kind (`apps/v1/Deployment`). */
export const gatesOf = ({ standings, gates }: Prepared, kind: string): Uint8Array => {
  const known = gates.get(kind);
  if (known !== undefined) return known;
  const made = Uint8Array.from(standings, (standing) => gateOf(standing, kind));
  if (gates.size >= kindsMax) gates.clear();
  gates.set(kind, made);
  return made;
};

const kept = new WeakMap<readonly ClusterView[], WeakMap<CompiledPolicy, Prepared>>();

/** The clusters held against the policy; kept as long as both lists live, so that neither may be changed in place. */
export const prepare = (policy: CompiledPolicy, clusters: readonly ClusterView[]): Prepared => {
  const known = kept.get(clusters) ?? new WeakMap<CompiledPolicy, Prepared>();
  kept.set(clusters, known);
  const made = known.get(policy) ?? prepareNow(policy, clusters);
  known.set(policy, made);
  return made;
};
