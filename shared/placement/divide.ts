/**
 * @module How many replicas each candidate gets. Weighted divides anew each time; Capacity and Aggregated keep present replicas and
 * divide the difference (facts `karmada.md` §2.7, steady); a constraint that the present state breaks moves as few as it can.
 */
import type { Problem, Violation } from './problem.ts';
import { sumOf, violations } from './problem.ts';
import { type Line, seat } from './seats.ts';

/** A division, and the hard constraints that nothing better than it could hold. */
export type Division = { readonly counts: readonly number[]; readonly broken: readonly Violation[] };

const moves = (from: readonly number[], to: readonly number[]): number =>
  to.reduce((sum, count, at) => sum + Math.max(0, count - (from[at] ?? 0)), 0);

/** By weights, from zero. Tiers keep what they hold now, so that room in an earlier tier moves nothing by itself. */
const weightedLine = (problem: Problem): { line: Line; onSeat: (candidate: number) => void } => {
  const kept = new Map<number, number>();
  const got = new Map<number, number>();
  problem.current.forEach((count, at) => {
    const tier = problem.tier[at] ?? 0;
    kept.set(tier, (kept.get(tier) ?? 0) + count);
    got.set(tier, (got.get(tier) ?? 0) + (problem.min[at] ?? 0));
  });
  const line: Line = {
    order: (at) => {
      const tier = problem.tier[at] ?? 0;
      return (got.get(tier) ?? 0) < (kept.get(tier) ?? 0) ? 0 : 1;
    },
    votes: (at) => problem.votes[at] ?? 0,
    webster: (_, seats) => seats,
  };
  return { line, onSeat: (at) => got.set(problem.tier[at] ?? 0, (got.get(problem.tier[at] ?? 0) ?? 0) + 1) };
};

/** For Aggregated: which candidates take the new seats, and the order of the others. Present ones first, then most room, then name. */
const preferredOrder = (problem: Problem, extra: number): { readonly chosen: ReadonlySet<number>; readonly place: readonly number[] } => {
  const room = (at: number): number => Math.max(0, (problem.max[at] ?? 0) - (problem.current[at] ?? 0));
  const present = (at: number): number => Number((problem.current[at] ?? 0) > 0);
  const order = problem.max
    .map((_, at) => at)
    .filter((at) => room(at) > 0)
    .sort((a, b) => (problem.rank[a] ?? 0) - (problem.rank[b] ?? 0) || present(b) - present(a) || room(b) - room(a) || a - b);
  const place = problem.max.map(() => Number.MAX_SAFE_INTEGER);
  const chosen = new Set<number>();
  let covered = 0;
  order.forEach((at, position) => {
    place[at] = position;
    if (covered < extra) chosen.add(at);
    covered += room(at);
  });
  return { chosen, place };
};

/** Present seats first (`kept` of them), then new ones by votes; for Aggregated within the first clusters that have room for all. */
const stableLine = (problem: Problem, kept: readonly number[], aggregate: boolean): Line => {
  const extra = Math.max(0, problem.replicas - sumOf(kept));
  const aggregated = aggregate ? preferredOrder(problem, extra) : undefined;
  const isKept = (at: number, seats: number): boolean => seats < (kept[at] ?? 0);
  return {
    order: (at, seats) => {
      if (isKept(at, seats)) return 0;
      return aggregated === undefined || aggregated.chosen.has(at) ? 1 : 2 + (aggregated.place[at] ?? 0);
    },
    votes: (at, seats) => (isKept(at, seats) ? (kept[at] ?? 0) : (problem.votes[at] ?? 0)),
    webster: (at, seats) => (isKept(at, seats) ? seats : seats - (kept[at] ?? 0)),
  };
};

type Attempt = {
  readonly counts: readonly number[];
  readonly broken: readonly Violation[];
  readonly placed: number;
  readonly moves: number;
};

const attempt = (problem: Problem, counts: readonly number[]): Attempt => ({
  counts,
  broken: violations(problem, counts),
  placed: sumOf(counts),
  moves: moves(problem.current, counts),
});

/** Unbroken first, then more placed, then fewer moves; the earlier attempt where all is equal. */
const better = (a: Attempt, b: Attempt): boolean => {
  const whole = Number(b.broken.length === 0) - Number(a.broken.length === 0);
  return (whole || a.placed - b.placed || b.moves - a.moves) > 0;
};

/** The division under strategy Weighted. */
export const divideWeighted = (problem: Problem): Division => {
  const { line, onSeat } = weightedLine(problem);
  const counts = seat(problem, problem.min, line, onSeat);
  return { counts, broken: violations(problem, counts) };
};

/**
 * The division under Capacity or Aggregated. `owed` replicas of clusters that came back take their old places first.
 */
export const divideStable = (problem: Problem, owed: readonly number[], aggregate: boolean): Division => {
  const least = problem.current.map((count, at) => Math.max(count, problem.min[at] ?? 0));
  const attempts: Attempt[] = [];
  const returning = problem.current.map((count, at) =>
    Math.max(problem.min[at] ?? 0, Math.min(problem.max[at] ?? 0, count + (owed[at] ?? 0))),
  );
  if (sumOf(owed) > 0) {
    const places = returning.map((count, at) => ((owed[at] ?? 0) > 0 ? count : (problem.min[at] ?? 0)));
    if (sumOf(places) <= problem.replicas) {
      const given = attempt(problem, seat(problem, places, stableLine(problem, returning, aggregate)));
      if (given.broken.length === 0 && given.placed >= Math.min(problem.replicas, sumOf(problem.current))) return given;
    }
  }
  if (sumOf(least) <= problem.replicas) {
    const first = attempt(problem, seat(problem, least, stableLine(problem, least, aggregate)));
    if (first.broken.length === 0 && first.placed === problem.replicas) return first;
    attempts.push(first);
  }
  attempts.push(attempt(problem, seat(problem, problem.min, stableLine(problem, problem.current, aggregate))));
  attempts.push(attempt(problem, seat(problem, problem.min, stableLine(problem, problem.min, aggregate))));
  return attempts.reduce((best, other) => (better(other, best) ? other : best));
};

/** Strategy Duplicated: every open candidate gets all replicas, or as many as it can hold. */
export const divideDuplicated = (problem: Problem): Division => {
  const firstTier = Math.min(...problem.max.map((most, at) => (most > 0 ? (problem.tier[at] ?? 0) : Number.MAX_SAFE_INTEGER)));
  const counts = problem.max.map((most, at) =>
    (problem.tier[at] ?? 0) > firstTier && (problem.current[at] ?? 0) === 0 ? 0 : Math.min(most, problem.replicas),
  );
  // Skew and share speak of a division of replicas; copies are not divided, so that only the numbers of domains count.
  const spreads = problem.spreads.map((spread) => ({ ...spread, maxSkew: Number.MAX_SAFE_INTEGER, shareMax: Number.MAX_SAFE_INTEGER }));
  return { counts, broken: violations({ ...problem, spreads }, counts) };
};
