/** @module The decision: which clusters run a workload with how many replicas, and a row of explanation for every cluster. Pure. */
import type { ExplanationRow } from '../api/index.ts';
import { type Candidates, candidatesOf, standingAt } from './candidates.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { costOf, mainCurrency, pricesOf } from './cost.ts';
import { type Division, divideDuplicated, divideStable, divideWeighted, type Preference } from './divide.ts';
import { explainRows, type Outcome, summary } from './explain.ts';
import type { ClusterView, Decision, OtherWorkload, Workload } from './model.ts';
import { prepare } from './prepare.ts';
import { type Problem, spreadOver, sumOf, type Violation } from './problem.ts';

/**
 * What a decision is made from besides the workload. `clusters` is kept by identity with what was found out about it: give the same list again
 * while nothing about the clusters but their room has changed, and never change it in place.
 */
export type Snapshot = {
  readonly policy: CompiledPolicy;
  readonly clusters: readonly ClusterView[];
  /** For affinities between workloads; absent = none. */
  readonly others?: readonly OtherWorkload[];
};

/** The clock of a decision. */
export type PlaceEnv = { readonly nowMs: number };

/** Replicas that are divided one by one where spread constraints hold; more are refused. */
const spreadReplicasMax = 200_000;
/** Above every score: an earlier tier goes before any preference. */
const tierStep = 1_048_576;

/** Most replicas that a candidate can have: what it has and what still fits, within its bounds. */
const mostOf = (candidates: Candidates, at: number, replicas: number): number => {
  const fit = candidates.fits[at];
  const growth = candidates.holds[at] === undefined ? (fit === undefined ? replicas : fit.count) : 0;
  return Math.min(standingAt(candidates, at)?.max ?? 0, (candidates.current[at] ?? 0) + Math.max(0, growth));
};

/** The order in which Cheapest and Tightest fill clusters: within tier and score by price or by fits; equal ones of Cheapest share. */
const orderedRanks = (policy: CompiledPolicy, candidates: Candidates, rank: readonly number[]): number[] => {
  const isCheapest = policy.strategy === 'Cheapest';
  const prices = isCheapest ? pricesOf(candidates, mainCurrency(candidates.prepared)) : [];
  const byPrice = (a: number, b: number): number => {
    const [x, y] = [prices[a], prices[b]];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return x < y ? -1 : x > y ? 1 : 0;
  };
  const fits = (at: number): number => candidates.fits[at]?.count ?? Number.MAX_SAFE_INTEGER;
  const compare = (a: number, b: number): number =>
    (rank[a] ?? 0) - (rank[b] ?? 0) || (isCheapest ? byPrice(a, b) : fits(a) - fits(b) || a - b);
  const order = [...rank.keys()].sort((a, b) => compare(a, b) || a - b);
  const ranks = new Array<number>(rank.length).fill(0);
  let next = 0;
  order.forEach((at, position) => {
    const before = order[position - 1];
    if (before !== undefined && compare(before, at) !== 0) next += 1;
    ranks[at] = next;
  });
  return ranks;
};

/** The division that a decision comes down to. */
export const problemOf = (policy: CompiledPolicy, candidates: Candidates, replicas: number): Problem => {
  const size = candidates.at.length;
  const weighted = policy.strategy === 'Weighted';
  const column = (): number[] => new Array<number>(size).fill(0);
  const [min, max, current, rank, tier, votes] = [column(), column(), column(), column(), column(), column()];
  const isWeightless = weighted && candidates.at.every((_, at) => (standingAt(candidates, at)?.weight ?? 0) === 0);
  for (let at = 0; at < size; at++) {
    const standing = standingAt(candidates, at);
    if (standing === undefined) continue;
    const most = mostOf(candidates, at, replicas);
    max[at] = most;
    min[at] = replicas === 0 ? 0 : Math.min(standing.min, most);
    current[at] = Math.min(candidates.current[at] ?? 0, most);
    tier[at] = standing.tier;
    rank[at] = standing.tier * tierStep - (weighted ? 0 : (candidates.score[at] ?? 0));
    votes[at] = weighted ? (isWeightless ? 1 : standing.weight) : Math.max(0, most - (candidates.current[at] ?? 0));
  }
  const isOrdered = policy.strategy === 'Cheapest' || policy.strategy === 'Tightest';
  return {
    replicas,
    min,
    max,
    current,
    rank: isOrdered ? orderedRanks(policy, candidates, rank) : rank,
    tier,
    votes,
    spreads: policy.spread.flatMap((rule, index) => {
      const domains = candidates.prepared.domains[index];
      return domains === undefined ? [] : [spreadOver(rule, domains, candidates.at, replicas)];
    }),
  };
};

/** A minimum above what the cluster can hold is broken whatever the division. */
const boundFaults = (policy: CompiledPolicy, candidates: Candidates, problem: Problem): Violation[] => {
  if (problem.replicas === 0 || policy.bounds.length === 0) return [];
  const faults: Violation[] = [];
  const least = sumOf(problem.min);
  if (least > problem.replicas) {
    faults.push({
      term: 'bounds',
      message: `bounds: the clusters need at least ${least} replicas in all, the workload has ${problem.replicas}`,
    });
  }
  for (let at = 0; at < candidates.at.length; at++) {
    const standing = standingAt(candidates, at);
    if (standing === undefined || standing.min <= (problem.max[at] ?? 0)) continue;
    const short = standing.min - (problem.max[at] ?? 0);
    faults.push({
      term: 'bounds',
      message: `bounds: ${standing.view.name} needs at least ${standing.min} replicas and can hold ${problem.max[at] ?? 0}, ${short} too few`,
    });
  }
  return faults;
};

const preferences: Readonly<Record<string, Preference>> = { Aggregated: 'aggregated' };

const divide = (policy: CompiledPolicy, problem: Problem, candidates: Candidates, workload: Workload): Division => {
  if (problem.spreads.length > 0 && problem.replicas > spreadReplicasMax) {
    const message = `spread: ${problem.replicas} replicas are more than the ${spreadReplicasMax} that are spread at once`;
    return { counts: problem.min, broken: [{ term: 'spread', message }] };
  }
  if (policy.strategy === 'Duplicated') return divideDuplicated(problem);
  if (policy.strategy === 'Weighted') return divideWeighted(problem);
  const owed = candidates.at.map((_, at) => {
    const name = standingAt(candidates, at)?.view.name ?? '';
    return workload.owed.size > 0 && candidates.holds[at] === undefined ? (workload.owed.get(name) ?? 0) : 0;
  });
  return divideStable(problem, owed, preferences[policy.strategy] ?? 'proportional');
};

/** Replicas asked for: Duplicated asks for all of them in every cluster that takes part. */
const wantedOf = (policy: CompiledPolicy, problem: Problem, counts: readonly number[]): number =>
  policy.strategy === 'Duplicated' ? problem.replicas * Math.max(1, counts.filter((count) => count > 0).length) : problem.replicas;

/** When a hard term cannot hold: nothing new is placed, and what runs and may stay keeps running. */
const onlyPresent = (problem: Problem): number[] => {
  let left = problem.replicas;
  return problem.current.map((count) => {
    const kept = Math.min(count, left);
    left -= kept;
    return kept;
  });
};

/** Applies what is all or nothing; answers the counts to go by and the terms that stopped the rest. */
const settle = (policy: CompiledPolicy, problem: Problem, candidates: Candidates, division: Division): Outcome => {
  const faults = [...boundFaults(policy, candidates, problem), ...division.broken];
  const least = policy.gang ? wantedOf(policy, problem, division.counts) : Math.min(policy.minReplicas, problem.replicas);
  const partial = sumOf(division.counts) < least;
  if (faults.length === 0 && !partial) return { counts: division.counts, faults, partial };
  return { counts: onlyPresent(problem), faults, partial };
};

/** Objects without replicas count as one copy in each cluster; tiers only say which clusters take part. */
const placeWhole = (policy: CompiledPolicy, candidates: Candidates): { problem: Problem; outcome: Outcome } => {
  const made = problemOf({ ...policy, strategy: 'Duplicated' }, candidates, 1);
  const problem: Problem = {
    ...made,
    tier: made.tier.map(() => 0),
    min: made.min.map(() => 0),
    max: made.max.map(() => 1),
    current: candidates.current.map((count) => Math.min(1, count)),
  };
  const { counts, broken } = divideDuplicated(problem);
  return {
    problem,
    outcome:
      broken.length === 0 ? { counts, faults: [], partial: false } : { counts: onlyPresentCopies(problem), faults: broken, partial: false },
  };
};

const onlyPresentCopies = (problem: Problem): number[] => [...problem.current];

/** A decision whose rows are made when they are first read: most callers of a large fleet never do. */
const withLazyRows = (decision: Omit<Decision, 'rows'>, make: () => readonly ExplanationRow[]): Decision => {
  let rows: readonly ExplanationRow[] | undefined;
  return {
    ...decision,
    get rows() {
      rows ??= make();
      return rows;
    },
  };
};

/**
 * Decides where a workload runs. The same input gives the same answer whatever the order of the clusters, and with the answer as
 * `workload.current` the next call changes nothing.
 */
export const place = (snapshot: Snapshot, workload: Workload, env: PlaceEnv): Decision => {
  const { policy } = snapshot;
  const prepared = prepare(policy, snapshot.clusters);
  const candidates = candidatesOf(policy, prepared, workload, snapshot.others ?? [], env.nowMs);
  const whole = workload.replicas === undefined;
  const { problem, outcome } = whole ? placeWhole(policy, candidates) : placeReplicas(policy, candidates, workload, workload.replicas);
  const { counts } = outcome;
  const wanted = whole ? sumOf(counts) : wantedOf(policy, problem, counts);
  const clusters: { name: string; replicas?: number }[] = [];
  for (let at = 0; at < counts.length; at++) {
    const got = counts[at] ?? 0;
    if (got === 0) continue;
    const name = standingAt(candidates, at)?.view.name ?? '';
    clusters.push(whole ? { name } : { name, replicas: got });
  }
  const cost = whole || workload.shape === undefined ? undefined : costOf(candidates, workload, workload.shape, counts);
  return withLazyRows(
    {
      clusters,
      unplaced: Math.max(0, wanted - sumOf(counts)),
      ...summary(policy, candidates, problem, outcome, wanted),
      cost,
      recheckAtMs: candidates.recheckAtMs,
    },
    () => {
      const prices = prepared.isPriced ? pricesOf(candidates, mainCurrency(prepared)) : [];
      return explainRows({ policy, workload, candidates, problem, counts, prices });
    },
  );
};

const placeReplicas = (
  policy: CompiledPolicy,
  candidates: Candidates,
  workload: Workload,
  replicas: number,
): { problem: Problem; outcome: Outcome } => {
  const made = problemOf(policy, candidates, replicas);
  const problem =
    workload.isFresh === true
      ? { ...made, current: made.current.map(() => 0), votes: policy.strategy === 'Weighted' ? made.votes : made.max }
      : made;
  return { problem, outcome: settle(policy, problem, candidates, divide(policy, problem, candidates, workload)) };
};
