/** @module The decision: which clusters run a workload with how many replicas, and why for every cluster. Pure. */
import type { KeptExplanation } from '../api/index.ts';
import type { Division } from './attempt.ts';
import { isBereft } from './bereft.ts';
import { type Candidates, candidatesOf, holdAt, isUnderWayAt, partAt, standingAt } from './candidates.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { costOf, pricesOf } from './cost.ts';
import { divideDuplicated, divideStable, divideWeighted, type Preference } from './divide.ts';
import { explain, type Outcome, summary } from './explain.ts';
import type { ClusterView, Decision, OtherWorkload, Workload } from './model.ts';
import { prepare } from './prepare.ts';
import {
  type Column,
  hasAny,
  nothingIn,
  onesIn,
  type Problem,
  type Spread,
  spreadOver,
  sumOf,
  unlimited,
  type Violation,
} from './problem.ts';
import { ranksOf } from './ranks.ts';
import { columnFrom } from './roster.ts';
import { stayingOf } from './staying.ts';

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
/** What each candidate has and what it may still take, whatever its bounds. */
const roomOf = (candidates: Candidates, replicas: number): Column => {
  const { roster, current, lingering, nodeless, answers, holds } = candidates;
  const { at } = roster;
  const fitting = answers?.room;
  const room = new Float64Array(at.length);
  for (let candidate = 0; candidate < room.length; candidate++) {
    const fits = fitting === undefined ? -1 : (fitting[at[candidate] as number] as number);
    const counted = (nodeless[candidate] as number) > 0 ? 0 : fits;
    room[candidate] = (current[candidate] as number) + (counted >= 0 ? counted + (lingering[candidate] as number) : replicas);
  }
  if (holds.size === 0) return room;
  for (let candidate = 0; candidate < room.length; candidate++)
    if (holdAt(candidates, candidate) !== undefined) room[candidate] = current[candidate] as number;
  return room;
};

/** Most replicas of each candidate: its room, within its bounds. */
const mostOf = ({ bounds }: CompiledPolicy, candidates: Candidates, room: Column): Column => {
  const { roster, parts } = candidates;
  if (bounds.length === 0 && parts === undefined) return room;
  const max = new Float64Array(room.length);
  for (let candidate = 0; candidate < max.length; candidate++)
    max[candidate] = Math.min(roster.most[candidate] as number, room[candidate] as number, partAt(candidates, candidate) ?? unlimited);
  return max;
};

/** The lesser of two numbers at each candidate. */
const lesser = (a: Column, b: Column): Column => {
  if (a === nothingIn(a.length)) return a;
  const column = new Float64Array(a.length);
  for (let at = 0; at < a.length; at++) column[at] = Math.min(a[at] as number, b[at] as number);
  return column;
};

/** Votes for new seats: what may still come. */
const growthOf = (room: Column, current: Column): Column => {
  if (current === nothingIn(current.length)) return room;
  const column = new Float64Array(room.length);
  for (let at = 0; at < room.length; at++) column[at] = (room[at] as number) - (current[at] as number);
  return column;
};

const spreadsOf = (policy: CompiledPolicy, { roster }: Candidates, replicas: number): Spread[] =>
  policy.spread.flatMap((rule, index) => {
    const domains = roster.domains[index];
    return domains === undefined ? [] : [spreadOver(rule, domains, replicas)];
  });

/**
 * Least replicas of each candidate under strategy Weighted, which divides anew each time: a cluster that takes no more for now keeps what it has,
 * as far as so many are wanted. That it is in doubt is no reason to move what runs there.
 */
const keptOf = (candidates: Candidates, least: Column, current: Column, replicas: number): Column => {
  if (candidates.holds.size === 0) return least;
  const kept = least.map((count, at) => (holdAt(candidates, at) === undefined ? count : Math.max(count, current[at] as number)));
  return sumOf(kept) <= replicas ? kept : least;
};

/** Least replicas of each candidate: its bounds, and one of each part of a divided Job. */
const leastAt = (candidates: Candidates, max: Column): Column => {
  const { roster, parts } = candidates;
  const least = lesser(roster.min, max);
  if (parts === undefined || parts.underWay.size === 0) return least;
  return least.map((count, at) => (isUnderWayAt(candidates, at) ? Math.max(count, Math.min(1, max[at] as number)) : count));
};

/** The division that a decision comes down to. */
export const problemOf = (policy: CompiledPolicy, candidates: Candidates, replicas: number): Problem => {
  const { roster, current } = candidates;
  const room = roomOf(candidates, replicas);
  const max = mostOf(policy, candidates, room);
  const present = lesser(current, max);
  const least = replicas === 0 ? nothingIn(max.length) : leastAt(candidates, max);
  return {
    replicas,
    min: policy.strategy === 'Weighted' ? keptOf(candidates, least, present, replicas) : least,
    max,
    room,
    current: present,
    running: current,
    isBereft: false,
    rank: ranksOf(policy, candidates, replicas),
    tier: roster.tier,
    votes: policy.strategy === 'Weighted' ? roster.weight : growthOf(room, current),
    spreads: spreadsOf(policy, candidates, replicas),
    nameOf: (candidate) => standingAt(candidates, candidate)?.view.name ?? '',
  };
};

/** A minimum above what the cluster can hold is broken whatever the division. */
const boundFaults = (policy: CompiledPolicy, candidates: Candidates, problem: Problem): Violation[] => {
  if (problem.replicas === 0 || policy.bounds.length === 0) return [];
  const faults: Violation[] = [];
  // As they were asked for, whatever the clusters can hold of it.
  const least = sumOf(candidates.roster.min);
  if (least > problem.replicas) {
    faults.push({
      term: 'bounds',
      message: `bounds: the clusters need at least ${least} replicas in all, the workload has ${problem.replicas}`,
    });
  }
  for (let at = 0; at < problem.max.length; at++) {
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

/** Replicas that lost clusters are owed, where they take replicas again. */
const owedTo = (candidates: Candidates, { owed }: Workload): Column => {
  const column = columnFrom(candidates.roster, candidates.prepared, owed);
  if (column === nothingIn(column.length)) return column;
  return column.map((replicas, at) => (replicas > 0 && holdAt(candidates, at) !== undefined ? 0 : replicas));
};

/** Replicas of each candidate that it took from clusters which take replicas again. */
const takenFrom = (candidates: Candidates, { takers }: Workload, returning: Column): Column => {
  if (returning === nothingIn(returning.length)) return returning;
  const taken = new Map<string, number>();
  for (let at = 0; at < returning.length; at++) {
    if ((returning[at] as number) === 0) continue;
    for (const [name, replicas] of takers?.get(standingAt(candidates, at)?.view.name ?? '') ?? [])
      taken.set(name, (taken.get(name) ?? 0) + replicas);
  }
  return columnFrom(candidates.roster, candidates.prepared, taken);
};

/**
 * The problem with what runs still where it is owed and taken again, as far as so many (`wanting`) are missing: it was placed there until the cluster was
 * drained or lost, and stays as if that had not been.
 */
const withLingering = (problem: Problem, candidates: Candidates, workload: Workload, wanting: number): Problem => {
  const { lingering } = candidates;
  if (lingering === nothingIn(lingering.length)) return problem;
  const owed = owedTo(candidates, workload);
  let missing = wanting;
  const back = problem.current.map((count, at) => {
    const room = (problem.max[at] as number) - count;
    const own = Math.max(0, Math.min(owed[at] as number, lingering[at] as number, room, missing));
    missing -= own;
    return own;
  });
  const withBack = (count: number, at: number): number => count + (back[at] as number);
  return { ...problem, current: problem.current.map(withBack), running: problem.running.map(withBack) };
};

/** The problem with what is present less what nothing that runs is given up for. */
const withoutSuperseded = (problem: Problem, { roster, prepared }: Candidates, { superseded }: Workload): Problem => {
  if (superseded === undefined || superseded.size === 0) return problem;
  const gone = columnFrom(roster, prepared, superseded);
  return { ...problem, current: problem.current.map((count, at) => Math.max(0, count - (gone[at] as number))) };
};

const divide = (policy: CompiledPolicy, problem: Problem, candidates: Candidates, workload: Workload): Division => {
  if (problem.spreads.length > 0 && problem.replicas > spreadReplicasMax) {
    const message = `spread: ${problem.replicas} replicas are more than the ${spreadReplicasMax} that are spread at once`;
    return { counts: problem.min, broken: [{ term: 'spread', message }] };
  }
  if (policy.strategy === 'Duplicated')
    return divideDuplicated(withLingering(problem, candidates, workload, unlimited), (at) => holdAt(candidates, at) !== undefined);
  // To divide anew would stop a singleton that runs for no more than a better place: only growth goes by the weights then.
  const isKept = workload.isSingleton === true && hasAny(problem.current);
  if (policy.strategy === 'Weighted' && !isKept) return divideWeighted(problem);
  const owed = owedTo(candidates, workload);
  return divideStable(
    withoutSuperseded(problem, candidates, workload),
    { owed, taken: takenFrom(candidates, workload, owed) },
    preferences[policy.strategy] ?? 'proportional',
  );
};

/** Parts under way of which nothing runs: each waits for a replica, however many run elsewhere. */
const stalledIn = (candidates: Candidates, { replicas }: Problem, counts: Column): number => {
  if (candidates.parts === undefined || replicas === 0) return 0;
  return counts.reduce((sum, count, at) => sum + (count === 0 && isUnderWayAt(candidates, at) ? 1 : 0), 0);
};

/**
 * Replicas asked for. Duplicated asks for all of them in every cluster that takes part: those that hold some, and those of the tier of the
 * copies that may and have no room.
 */
const wantedOf = (candidates: Candidates, problem: Problem, { counts, isAsked }: Division): number => {
  if (isAsked === undefined) {
    const stalled = stalledIn(candidates, problem, counts);
    return stalled === 0 ? problem.replicas : Math.max(problem.replicas, sumOf(counts) + stalled);
  }
  const { most } = candidates.roster;
  let parts = 0;
  for (let at = 0; at < counts.length; at++) {
    const isOpen = (most[at] as number) > 0 && holdAt(candidates, at) === undefined && isAsked(at);
    if ((counts[at] as number) > 0 || isOpen) parts += 1;
  }
  return problem.replicas * Math.max(1, parts);
};

/** When a hard term cannot hold nothing new is placed. Copies stay each for itself; of a division what may. */
const onlyPresent = (problem: Problem, { isAsked }: Division): Column =>
  isAsked === undefined ? stayingOf(problem) : problem.current.map((count) => Math.min(count, problem.replicas));

/** Set where the constraints allow fewer replicas than may stay of those that run. Of Duplicated they say which clusters take part. */
const shrinking = (problem: Problem, { counts, isAsked }: Division): Outcome['faults'] => {
  if (isAsked !== undefined || !problem.spreads.some(({ hard }) => hard)) return [];
  const placed = sumOf(counts);
  if (placed >= Math.min(problem.replicas, sumOf(problem.current))) return [];
  const kept = sumOf(stayingOf(problem));
  const message = `spread: its constraints allow ${placed} of the ${kept} replicas that run`;
  return placed < kept ? [{ term: 'spread', message }] : [];
};

/** Replicas below which nothing is placed. A workload that asks for fewer in all gets none, but keeps what runs of them. */
const leastOf = ({ minReplicas }: CompiledPolicy, { replicas, current }: Problem): number =>
  replicas === 0 || sumOf(current) >= replicas ? Math.min(minReplicas, replicas) : minReplicas;

/** Applies what is all or nothing; answers the counts to go by and the terms that stopped the rest. */
const settle = (policy: CompiledPolicy, problem: Problem, candidates: Candidates, workload: Workload, division: Division): Outcome => {
  const broken = [...boundFaults(policy, candidates, problem), ...division.broken];
  // More at once of a divided Job than parts allow is asked for all the same.
  const wanted = wantedOf(candidates, problem, division) + ((workload.replicas ?? problem.replicas) - problem.replicas);
  const partial = sumOf(division.counts) < (policy.gang ? wanted : leastOf(policy, problem));
  const wanting = division.isAsked === undefined ? problem.replicas - sumOf(problem.current) : unlimited;
  const running = withLingering(problem, candidates, workload, wanting);
  const faults = broken.length > 0 || partial ? broken : shrinking(running, division);
  const isTaken = faults.length === 0 && !partial;
  const counts = isTaken ? division.counts : onlyPresent(running, division);
  return { counts, reached: faults.length === 0 ? division.counts : counts, wanted, faults, partial };
};

/** Objects without replicas count as one copy in each cluster; tiers only say which clusters take part. */
const placeWhole = (policy: CompiledPolicy, candidates: Candidates): { problem: Problem; outcome: Outcome } => {
  const divided = problemOf({ ...policy, strategy: 'Duplicated' }, candidates, 1);
  const size = divided.max.length;
  const nothing = nothingIn(size);
  const problem: Problem = {
    ...divided,
    tier: nothing,
    min: nothing,
    max: onesIn(size),
    room: onesIn(size),
    current: lesser(candidates.current, onesIn(size)),
  };
  const { counts, broken } = divideDuplicated(problem, () => false);
  const made = broken.length === 0 ? counts : problem.current;
  return { problem, outcome: { counts: made, reached: made, wanted: sumOf(made), faults: broken, partial: false } };
};

/** A decision that is explained when somebody first asks: most callers of a large fleet never do. */
const explainedLater = (decision: Omit<Decision, 'explained'>, make: () => KeptExplanation): Decision => {
  let explained: KeptExplanation | undefined;
  return {
    ...decision,
    get explained() {
      explained ??= make();
      return explained;
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
  const { problem, outcome } = whole
    ? placeWhole(policy, candidates)
    : placeReplicas(policy, candidates, workload, workload.replicas, env.nowMs);
  const { counts, wanted } = outcome;
  const clusters: { name: string; replicas?: number }[] = [];
  for (let at = 0; at < counts.length; at++) {
    const got = counts[at] as number;
    if (got === 0 && !isUnderWayAt(candidates, at)) continue;
    const name = standingAt(candidates, at)?.view.name ?? '';
    clusters.push(whole ? { name } : { name, replicas: got });
  }
  const cost = whole || workload.shape === undefined ? undefined : costOf(candidates, workload, workload.shape, counts);
  return explainedLater(
    {
      clusters,
      unplaced: Math.max(0, wanted - sumOf(counts)),
      ...summary(policy, workload, candidates, problem, outcome),
      cost,
      recheckAtMs: candidates.recheckAtMs,
    },
    () =>
      explain({
        policy,
        workload,
        candidates,
        problem,
        outcome,
        prices: prepared.isPriced ? pricesOf(candidates, workload.replicas) : undefined,
      }),
  );
};

/** The problem of what begins anew elsewhere: only where it is may it be, as long as any of it may be there. */
const whereItIs = (problem: Problem, { roster, prepared }: Candidates, { current }: Workload): Problem => {
  const isHere = columnFrom(roster, prepared, new Map([...current.keys()].map((name) => [name, 1])));
  const max = problem.max.map((most, at) => (isHere[at] === 1 ? most : 0));
  return hasAny(max) ? { ...problem, max } : problem;
};

/** Replicas to divide: of a divided Job no more than its parts may have together, and one for each that is under way. */
const replicasOf = ({ parts }: Candidates, replicas: number): number =>
  parts === undefined || replicas === 0 ? replicas : Math.min(Math.max(replicas, parts.underWay.size), parts.sum);

const placeReplicas = (
  policy: CompiledPolicy,
  candidates: Candidates,
  workload: Workload,
  replicas: number,
  nowMs: number,
): { problem: Problem; outcome: Outcome } => {
  const made = problemOf(policy, candidates, replicasOf(candidates, replicas));
  const kept = policy.beginsAnew === true ? whereItIs(made, candidates, workload) : made;
  const nothing = nothingIn(made.current.length);
  const votes = policy.strategy === 'Weighted' ? made.votes : made.room;
  const problem =
    workload.isFresh === true
      ? { ...made, current: nothing, running: nothing, votes }
      : { ...kept, isBereft: isBereft(policy, candidates, workload, nowMs) };
  return { problem, outcome: settle(policy, problem, candidates, workload, divide(policy, problem, candidates, workload)) };
};
