/** @module The order in which seats are given: a class (present seats before new ones), then rank, then Webster's quotient. */
import { type Column, nothingIn, onesIn, type Problem } from './problem.ts';

/** What each candidate's seats are. Seats below `kept` are class 0 with `kept` as votes; further ones are of class `order`. */
export type Line = {
  readonly kept: Column;
  /** Class of new seats, at least 1. */
  readonly order: Column;
  readonly votes: Column;
  readonly rank: Column;
  /** New seats that each tier takes before any other seat, by tier; counted down as they are given. */
  readonly quota?: { readonly tier: Column; readonly left: number[] };
};

/** Class of new seats beyond a tier's quota. */
const beyondQuota = 1_000_000;

/** Class of a candidate's next seat when it has `seats`. */
export const classAt = (line: Line, candidate: number, seats: number): number => {
  if (seats < (line.kept[candidate] as number)) return 0;
  const order = line.order[candidate] as number;
  const { quota } = line;
  return quota !== undefined && (quota.left[quota.tier[candidate] as number] ?? 0) <= 0 ? order + beyondQuota : order;
};

/**
 * Webster's comparison of two candidates' next seats: votes / (2·seats + 1), ties by fewer seats and then name; negative when a goes first.
 * Integers: exact while votes × seats stays below 2^52.
 */
export const compareQuotients = (line: Line, counts: Column, a: number, b: number): number => {
  const seatsA = counts[a] as number;
  const seatsB = counts[b] as number;
  const keptA = line.kept[a] as number;
  const keptB = line.kept[b] as number;
  const isKeptA = seatsA < keptA;
  const isKeptB = seatsB < keptB;
  const wonA = isKeptA ? seatsA : seatsA - keptA;
  const wonB = isKeptB ? seatsB : seatsB - keptB;
  const left = (isKeptA ? keptA : (line.votes[a] as number)) * (2 * wonB + 1);
  const right = (isKeptB ? keptB : (line.votes[b] as number)) * (2 * wonA + 1);
  return right - left || wonA - wonB || a - b;
};

/** The whole order of two candidates' next seats. */
export const compareSeats = (line: Line, counts: Column, a: number, b: number): number =>
  classAt(line, a, counts[a] as number) - classAt(line, b, counts[b] as number) ||
  (line.rank[a] as number) - (line.rank[b] as number) ||
  compareQuotients(line, counts, a, b);

/** Present seats (`kept` of each) first; every new seat by votes. */
export const lineOf = ({ max, votes, rank }: Problem, kept: Column | undefined, order?: Column): Line => ({
  kept: kept ?? nothingIn(max.length),
  order: order ?? onesIn(max.length),
  votes,
  rank,
});
