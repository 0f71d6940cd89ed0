/** @module Running counts of spread constraints while seats are given, and whether a seat is open under them. */
import { createBlanks } from '../lib/scratch.ts';
import { type Allowed, type Column, domainCounts, type Problem, type Spread, unlimited } from './problem.ts';

/** Running counts of one constraint. */
export type Tally = {
  readonly spread: Spread;
  readonly allowed: Allowed;
  readonly sums: Column;
  /** Domains with a replica. */
  used: number;
  /** Fewest replicas of a measured domain, and how many domains have so few. */
  least: number;
  atLeast: number;
};

const isMeasured = (tally: Tally, domain: number): boolean =>
  (tally.spread.sizes[domain] ?? 0) > 0 && (tally.allowed === undefined || tally.allowed[domain] === 1);

const measure = (tally: Tally): void => {
  tally.least = unlimited;
  tally.atLeast = 0;
  for (let domain = 0; domain < tally.sums.length; domain++) {
    if (!isMeasured(tally, domain)) continue;
    const sum = tally.sums[domain] ?? 0;
    if (sum < tally.least) {
      tally.least = sum;
      tally.atLeast = 0;
    }
    if (sum === tally.least) tally.atLeast += 1;
  }
};

/** Domains with a replica. */
export const usedOf = (sums: Column): number => {
  let used = 0;
  for (let domain = 0; domain < sums.length; domain++) if ((sums[domain] as number) > 0) used += 1;
  return used;
};

const sumsFor = createBlanks();

/** The tallies of a start. There may be those of one at a time: the next ones are counted in the same place. */
export const talliesOf = ({ spreads }: Problem, allowed: readonly Allowed[], counts: Column): Tally[] => {
  const blank = sumsFor(spreads.map(({ names }) => names.length));
  return spreads.map((spread, at) => {
    const sums = domainCounts(spread, counts, blank[at]);
    const tally: Tally = { spread, allowed: allowed[at], sums, used: usedOf(sums), least: 0, atLeast: 0 };
    if (spread.maxSkew < unlimited) measure(tally);
    return tally;
  });
};

/** Counts a seat in a domain; true when the emptiest measured domain has more than before, so that skew may allow what it held back. */
export const countSeat = (tally: Tally, domain: number): boolean => {
  const before = tally.sums[domain] ?? 0;
  tally.sums[domain] = before + 1;
  if (before === 0) tally.used += 1;
  if (tally.spread.maxSkew === unlimited || before !== tally.least || !isMeasured(tally, domain)) return false;
  tally.atLeast -= 1;
  if (tally.atLeast > 0) return false;
  measure(tally);
  return true;
};

/** A seat is open, shut for good, or held back by the skew of a constraint (its index, from 0). */
export const open = -1;
export const shut = -2;

/** How a seat in the domains from `base` on, one a constraint, stands under the hard constraints. */
export const standingOf = (tallies: readonly Tally[], domains: Int32Array, base: number, remaining: number): number => {
  let held = open;
  for (let at = 0; at < tallies.length; at++) {
    const tally = tallies[at];
    if (tally === undefined || !tally.spread.hard) continue;
    const domain = domains[base + at] as number;
    const sum = domain < 0 ? 0 : (tally.sums[domain] as number);
    const missing = tally.spread.minDomains - tally.used;
    // As many seats are left as domains are missing: they are for domains without a replica.
    if (missing > 0 && missing >= remaining && sum > 0) return shut;
    if (sum + 1 > tally.spread.shareMax || (tally.allowed !== undefined && tally.allowed[domain] !== 1)) return shut;
    if (tally.spread.maxSkew < unlimited && sum + 1 - tally.least > tally.spread.maxSkew && isMeasured(tally, domain)) held = at;
  }
  return held;
};

/**
 * True when a seat that was counted changes the penalty of cells in any domain: the emptiest domain has more (`isRaised`), or as many domains
 * are used as are asked for.
 */
export const shiftsAll = ({ spread, used }: Tally, usedBefore: number, isRaised: boolean): boolean =>
  isRaised || (used !== usedBefore && used === spread.minDomains);

/** How many preferences a seat in the domains from `base` on goes against. */
export const penaltyOf = (tallies: readonly Tally[], domains: Int32Array, base: number): number => {
  let penalty = 0;
  for (let at = 0; at < tallies.length; at++) {
    const tally = tallies[at];
    if (tally === undefined || tally.spread.hard) continue;
    const { spread } = tally;
    const domain = domains[base + at] as number;
    const sum = domain < 0 ? 0 : (tally.sums[domain] as number);
    if (spread.maxSkew < unlimited && domain >= 0 && sum + 1 - tally.least > spread.maxSkew) penalty += 1;
    if (spread.minDomains > tally.used && sum > 0) penalty += 1;
    if (domain >= 0 && sum + 1 > spread.shareMax) penalty += 1;
    if (domain < 0 || (tally.allowed !== undefined && tally.allowed[domain] !== 1)) penalty += 1;
  }
  return penalty;
};
