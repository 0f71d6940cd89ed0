/**
 * @module How many replicas each candidate gets. Weighted divides anew each time; the others keep present replicas and divide the
 * difference (facts `karmada.md` §2.7, steady); a constraint that the present state breaks moves as few as it can.
 *
 * Without binding room, constraints and tiers the divisions are Karmada's. They differ from it where
 * - room binds: Karmada's Weighted gives a full cluster its seats all the same, and its dynamic modes place nothing when not all fit; here
 *   what a full cluster cannot take goes to the next by Webster, and what fits is placed;
 * - bounds (Karmada has none) limit who gets the next seat, and change neither votes nor who is asked first;
 * - ties are broken: always by name upwards; Karmada turns the order by the parity of the object's UID;
 * - Duplicated: Karmada ignores room, here a cluster gets at most what fits;
 * - spread: Karmada selects clusters first and divides among them afterwards, and never enforces provider or zone; here every constraint
 *   holds for the replicas, together with room;
 * - a fresh start (WorkloadRebalancer): the same division with present replicas counted as room, only by the rebalancer.
 */
import { createBlank } from '../lib/scratch.ts';
import { sortedPlaces } from '../lib/sorted-places.ts';
import { type Attempt, attempt, bestOf, type Division, isWhole, placesMost } from './attempt.ts';
import { divideCrossing } from './crossing.ts';
import { type Chosen, chooseDomains } from './domains.ts';
import { keepingDomains } from './in-use.ts';
import { type Line, lineOf } from './line.ts';
import { divideNested } from './nested.ts';
import {
  atLeastCurrent,
  type Column,
  columnOf,
  domainCounts,
  hasAny,
  isLimited,
  mostPlaceable,
  nothingIn,
  type Problem,
  type Spread,
  sumOf,
  unlimited,
  violations,
} from './problem.ts';
import { seat } from './seats.ts';
import { stoppingNone, stopsNone } from './stopping-none.ts';
import { seatFreely } from './webster.ts';

/** How new seats are ordered under a stable strategy. */
export type Preference = 'proportional' | 'aggregated' | 'inOrder';

const seatAll = (problem: Problem, chosen: Chosen, start: Column, line: Line): Column =>
  problem.spreads.length === 0 ? seatFreely(problem, start, line) : seat(problem, chosen, start, line);

/** The column with nothing for those that are not open. */
const onlyOpen = (column: Column, isOpen: Chosen['isOpen']): Column =>
  hasAny(column) ? columnOf(column.length, (at) => (isOpen(at) ? (column[at] as number) : 0)) : column;

/** Candidates outside the chosen domains hold nothing. */
const within = (problem: Problem, { isOpen }: Chosen): Problem =>
  problem.spreads.some(isLimited)
    ? {
        ...problem,
        max: onlyOpen(problem.max, isOpen),
        min: onlyOpen(problem.min, isOpen),
        current: onlyOpen(problem.current, isOpen),
      }
    : problem;

const firstFor = createBlank();
const fullnessFor = createBlank();

/**
 * Aggregated: the new seats go to the first of these that have room for all: present ones, then most room, then name. Bounds have no say in who is
 * first: what one of these may not hold goes to those behind them.
 */
const aggregatedOrder = ({ max, current, rank, votes }: Problem, extra: number): Column => {
  const size = max.length;
  const first = firstFor(size);
  const fullness = fullnessFor(size);
  for (let at = 0; at < size; at++) {
    const present = current[at] as number;
    first[at] = 2 * (rank[at] as number) + (present > 0 ? 0 : 1);
    fullness[at] = -(votes[at] as number);
  }
  const order = sortedPlaces(first, fullness);
  // Those beyond the first that suffice are in turn by their places behind all of them.
  const place = new Float64Array(size).fill(unlimited);
  let covered = 0;
  let position = 0;
  for (let index = 0; index < size; index++) {
    const at = order[index] as number;
    const room = votes[at] as number;
    if (room <= 0 || (max[at] as number) <= 0) continue;
    place[at] = covered < extra ? 1 : 2 + position;
    covered += room;
    position += 1;
  }
  return place;
};

const stableLine = (problem: Problem, kept: Column, preference: Preference): Line => {
  if (preference !== 'aggregated') return lineOf(problem, kept);
  let staying = 0;
  for (let at = 0; at < kept.length; at++) staying += Math.min(kept[at] as number, problem.max[at] as number);
  return lineOf(problem, kept, aggregatedOrder(problem, Math.max(0, problem.replicas - staying)));
};

const hasHardTerms = (problem: Problem): boolean => problem.spreads.some(({ hard }) => hard);

/** A division that is exact under hard constraints; undefined when there is too much to try. */
const exactly = (problem: Problem, line: Line, bound: number): Column | undefined =>
  divideNested(problem, line, bound) ?? divideCrossing(problem, bound);

/**
 * Divisions that are exact under hard constraints: one that keeps what it can of the present state, and one that is free; both in the domains
 * in use, and only where that cannot be, in any.
 */
const exactAttempts = (problem: Problem, line: Line, keeping: Problem | undefined): Attempt[] => {
  const bound = mostPlaceable(problem);
  const present = sumOf(problem.current);
  const growing = present <= problem.replicas;
  const held: Problem = growing
    ? { ...problem, min: atLeastCurrent(problem) }
    : { ...problem, max: problem.max.map((most, at) => Math.max(problem.min[at] ?? 0, Math.min(most, problem.current[at] ?? 0))) };
  const attempts: Attempt[] = [];
  for (const { spreads } of keeping === undefined ? [problem] : [keeping, problem]) {
    for (const given of present > 0 ? [held, problem] : [problem]) {
      const counts = exactly({ ...given, spreads }, line, bound);
      if (counts !== undefined) attempts.push(attempt(problem, counts, keeping));
    }
    if (attempts.some(({ broken, leaves }) => broken.length === 0 && !leaves)) break;
  }
  return attempts;
};

/** Weights from zero. Tiers keep what they hold now, so that room in an earlier tier moves nothing by itself. */
const weightedCounts = (problem: Problem, chosen: Chosen): Column => {
  const { tier: tiers, min, max, current, replicas } = problem;
  const line = lineOf(problem, undefined);
  if (!hasAny(tiers)) return seatAll(problem, chosen, min, line);
  const quota = new Array<number>(1 + tiers.reduce((last, tier) => Math.max(last, tier), 0)).fill(0);
  tiers.forEach((tier, at) => {
    quota[tier] = (quota[tier] ?? 0) + Math.max(0, current[at] ?? 0) - (min[at] ?? 0);
  });
  if (problem.spreads.length > 0) return seat(problem, chosen, min, { ...line, quota: { tier: tiers, left: quota } });
  let counts = min;
  quota.forEach((kept, tier) => {
    const placed = sumOf(counts);
    const wanted = Math.min(replicas, placed + Math.max(0, kept));
    const most = max.map((all, at) => (tiers[at] === tier ? all : (counts[at] ?? 0)));
    if (wanted > placed) counts = seatFreely({ ...problem, replicas: wanted, max: most }, counts, line);
  });
  return seatFreely(problem, counts, line);
};

/**
 * The present division, when it is what the weights give over the domains in use: where a maximum leaves a choice of domains, those in use go
 * first even when there are fewer of them than the maximum.
 */
const presentWeighted = (given: Problem): Attempt | undefined => {
  const limited = given.spreads.filter((spread) => spread.hard && isLimited(spread));
  if (limited.length === 0 || sumOf(given.current) !== given.replicas) return undefined;
  const used = limited.map((spread) => domainCounts(spread, given.current));
  const isUsed = (at: number): boolean => limited.every((spread, index) => (used[index]?.[spread.of[at] ?? -1] ?? 0) > 0);
  const max = given.max.map((most, at) => (isUsed(at) ? most : 0));
  const problem = { ...given, max, min: given.min.map((least, at) => Math.min(least, max[at] ?? 0)) };
  // A maximum that the used domains keep leaves nothing to choose; other constraints go on counting domains without room.
  const spreads = problem.spreads.map((spread) => (limited.includes(spread) ? usedOnly(spread, max) : spread));
  const chosen = chooseDomains({ ...problem, spreads });
  const line = lineOf(problem, undefined);
  const tries = [
    () => weightedCounts({ ...problem, spreads }, chosen),
    () => divideNested({ ...problem, current: nothingIn(given.current.length) }, line, given.replicas),
  ];
  for (const make of tries) {
    const counts = make();
    if (counts === undefined || counts.some((count, at) => count !== given.current[at])) continue;
    const tried = attempt(given, counts, undefined);
    if (tried.broken.length === 0) return tried;
  }
  return undefined;
};

/** The constraint as if only domains with room were there. */
const usedOnly = (spread: Spread, max: Column): Spread => {
  const sizes = new Int32Array(spread.sizes.length);
  for (let at = 0; at < max.length; at++) {
    const domain = spread.of[at] ?? -1;
    if (domain >= 0 && (max[at] ?? 0) > 0) sizes[domain] = (sizes[domain] ?? 0) + 1;
  }
  return { ...spread, sizes, eligible: sizes.filter((size) => size > 0).length };
};

/** The best under hard constraints of what the weights give anew. */
const freeWeighted = (given: Problem, first: Attempt, keeping: Problem | undefined): Attempt => {
  const fresh = exactAttempts({ ...given, current: nothingIn(given.current.length) }, lineOf(given, undefined), keeping);
  // Whatever the weights move, they move.
  return bestOf(
    fresh.map((exact) => ({ ...exact, moves: first.moves })),
    first,
  );
};

/** The division under strategy Weighted. */
export const divideWeighted = (given: Problem): Division => {
  const present = presentWeighted(given);
  if (present !== undefined) return present;
  const chosen = chooseDomains(given);
  const problem = within(given, chosen);
  const keeping = keepingDomains(given);
  const first = attempt(given, weightedCounts(problem, chosen), keeping);
  const isBest = !hasHardTerms(given) || (first.broken.length === 0 && !first.leaves && placesMost(given, first));
  const best = isBest ? first : freeWeighted(given, first, keeping);
  if (!given.isBereft || stopsNone(given, best)) return best;
  const line = lineOf(given, undefined);
  const kept = hasHardTerms(given) ? exactAttempts(given, line, keeping) : [];
  return stoppingNone(given, best, kept, () => seatAll(problem, chosen, atLeastCurrent(problem), line));
};

/** What clusters that came back are owed, and what each candidate took of it. */
export type Owed = { readonly owed: Column; readonly taken: Column };

/**
 * The replicas that lost clusters had go back to them. Those that took them give way first, and only what is wanting then is taken from
 * others; undefined when that cannot hold or places fewer.
 */
const givenBack = (problem: Problem, chosen: Chosen, { owed, taken }: Owed, preference: Preference): Attempt | undefined => {
  if (!hasAny(owed)) return undefined;
  const { min, max } = problem;
  const returning = problem.current.map((count, at) => Math.min(max[at] ?? 0, count + (owed[at] ?? 0)));
  const places = returning.map((count, at) => Math.max(min[at] ?? 0, (owed[at] ?? 0) > 0 ? count : 0));
  if (sumOf(places) > problem.replicas) return undefined;
  const givesBack = (count: number, at: number): number => ((owed[at] ?? 0) > 0 ? count : Math.max(0, count - (taken[at] as number)));
  const own = returning.map(givesBack);
  const ownAtLeast = own.map((count, at) => Math.max(count, places[at] as number));
  const isEnough = sumOf(ownAtLeast) <= problem.replicas;
  const tries = [
    ...(hasAny(taken) ? [isEnough ? { start: ownAtLeast, kept: returning } : { start: places, kept: own }] : []),
    { start: places, kept: returning },
  ];
  for (const { start, kept } of tries) {
    const given = attempt(problem, seatAll(problem, chosen, start, stableLine(problem, kept, preference)), undefined);
    if (given.broken.length === 0 && given.placed >= Math.min(problem.replicas, sumOf(problem.current))) return given;
  }
  return undefined;
};

/** Divisions over chosen domains, those that keep what runs first. */
const stableTries = (problem: Problem, chosen: Chosen, preference: Preference): (() => Column)[] => {
  const least = atLeastCurrent(problem);
  const seatOver = (start: Column, kept: Column): Column => seatAll(problem, chosen, start, stableLine(problem, kept, preference));
  const nothing = nothingIn(problem.max.length);
  // Where nothing runs there is nothing to keep: all three are the same.
  if (!hasAny(problem.current)) return [() => seatOver(problem.min, nothing)];
  // Seats that a minimum gives count as new ones among the others: it is a limit, and no vote.
  return [
    ...(sumOf(least) <= problem.replicas ? [() => seatOver(least, problem.current)] : []),
    () => seatOver(problem.min, problem.running),
    () => seatOver(problem.min, nothing),
  ];
};

/** Domains chosen so that they hold all together, where those chosen by preference alone may not; undefined where nothing is to be chosen. */
const coveringTries = (given: Problem, preference: Preference): (() => Column)[] => {
  if (!given.spreads.some((spread) => spread.hard && isLimited(spread))) return [];
  const chosen = chooseDomains(given, 'covering');
  return stableTries(within(given, chosen), chosen, preference);
};

/** The division under every strategy that keeps what runs. Replicas owed to clusters that came back take their old places first. */
export const divideStable = (given: Problem, owed: Owed, preference: Preference): Division => {
  const chosen = chooseDomains(given);
  const problem = within(given, chosen);
  const returned = givenBack(problem, chosen, owed, preference);
  if (returned !== undefined) return attempt(given, returned.counts, undefined);
  const keeping = keepingDomains(given);
  const attempts: Attempt[] = [];
  for (const tries of [() => stableTries(problem, chosen, preference), () => coveringTries(given, preference)]) {
    for (const make of tries()) {
      const tried = attempt(given, make(), keeping);
      if (isWhole(given, tried)) return tried;
      attempts.push(tried);
      // Without hard constraints the first division that keeps what runs is the best there is.
      if (!hasHardTerms(given) && tried.broken.length === 0 && placesMost(given, tried)) return tried;
    }
  }
  if (hasHardTerms(given)) attempts.push(...exactAttempts(given, stableLine(given, given.running, preference), keeping));
  const [first = attempt(given, given.min, keeping)] = attempts;
  const best = bestOf(attempts, first);
  if (!given.isBereft) return best;
  const grown = (): Column => seatAll(problem, chosen, atLeastCurrent(problem), stableLine(problem, problem.current, preference));
  return stoppingNone(given, best, attempts, grown);
};

/**
 * The first tier in which a candidate holds all replicas; where none does, the first that has room, and where none has, the first there is. What
 * takes no more for now counts as if it held all: a copy elsewhere would stay for good.
 */
const tierOfCopies = ({ max, tier, replicas }: Problem, { isOpen }: Chosen, isHeld: (candidate: number) => boolean): number => {
  let [whole, roomy, any] = [unlimited, unlimited, unlimited];
  for (let at = 0; at < max.length; at++) {
    if (!isOpen(at)) continue;
    const [most, own] = [max[at] as number, tier[at] as number];
    any = Math.min(any, own);
    if (most > 0) roomy = Math.min(roomy, own);
    if (most > 0 && (most >= replicas || isHeld(at))) whole = Math.min(whole, own);
  }
  return [whole, roomy].find((found) => found !== unlimited) ?? any;
};

/** Strategy Duplicated: every open candidate of one tier, and each that has some, gets all replicas, or as many as it can hold. `isHeld`: it takes no more for now. */
export const divideDuplicated = (given: Problem, isHeld: (candidate: number) => boolean): Division => {
  const { replicas } = given;
  // Of copies every bound below the replicas binds.
  const chosen = chooseDomains({
    ...given,
    room: given.spreads.some(isLimited)
      ? columnOf(given.max.length, (at) => ((given.max[at] as number) < replicas ? given.max : given.room)[at] as number)
      : given.room,
  });
  const { max, tier, current } = within(given, chosen);
  const own = tierOfCopies(given, chosen, isHeld);
  const counts = columnOf(max.length, (at) =>
    (tier[at] as number) !== own && (current[at] as number) === 0 ? 0 : Math.min(max[at] as number, replicas),
  );
  // Skew and share speak of a division of replicas; copies are not divided, so that only the numbers of domains count.
  const spreads = given.spreads.map((spread) => ({ ...spread, maxSkew: unlimited, shareMax: unlimited }));
  return {
    counts,
    broken: violations({ ...given, spreads }, counts),
    isAsked: (at) => chosen.isOpen(at) && (tier[at] as number) === own,
  };
};
