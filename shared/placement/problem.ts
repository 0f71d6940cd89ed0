/** @module One division of replicas as numbers: what the seat-by-seat division works on. Arrays are indexed by candidate. */
import type { Spread } from './domains.ts';

/** Everything a division needs. Candidates are in name order, so that the lower index wins a tie. */
export type Problem = {
  /** Replicas to place. */
  readonly replicas: number;
  /** Least and most replicas of each candidate. */
  readonly min: readonly number[];
  readonly max: readonly number[];
  /** Present replicas, cut at `max`. */
  readonly current: readonly number[];
  /** Earlier tiers (and clusters without PreferNoSchedule taints) have lower ranks. */
  readonly rank: readonly number[];
  readonly tier: readonly number[];
  /** Votes for new seats: weights, or room. */
  readonly votes: readonly number[];
  readonly spreads: readonly Spread[];
  /** Per constraint the domains that its maximum allows; undefined = all. */
  readonly allowed: readonly (ReadonlySet<number> | undefined)[];
};

/** A hard constraint that a division breaks. */
export type Violation = { readonly term: 'spread' | 'bounds'; readonly message: string };

/** Replicas of each domain. */
export const domainCounts = (spread: Spread, counts: readonly number[]): number[] => {
  const sums = spread.domains.map(() => 0);
  counts.forEach((count, at) => {
    const domain = spread.of[at] ?? -1;
    if (domain >= 0) sums[domain] = (sums[domain] ?? 0) + count;
  });
  return sums;
};

/** Domains over which skew is measured: the eligible ones, under a maximum those chosen. */
export const skewDomains = (spread: Spread, allowed: ReadonlySet<number> | undefined): number[] =>
  [...spread.domains.keys()].filter((domain) => allowed === undefined || allowed.has(domain));

const spreadViolations = (spread: Spread, allowed: ReadonlySet<number> | undefined, counts: readonly number[]): Violation[] => {
  const sums = domainCounts(spread, counts);
  const used = sums.filter((sum) => sum > 0).length;
  const say = (text: string): Violation => ({ term: 'spread', message: `spread over ${spread.key}: ${text}` });
  const faults: Violation[] = [];
  if (used < spread.minDomains) faults.push(say(`minDomains is ${spread.minDomains}, only ${used} can be reached`));
  if (used > spread.maxDomains) faults.push(say(`maxDomains is ${spread.maxDomains}, ${used} would be used`));
  const measured = skewDomains(spread, allowed).map((domain) => sums[domain] ?? 0);
  const skew = measured.length === 0 ? 0 : Math.max(...measured) - Math.min(...measured);
  if (skew > spread.maxSkew) faults.push(say(`maxSkew is ${spread.maxSkew}, it would be ${skew}`));
  const largest = Math.max(0, ...sums);
  if (largest > spread.shareMax) faults.push(say(`maxShare allows ${spread.shareMax} in one domain, there would be ${largest}`));
  return faults;
};

/** The hard constraints that a division breaks; empty = it holds. Nothing placed breaks nothing. */
export const violations = (problem: Problem, counts: readonly number[]): Violation[] => {
  if (problem.replicas === 0) return [];
  const faults: Violation[] = [];
  counts.forEach((count, at) => {
    const least = problem.min[at] ?? 0;
    if (count < least) faults.push({ term: 'bounds', message: `bounds: a cluster needs at least ${least} and can get ${count}` });
  });
  problem.spreads.forEach((spread, at) => {
    if (spread.hard) faults.push(...spreadViolations(spread, problem.allowed[at], counts));
  });
  return faults;
};

/** Sum of a list. */
export const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
