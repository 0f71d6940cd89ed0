/** @module Which clusters may take replicas of a workload, how many at most, and why others may not. */
import { taintText, tolerates } from '../capacity/index.ts';
import { matchesLabels } from '../kube/selectors/index.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { ClusterView, TimedTaint, Workload } from './model.ts';

/** A cluster that may take or keep replicas. */
export type Candidate = {
  readonly view: ClusterView;
  /** Index of its tier. */
  readonly tier: number;
  /** PreferNoSchedule taints that nothing tolerates: those with fewer go first within a tier. */
  readonly avoid: number;
  /** Present replicas. */
  readonly current: number;
  /** Further replicas that fit; undefined when unknown. */
  readonly fits: number | undefined;
  readonly exact: boolean;
  readonly refusals: Readonly<Record<string, number>>;
  /** Least and most replicas. */
  readonly min: number;
  readonly max: number;
  /** For strategy Weighted; 1 otherwise. */
  readonly weight: number;
  /** Keeps what runs and takes no more: a NoSchedule taint, or no capacity report. */
  readonly keepsOnly: { readonly reason: string; readonly message: string } | undefined;
};

/** A cluster that is out. */
export type Refused = { readonly view: ClusterView; readonly tier: number | undefined; readonly reason: string; readonly message: string };

/** Either, and when a toleration of the cluster's taints ends. */
export type Verdict = { readonly candidate: Candidate } | { readonly refused: Refused };

/** When an untolerated NoExecute taint drives replicas out: now (0), at a time, or never (undefined). */
const evictionAt = (taint: TimedTaint, policy: CompiledPolicy): number | undefined => {
  const matching = policy.tolerations.filter((toleration) => tolerates(toleration, taint));
  if (matching.length === 0) return 0;
  const seconds = matching.map((toleration) => toleration.tolerationSeconds).filter((value) => value !== undefined);
  // The shortest of the tolerations that end counts, as for pods (taint-eviction-controller, getMinTolerationTime).
  return seconds.length === 0 ? undefined : (taint.sinceMs ?? 0) + Math.min(...seconds) * 1000;
};

/** The largest weight of the rules that match; undefined when none does. */
const weightOf = (policy: CompiledPolicy, view: ClusterView): number | undefined => {
  if (policy.strategy !== 'Weighted' || policy.weights === undefined) return 1;
  let best: number | undefined;
  for (const rule of policy.weights) {
    if (matchesLabels(rule.clusters, view.labels) && (best === undefined || rule.weight > best)) best = rule.weight;
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

/** Judges one cluster. `recheck` is told the time at which a toleration ends. */
export const judge = (
  policy: CompiledPolicy,
  workload: Workload,
  view: ClusterView,
  nowMs: number,
  recheck: (atMs: number) => void,
): Verdict => {
  const isPresent = workload.current.has(view.name);
  const tierIndex = policy.tiers.findIndex((tier) => matchesLabels(tier.clusters, view.labels));
  const tier = tierIndex < 0 ? undefined : tierIndex;
  const refuse = (reason: string, message: string): Verdict => ({ refused: { view, tier, reason, message } });

  if (view.closed !== undefined) return refuse(view.closed.reason, view.closed.message);
  if (tier === undefined) return refuse('tier', 'no tier of the policy selects the cluster');
  for (const taint of view.taints) {
    if (taint.effect !== 'NoExecute') continue;
    const atMs = evictionAt(taint, policy);
    if (atMs === undefined) continue;
    if (atMs <= nowMs) return refuse('taint', `taint ${taintText(taint)} is not tolerated`);
    recheck(atMs);
  }
  const { apiVersion, kind } = workload.ref;
  if (!isPresent && view.served !== undefined && !view.served.has(`${apiVersion}/${kind}`)) {
    return refuse('api', `the cluster does not serve ${kind} of ${apiVersion}`);
  }
  const unlabelled = policy.spread.find(
    (rule) => rule.whenUnsatisfiable !== 'ScheduleAnyway' && !Object.hasOwn(view.labels, rule.topologyKey),
  );
  if (unlabelled !== undefined) return refuse('spread', `the cluster has no label ${unlabelled.topologyKey}; set it on the Cluster`);
  const weight = weightOf(policy, view);
  if (weight === undefined) return refuse('weight', 'no weight of the policy selects the cluster');

  const blocking = view.taints.find(
    (taint) => taint.effect === 'NoSchedule' && !policy.tolerations.some((toleration) => tolerates(toleration, taint)),
  );
  if (blocking !== undefined && !isPresent) return refuse('taint', `taint ${taintText(blocking)} is not tolerated`);
  const counts = workload.replicas !== undefined && workload.shape !== undefined;
  if (counts && view.room === undefined && !isPresent) return refuse('report', 'the cluster has not reported its capacity yet');
  const fit = workload.shape === undefined || !counts ? undefined : view.room?.fit(workload.shape);
  const avoid = view.taints.filter(
    (taint) => taint.effect === 'PreferNoSchedule' && !policy.tolerations.some((toleration) => tolerates(toleration, taint)),
  ).length;
  const keepsOnly =
    blocking !== undefined
      ? { reason: 'taint', message: `taint ${taintText(blocking)} keeps further replicas out` }
      : counts && view.room === undefined
        ? { reason: 'report', message: 'the cluster has not reported its capacity yet' }
        : undefined;
  return {
    candidate: {
      view,
      tier,
      avoid,
      current: workload.current.get(view.name) ?? 0,
      fits: fit?.count,
      exact: fit?.exact ?? true,
      refusals: fit?.refusals ?? {},
      ...boundsOf(policy, view),
      weight,
      keepsOnly,
    },
  };
};
