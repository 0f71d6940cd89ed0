/** @module The order in which seats are given: a class (present seats before new ones), then rank, then Webster's quotient. */
import type { Problem } from './problem.ts';

/** What each candidate's seats are. Seats below `kept` are class 0 with `kept` as votes; further ones are of class `order`. */
export type Line = {
  readonly kept: readonly number[];
  /** Class of new seats, at least 1. */
  readonly order: readonly number[];
  readonly votes: readonly number[];
  readonly rank: readonly number[];
  /** New seats that each tier takes before any other seat, by tier; counted down as they are given. */
  readonly quota?: { readonly tier: readonly number[]; readonly left: number[] };
};

/** Class of new seats beyond a tier's quota. */
const beyondQuota = 1_000_000;

/** Class of a candidate's next seat when it has `seats`. */
export const classAt = (line: Line, candidate: number, seats: number): number =>
  seats < (line.kept[candidate] ?? 0)
    ? 0
    : (line.order[candidate] ?? 1) +
      (line.quota !== undefined && (line.quota.left[line.quota.tier[candidate] ?? 0] ?? 0) <= 0 ? beyondQuota : 0);

/**
 * Webster's comparison of two candidates' next seats: votes / (2·seats + 1), ties by fewer seats and then name; negative when a goes first.
 * Integers: exact while votes × seats stays below 2^52.
 */
export const compareQuotients = (line: Line, counts: readonly number[], a: number, b: number): number => {
  const [seatsA, seatsB] = [counts[a] ?? 0, counts[b] ?? 0];
  const [keptA, keptB] = [line.kept[a] ?? 0, line.kept[b] ?? 0];
  const [isKeptA, isKeptB] = [seatsA < keptA, seatsB < keptB];
  const [wonA, wonB] = [isKeptA ? seatsA : seatsA - keptA, isKeptB ? seatsB : seatsB - keptB];
  const left = (isKeptA ? keptA : (line.votes[a] ?? 0)) * (2 * wonB + 1);
  const right = (isKeptB ? keptB : (line.votes[b] ?? 0)) * (2 * wonA + 1);
  return right - left || wonA - wonB || a - b;
};

/** The whole order of two candidates' next seats. */
export const compareSeats = (line: Line, counts: readonly number[], a: number, b: number): number =>
  classAt(line, a, counts[a] ?? 0) - classAt(line, b, counts[b] ?? 0) ||
  (line.rank[a] ?? 0) - (line.rank[b] ?? 0) ||
  compareQuotients(line, counts, a, b);

const filled = (problem: Problem, value: number): number[] => new Array<number>(problem.max.length).fill(value);

/** Present seats (`kept` of each) first; every new seat by votes. */
export const lineOf = (problem: Problem, kept: readonly number[] | undefined, order?: readonly number[]): Line => ({
  kept: kept ?? filled(problem, 0),
  order: order ?? filled(problem, 1),
  votes: problem.votes,
  rank: problem.rank,
});
