/** @module One division of replicas as numbers: what the divisions work on. Columns have one value a candidate. */
import type { SpreadConstraint } from '../api/index.ts';
import { createBlank } from '../lib/scratch.ts';
import type { Domains } from './prepare.ts';

/** Above every count. */
export const unlimited = Number.MAX_SAFE_INTEGER;

/** Whole numbers, one a candidate. Typed, so that thousands of clusters cost a few passes; never changed once they are handed on. */
export type Column = Float64Array;

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
  /** Domain of each candidate; a cluster without the label is none. */
  readonly of: Int32Array;
  /** Candidates of each domain; a domain without is not eligible. */
  readonly sizes: Int32Array;
  /** Domains with candidates. */
  readonly eligible: number;
  /** Domains that have to be used, 1 each; absent = none. */
  readonly mustUse?: Uint8Array;
};

/** Everything a division needs. Candidates are in name order, so that the lower index wins a tie. */
export type Problem = {
  /** Replicas to place. */
  readonly replicas: number;
  /** Least and most replicas of each candidate. */
  readonly min: Column;
  readonly max: Column;
  /** What each candidate has and what still fits, whatever bounds allow: a bound limits a choice, and changes none that it allows. */
  readonly room: Column;
  /** Present replicas, cut at `max`. */
  readonly current: Column;
  /** Present replicas as they are: votes of those that stay where fewer are wanted. */
  readonly running: Column;
  /** Replicas went with a cluster that was lost: nothing that runs in another stops for it. */
  readonly isBereft: boolean;
  /** Lower goes first: earlier tiers, then higher scores. */
  readonly rank: Column;
  readonly tier: Column;
  /** Votes for new seats: weights, or what still fits whatever bounds allow. */
  readonly votes: Column;
  readonly spreads: readonly Spread[];
  /** Names candidates to a person. */
  readonly nameOf?: (candidate: number) => string;
};

/** A hard constraint that a division breaks. */
export type Violation = { readonly term: 'spread' | 'bounds'; readonly message: string };

/** Domains of a constraint that its maximum allows, 1 each; undefined = all. */
export type Allowed = Uint8Array | undefined;

/** Sum of a column. */
export const sumOf = (counts: Column): number => {
  if (isNothing(counts)) return 0;
  let sum = 0;
  for (let at = 0; at < counts.length; at++) sum += counts[at] as number;
  return sum;
};

/** True when some candidate has any. */
export const hasAny = (column: Column): boolean => {
  if (isNothing(column)) return false;
  for (let at = 0; at < column.length; at++) if (column[at] !== 0) return true;
  return false;
};

/** Lengths of which constant columns are kept; beyond it they are made anew. */
const lengthsMax = 64;

const constantsOf = (value: number) => {
  const kept = new Map<number, Column>();
  const ofLength = (length: number): Column => {
    const known = kept.get(length);
    if (known !== undefined) return known;
    if (kept.size >= lengthsMax) kept.clear();
    const made = new Float64Array(length).fill(value);
    kept.set(length, made);
    return made;
  };
  return { ofLength, is: (column: Column): boolean => kept.get(column.length) === column };
};

const zeros = constantsOf(0);

/** A column of zeros: no replicas anywhere. Mostly the same one for a length, never to be written to. */
export const nothingIn = zeros.ofLength;

/** True of that very column: one look tells what would else be a pass. */
export const isNothing = zeros.is;

/** A column of ones; as {@link nothingIn}. */
export const onesIn = constantsOf(1).ofLength;

/** Which domain each candidate is in, and how many are in each. */
export type DomainColumn = Pick<Spread, 'names' | 'of' | 'sizes' | 'eligible'>;

/** The domains of candidates; `at[i]` is candidate i's place among the prepared clusters. */
export const domainColumn = (domains: Domains, at: Int32Array): DomainColumn => {
  const sizes = new Int32Array(domains.names.length);
  const of = new Int32Array(at.length);
  let eligible = 0;
  for (let candidate = 0; candidate < at.length; candidate++) {
    const domain = domains.of[at[candidate] as number] ?? -1;
    of[candidate] = domain;
    if (domain < 0) continue;
    const size = sizes[domain] as number;
    if (size === 0) eligible += 1;
    sizes[domain] = size + 1;
  }
  return { names: domains.names, of, sizes, eligible };
};

/** The constraint over candidates in these domains. `replicas` is what `maxShare` is a part of. */
export const spreadOver = (rule: SpreadConstraint, { names, of, sizes, eligible }: DomainColumn, replicas: number): Spread => ({
  key: rule.topologyKey,
  hard: rule.whenUnsatisfiable !== 'ScheduleAnyway',
  minDomains: rule.minDomains ?? 0,
  maxDomains: rule.maxDomains ?? unlimited,
  maxSkew: rule.maxSkew ?? unlimited,
  shareMax: rule.maxShare === undefined ? unlimited : Math.floor((replicas * rule.maxShare) / 100),
  names,
  of,
  sizes,
  eligible,
});

/** True when fewer domains may be used than there are: skew is then measured over those used. */
export const isLimited = (spread: Spread): boolean => spread.maxDomains < spread.eligible;

/** Replicas of each domain, written to `sums`, which has to be blank. */
export const domainCounts = (spread: Spread, counts: Column, sums: Column = new Float64Array(spread.names.length)): Column => {
  const { of } = spread;
  if (isNothing(counts)) return sums;
  for (let at = 0; at < counts.length; at++) {
    const domain = of[at] as number;
    if (domain >= 0) sums[domain] = (sums[domain] as number) + (counts[at] as number);
  }
  return sums;
};

/**
 * The fewest replicas of a domain over which skew is measured: the eligible ones; where a maximum binds, those used. {@link unlimited} when
 * there is none.
 */
export const leastMeasured = (spread: Spread, sums: Column): number => {
  const limited = isLimited(spread);
  let least = unlimited;
  for (let domain = 0; domain < sums.length; domain++) {
    const sum = sums[domain] as number;
    if (sum < least && (spread.sizes[domain] as number) > 0 && (!limited || sum > 0)) least = sum;
  }
  return least;
};

/** The greatest difference between the replicas of two domains over which skew is measured. */
export const skewOf = (spread: Spread, sums: Column): number => {
  const least = leastMeasured(spread, sums);
  return least === unlimited ? 0 : sums.reduce((largest, sum) => Math.max(largest, sum), 0) - least;
};

const sumsFor = createBlank();

const spreadViolations = (spread: Spread, counts: Column): Violation[] => {
  const sums = domainCounts(spread, counts, sumsFor(spread.names.length));
  let [used, largest] = [0, 0];
  for (let domain = 0; domain < sums.length; domain++) {
    const sum = sums[domain] as number;
    if (sum > 0) used += 1;
    if (sum > largest) largest = sum;
  }
  const say = (text: string): Violation => ({ term: 'spread', message: `spread over ${spread.key}: ${text}` });
  const faults: Violation[] = [];
  if (used < spread.minDomains) faults.push(say(`minDomains is ${spread.minDomains}, only ${used} can be reached`));
  if (used > spread.maxDomains) faults.push(say(`maxDomains is ${spread.maxDomains}, ${used} would be used`));
  if (spread.maxSkew < unlimited) {
    const skew = skewOf(spread, sums);
    if (skew > spread.maxSkew) faults.push(say(`maxSkew is ${spread.maxSkew}, it would be ${skew}`));
  }
  if (largest > spread.shareMax) faults.push(say(`maxShare allows ${spread.shareMax} in one domain, there would be ${largest}`));
  return faults;
};

const minViolations = ({ min, nameOf }: Problem, counts: Column): Violation[] => {
  const faults: Violation[] = [];
  for (let at = 0; at < counts.length; at++) {
    const least = min[at] as number;
    const got = counts[at] as number;
    if (got >= least) continue;
    const name = nameOf?.(at) ?? 'a cluster';
    faults.push({ term: 'bounds', message: `bounds: ${name} needs at least ${least} replicas and can get ${got}` });
  }
  return faults;
};

/** The hard constraints that a division breaks; empty = it holds. */
export const violations = (problem: Problem, counts: Column): Violation[] => {
  if (problem.replicas === 0) return [];
  const faults = hasAny(problem.min) ? minViolations(problem, counts) : [];
  for (const spread of problem.spreads) if (spread.hard) faults.push(...spreadViolations(spread, counts));
  return faults;
};

/** No division places more: room, and under each hard constraint the shares of its domains, of which only so many may be used. */
export const mostPlaceable = (problem: Problem): number => {
  const room = sumOf(problem.max);
  let most = Math.min(problem.replicas, room);
  for (const spread of problem.spreads) {
    if (!spread.hard || (spread.shareMax === unlimited && !isLimited(spread))) continue;
    const sums = domainCounts(spread, problem.max, sumsFor(spread.names.length));
    const outside = room - sumOf(sums);
    for (let domain = 0; domain < sums.length; domain++) sums[domain] = Math.min(sums[domain] as number, spread.shareMax);
    const limit = isLimited(spread) ? spread.maxDomains : sums.length;
    // Mostly any of them hold enough; if not, the largest, which are last.
    if (sumOf(sums.subarray(0, limit)) + outside >= most) continue;
    most = Math.min(most, sumOf(sums.sort().subarray(Math.max(0, sums.length - limit))) + outside);
  }
  return most;
};

/** Replicas that a division puts where they are not now. */
export const movesInto = (current: Column, counts: Column): number => {
  let moves = 0;
  for (let at = 0; at < counts.length; at++) moves += Math.max(0, (counts[at] as number) - (current[at] as number));
  return moves;
};

/** A column made of what is asked for each candidate. */
export const columnOf = (size: number, value: (candidate: number) => number): Column => {
  const column = new Float64Array(size);
  for (let at = 0; at < size; at++) column[at] = value(at);
  return column;
};

/** What runs, or the minimum where that is more. */
export const atLeastCurrent = ({ min, current }: Problem): Column =>
  hasAny(min) ? columnOf(min.length, (at) => Math.max(current[at] as number, min[at] as number)) : current;
