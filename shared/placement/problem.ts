/** @module One division of replicas as numbers: what the divisions work on. Arrays are indexed by candidate. */
import type { SpreadConstraint } from '../api/index.ts';
import type { Domains } from './prepare.ts';

/** Above every count. */
export const unlimited = Number.MAX_SAFE_INTEGER;

/** One spread constraint over the candidates of a decision. */
export type Spread = {
  readonly key: string;
  readonly hard: boolean;
  readonly minDomains: number;
  readonly maxDomains: number;
  readonly maxSkew: number;
  /** Replicas that one domain may hold. */
  readonly shareMax: number;
  /** Values of the label; some may have no candidate. */
  readonly names: readonly string[];
  /** Domain of each candidate; -1 = no such label (soft constraints only). */
  readonly of: readonly number[];
  /** Candidates of each domain; a domain without is not eligible. */
  readonly sizes: readonly number[];
  /** Domains with candidates. */
  readonly eligible: number;
};

/** Everything a division needs. Candidates are in name order, so that the lower index wins a tie. */
export type Problem = {
  /** Replicas to place. */
  readonly replicas: number;
  /** Least and most replicas of each candidate. */
  readonly min: readonly number[];
  readonly max: readonly number[];
  /** Present replicas, cut at `max`. */
  readonly current: readonly number[];
  /** Lower goes first: earlier tiers, then higher scores. */
  readonly rank: readonly number[];
  readonly tier: readonly number[];
  /** Votes for new seats: weights, or room. */
  readonly votes: readonly number[];
  readonly spreads: readonly Spread[];
};

/** A hard constraint that a division breaks. */
export type Violation = { readonly term: 'spread' | 'bounds'; readonly message: string };

/** Domains of a constraint that its maximum allows; undefined = all. */
export type Allowed = ReadonlySet<number> | undefined;

/** Sum of a list. */
export const sumOf = (counts: readonly number[]): number => {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
};

/** The constraint over the candidates; `at[i]` is candidate i's place among the prepared clusters. `replicas` is what `maxShare` is a part of. */
export const spreadOver = (rule: SpreadConstraint, domains: Domains, at: readonly number[], replicas: number): Spread => {
  const sizes = new Array<number>(domains.names.length).fill(0);
  const of = new Array<number>(at.length).fill(-1);
  let eligible = 0;
  for (let candidate = 0; candidate < at.length; candidate++) {
    const domain = domains.of[at[candidate] ?? -1] ?? -1;
    of[candidate] = domain;
    if (domain < 0) continue;
    const size = sizes[domain] ?? 0;
    if (size === 0) eligible += 1;
    sizes[domain] = size + 1;
  }
  return {
    key: rule.topologyKey,
    hard: rule.whenUnsatisfiable !== 'ScheduleAnyway',
    minDomains: rule.minDomains ?? 0,
    maxDomains: rule.maxDomains ?? unlimited,
    maxSkew: rule.maxSkew ?? unlimited,
    shareMax: rule.maxShare === undefined ? unlimited : Math.floor((replicas * rule.maxShare) / 100),
    names: domains.names,
    of,
    sizes,
    eligible,
  };
};

/** True when fewer domains may be used than there are: skew is then measured over those used. */
export const isLimited = (spread: Spread): boolean => spread.maxDomains < spread.eligible;

/** Replicas of each domain. */
export const domainCounts = (spread: Spread, counts: readonly number[]): number[] => {
  const sums = new Array<number>(spread.names.length).fill(0);
  for (let at = 0; at < counts.length; at++) {
    const domain = spread.of[at] ?? -1;
    if (domain >= 0) sums[domain] = (sums[domain] ?? 0) + (counts[at] ?? 0);
  }
  return sums;
};

/** Domains over which skew is measured: the eligible ones; where a maximum binds, those used. */
export const measured = (spread: Spread, sums: readonly number[]): number[] => {
  const limited = isLimited(spread);
  const domains: number[] = [];
  for (let domain = 0; domain < sums.length; domain++) {
    if ((spread.sizes[domain] ?? 0) > 0 && (!limited || (sums[domain] ?? 0) > 0)) domains.push(domain);
  }
  return domains;
};

const spreadViolations = (spread: Spread, counts: readonly number[]): Violation[] => {
  const sums = domainCounts(spread, counts);
  let [used, largest] = [0, 0];
  for (const sum of sums) {
    if (sum > 0) used += 1;
    if (sum > largest) largest = sum;
  }
  const say = (text: string): Violation => ({ term: 'spread', message: `spread over ${spread.key}: ${text}` });
  const faults: Violation[] = [];
  if (used < spread.minDomains) faults.push(say(`minDomains is ${spread.minDomains}, only ${used} can be reached`));
  if (used > spread.maxDomains) faults.push(say(`maxDomains is ${spread.maxDomains}, ${used} would be used`));
  if (spread.maxSkew < unlimited) {
    let least = unlimited;
    for (const domain of measured(spread, sums)) least = Math.min(least, sums[domain] ?? 0);
    const skew = least === unlimited ? 0 : largest - least;
    if (skew > spread.maxSkew) faults.push(say(`maxSkew is ${spread.maxSkew}, it would be ${skew}`));
  }
  if (largest > spread.shareMax) faults.push(say(`maxShare allows ${spread.shareMax} in one domain, there would be ${largest}`));
  return faults;
};

/** The hard constraints that a division breaks; empty = it holds. */
export const violations = (problem: Problem, counts: readonly number[]): Violation[] => {
  if (problem.replicas === 0) return [];
  const faults: Violation[] = [];
  for (let at = 0; at < counts.length; at++) {
    const least = problem.min[at] ?? 0;
    if ((counts[at] ?? 0) < least) {
      faults.push({ term: 'bounds', message: `bounds: a cluster needs at least ${least} and can get ${counts[at] ?? 0}` });
    }
  }
  for (const spread of problem.spreads) if (spread.hard) faults.push(...spreadViolations(spread, counts));
  return faults;
};

/** No division places more: room, and under each hard constraint the shares of its domains. */
export const mostPlaceable = (problem: Problem): number => {
  let most = Math.min(problem.replicas, sumOf(problem.max));
  for (const spread of problem.spreads) {
    if (!spread.hard || spread.shareMax === unlimited) continue;
    const sums = domainCounts(spread, problem.max).map((sum) => Math.min(sum, spread.shareMax));
    const largest = isLimited(spread) ? sums.sort((a, b) => b - a).slice(0, spread.maxDomains) : sums;
    most = Math.min(most, sumOf(largest));
  }
  return most;
};

/** Replicas that a division puts where they are not now. */
export const movesInto = (current: readonly number[], counts: readonly number[]): number => {
  let moves = 0;
  for (let at = 0; at < counts.length; at++) moves += Math.max(0, (counts[at] ?? 0) - (current[at] ?? 0));
  return moves;
};
