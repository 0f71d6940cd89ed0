/** @module The decision: which clusters run a workload with how many replicas, and a row of explanation for every cluster. Pure. */
import type { ExplanationRow } from '../api/index.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { type Division, divideDuplicated, divideStable, divideWeighted } from './divide.ts';
import { chooseDomains, rankOf, spreadOver } from './domains.ts';
import { explainRows, summary } from './explain.ts';
import { type Candidate, judge, type Refused } from './filter.ts';
import type { ClusterView, Decision, Workload } from './model.ts';
import { type Problem, sumOf, type Violation } from './problem.ts';

/** What a decision is made from besides the workload. */
export type Snapshot = { readonly policy: CompiledPolicy; readonly clusters: readonly ClusterView[] };

/** The clock of a decision. */
export type PlaceEnv = { readonly nowMs: number };

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** Rules with weight 0 leave a cluster out, unless every weight that matched is 0: then all count the same. */
const dropWeightless = (policy: CompiledPolicy, candidates: readonly Candidate[]): { kept: Candidate[]; refused: Refused[] } => {
  if (policy.strategy !== 'Weighted') return { kept: [...candidates], refused: [] };
  if (candidates.every((candidate) => candidate.weight === 0))
    return { kept: candidates.map((candidate) => ({ ...candidate, weight: 1 })), refused: [] };
  return {
    kept: candidates.filter((candidate) => candidate.weight > 0),
    refused: candidates
      .filter((candidate) => candidate.weight === 0)
      .map(({ view, tier }) => ({ view, tier, reason: 'weight', message: 'the weight of the cluster is 0' })),
  };
};

/** Most replicas that a candidate can have: what it has and what still fits, within its bounds. */
const mostOf = (candidate: Candidate, replicas: number): number => {
  const room = candidate.fits === undefined ? (candidate.keepsOnly === undefined ? replicas : 0) : candidate.fits;
  const growth = candidate.keepsOnly === undefined ? room : 0;
  return Math.min(candidate.max, candidate.current + growth);
};

const problemOf = (policy: CompiledPolicy, candidates: readonly Candidate[], replicas: number): Problem => {
  const weighted = policy.strategy === 'Weighted';
  const room = candidates.map((candidate) => mostOf(candidate, replicas));
  const spreads = policy.spread.map((rule) => spreadOver(rule, candidates, replicas));
  const { allowed, open } = chooseDomains(spreads, candidates, room);
  const max = room.map((most, at) => (open.has(at) ? most : 0));
  return {
    replicas,
    min: candidates.map((candidate, at) => (replicas === 0 || !open.has(at) ? 0 : Math.min(candidate.min, max[at] ?? 0))),
    max,
    current: candidates.map((candidate, at) => Math.min(candidate.current, max[at] ?? 0)),
    rank: candidates.map((candidate) => (weighted ? candidate.tier : rankOf(candidate))),
    tier: candidates.map((candidate) => candidate.tier),
    votes: candidates.map((candidate, at) => (weighted ? candidate.weight : Math.max(0, (max[at] ?? 0) - candidate.current))),
    spreads,
    allowed,
  };
};

/** A minimum above what the cluster can hold is broken whatever the division. */
const boundFaults = (candidates: readonly Candidate[], problem: Problem): Violation[] =>
  problem.replicas === 0
    ? []
    : candidates
        .filter((candidate, at) => candidate.min > (problem.max[at] ?? 0))
        .map((candidate) => ({
          term: 'bounds',
          message: `bounds: ${candidate.view.name} needs at least ${candidate.min} replicas and cannot hold them`,
        }));

const divide = (policy: CompiledPolicy, problem: Problem, candidates: readonly Candidate[], workload: Workload): Division => {
  if (policy.strategy === 'Duplicated') return divideDuplicated(problem);
  if (policy.strategy === 'Weighted') return divideWeighted(problem);
  const owed = candidates.map((candidate) => (candidate.keepsOnly === undefined ? (workload.owed.get(candidate.view.name) ?? 0) : 0));
  return divideStable(problem, owed, policy.strategy === 'Aggregated');
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
const settle = (policy: CompiledPolicy, problem: Problem, candidates: readonly Candidate[], division: Division) => {
  const faults = [...boundFaults(candidates, problem), ...division.broken];
  const placed = sumOf(division.counts);
  const least = policy.gang ? wantedOf(policy, problem, division.counts) : Math.min(policy.minReplicas, problem.replicas);
  const partial = placed < least;
  if (faults.length === 0 && !partial) return { counts: division.counts, faults, partial };
  const present = onlyPresent(problem);
  return { counts: present, faults, partial };
};

const placeWhole = (policy: CompiledPolicy, candidates: readonly Candidate[]) => {
  // Objects without replicas count as one copy in each cluster; tiers only say which clusters take part.
  const flat = candidates.map((candidate) => ({
    ...candidate,
    tier: 0,
    fits: undefined,
    min: 0,
    max: 1,
    current: Math.min(1, candidate.current + 1),
  }));
  const sized = flat.map((candidate, at) => ({ ...candidate, current: (candidates[at]?.current ?? 0) > 0 ? 1 : 0 }));
  const problem = problemOf({ ...policy, strategy: 'Duplicated' }, sized, 1);
  return { problem, division: divideDuplicated(problem) };
};

/**
 * Decides where a workload runs. The same input gives the same answer whatever the order of the clusters, and with the answer as
 * `workload.current` the next call changes nothing.
 */
export const place = (snapshot: Snapshot, workload: Workload, env: PlaceEnv): Decision => {
  const { policy } = snapshot;
  let recheckAtMs: number | undefined;
  const recheck = (atMs: number): void => {
    recheckAtMs = Math.min(recheckAtMs ?? atMs, atMs);
  };
  const verdicts = [...snapshot.clusters].sort(byName).map((view) => judge(policy, workload, view, env.nowMs, recheck));
  const judged = verdicts.flatMap((verdict) => ('candidate' in verdict ? [verdict.candidate] : []));
  const { kept: candidates, refused: weightless } = dropWeightless(policy, judged);
  const refused = [...verdicts.flatMap((verdict) => ('refused' in verdict ? [verdict.refused] : [])), ...weightless];

  const whole = workload.replicas === undefined;
  const problem = whole ? undefined : problemOf(policy, candidates, workload.replicas);
  const made =
    problem === undefined ? placeWhole(policy, candidates) : { problem, division: divide(policy, problem, candidates, workload) };
  const outcome = settle(
    whole ? { ...policy, gang: false, minReplicas: 0, strategy: 'Duplicated' } : policy,
    made.problem,
    whole ? [] : candidates,
    made.division,
  );
  const wanted = whole ? sumOf(outcome.counts) : wantedOf(policy, made.problem, outcome.counts);
  const unplaced = Math.max(0, wanted - sumOf(outcome.counts));
  const clusters = candidates.flatMap((candidate, at) => {
    const got = outcome.counts[at] ?? 0;
    if (got === 0) return [];
    return [whole ? { name: candidate.view.name } : { name: candidate.view.name, replicas: got }];
  });
  const rows: ExplanationRow[] = explainRows(policy, workload, candidates, refused, made.problem, outcome.counts);
  return { clusters, unplaced, ...summary(policy, candidates, made.problem, outcome, wanted), rows, recheckAtMs };
};
