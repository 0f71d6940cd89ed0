/** @module Under hard constraints a placement holds as many replicas as any could, and moves none that need not: against brute force. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicySpec, SpreadConstraint } from '../api/index.ts';
import { place } from './place.ts';
import { asMap, clusterWith, policyOf, workloadOf } from './testing.ts';

type Case = {
  readonly spread: readonly SpreadConstraint[];
  readonly strategy: 'Capacity' | 'Aggregated' | 'Cheapest' | 'Tightest' | 'Weighted';
  readonly labels: readonly Readonly<Record<string, string>>[];
  /** Further replicas that fit. */
  readonly fits: readonly number[];
  readonly current: readonly number[];
  readonly bounds: readonly (readonly [min: number, max: number] | undefined)[];
  readonly replicas: number;
};

const names = ['a', 'b', 'c', 'd'];
const ruleOf = (topologyKey: string): fc.Arbitrary<SpreadConstraint> =>
  fc
    .record(
      {
        topologyKey: fc.constant(topologyKey),
        minDomains: fc.integer({ min: 1, max: 3 }),
        maxDomains: fc.integer({ min: 1, max: 3 }),
        maxSkew: fc.integer({ min: 1, max: 3 }),
        maxShare: fc.integer({ min: 25, max: 100 }),
      },
      { requiredKeys: ['topologyKey'] },
    )
    .map((rule) => ({
      ...rule,
      ...(rule.minDomains === undefined ? {} : { minDomains: Math.min(rule.minDomains, rule.maxDomains ?? 3) }),
    }));

/** `nested`: regions belong to one provider; otherwise providers share regions. */
const caseOf = (options: { readonly nested: boolean; readonly present: boolean; readonly bounds: boolean }): fc.Arbitrary<Case> =>
  fc
    .record({
      spread: fc.subarray(['provider', 'region', 'hanse.dev/cluster'], { minLength: 1 }).chain((keys) => fc.tuple(...keys.map(ruleOf))),
      strategy: fc.constantFrom('Capacity' as const, 'Aggregated' as const, 'Cheapest' as const, 'Tightest' as const, 'Weighted' as const),
      sizes: fc.array(
        fc.record({
          provider: fc.constantFrom('p', 'q'),
          region: fc.constantFrom('x', 'y'),
          fits: fc.integer({ min: 0, max: 5 }),
          current: fc.integer({ min: 0, max: 3 }),
          bound: fc.option(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 2, max: 4 })), { nil: undefined, freq: 3 }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      replicas: fc.integer({ min: 1, max: 9 }),
    })
    .map(({ spread, strategy, sizes, replicas }) => ({
      spread: [...spread],
      strategy,
      labels: sizes.map(({ provider, region }, at) => ({
        provider,
        region: options.nested ? `${provider}-${region}` : region,
        'hanse.dev/cluster': names[at] ?? '',
      })),
      fits: sizes.map(({ fits }) => fits),
      current: sizes.map(({ current }) => (options.present ? current : 0)),
      bounds: sizes.map(({ bound }) => (options.bounds ? bound : undefined)),
      replicas,
    }));

/** Replicas of each domain. */
const sumsOf = (rule: SpreadConstraint, { labels }: Case, counts: readonly number[]): number[] => {
  const sums = new Map<string, number>();
  labels.forEach((own, at) => {
    const domain = own[rule.topologyKey] ?? '';
    sums.set(domain, (sums.get(domain) ?? 0) + (counts[at] ?? 0));
  });
  return [...sums.values()];
};

const usedOf = (sums: readonly number[]): number => sums.filter((sum) => sum > 0).length;

const skewOf = (rule: SpreadConstraint, sums: readonly number[]): number => {
  const counted = rule.maxDomains !== undefined && rule.maxDomains < sums.length ? sums.filter((sum) => sum > 0) : sums;
  return counted.length === 0 ? 0 : Math.max(...counted) - Math.min(...counted);
};

/** The definition of a constraint, as policy.md has it. */
const holds = (rule: SpreadConstraint, given: Case, counts: readonly number[]): boolean => {
  const sums = sumsOf(rule, given, counts);
  return (
    usedOf(sums) >= (rule.minDomains ?? 0) &&
    usedOf(sums) <= (rule.maxDomains ?? 99) &&
    skewOf(rule, sums) <= (rule.maxSkew ?? 99) &&
    Math.max(0, ...sums) <= Math.floor((given.replicas * (rule.maxShare ?? 100)) / 100)
  );
};

/** The constraints with a maximum that leaves a choice, and their domains in use. */
const inUseOf = (given: Case): readonly { readonly rule: SpreadConstraint; readonly used: readonly boolean[] }[] =>
  given.spread
    .filter((rule) => (rule.maxDomains ?? 99) < sumsOf(rule, given, []).length)
    .map((rule) => ({ rule, used: sumsOf(rule, given, presentOf(given)).map((sum) => sum > 0) }));

type Best = { readonly placed: number; readonly moves: number };

/** Every division: the most that can be placed, and with that the fewest replicas that are new somewhere; undefined when none holds. */
const bruteForce = (given: Case, may: (counts: readonly number[]) => boolean = () => true): Best | undefined => {
  let best: Best | undefined;
  const counts: number[] = [];
  const visit = (at: number, left: number, moves: number): void => {
    if (at === given.fits.length) {
      const placed = given.replicas - left;
      const isBetter = best === undefined || placed > best.placed || (placed === best.placed && moves < best.moves);
      if (isBetter && given.spread.every((rule) => holds(rule, given, counts)) && may(counts)) best = { placed, moves };
      return;
    }
    const [least, most] = given.bounds[at] ?? [0, 99];
    const now = given.current[at] ?? 0;
    for (let count = least; count <= Math.min(left, now + (given.fits[at] ?? 0), most); count++) {
      counts[at] = count;
      visit(at + 1, left - count, moves + Math.max(0, count - now));
    }
    counts[at] = 0;
  };
  visit(0, given.replicas, 0);
  return best;
};

/** As {@link bruteForce} in the domains that are in use under a maximum; in any where that cannot be. */
const bestOf = (given: Case): Best | undefined => {
  const kept = inUseOf(given);
  const keeps = (counts: readonly number[]): boolean =>
    kept.every(({ rule, used }) => sumsOf(rule, given, counts).every((sum, domain) => sum > 0 || used[domain] !== true));
  return bruteForce(given, keeps) ?? bruteForce(given);
};

/** The present state within the bounds' maxima. */
const presentOf = ({ current, bounds }: Case): number[] => current.map((count, at) => Math.min(count, bounds[at]?.[1] ?? count));

/** The constraint as what runs keeps it: what it breaks of skew and of a minimum it may go on breaking so far. */
const asKept = (rule: SpreadConstraint, given: Case): SpreadConstraint => {
  const sums = sumsOf(rule, given, presentOf(given));
  return {
    ...rule,
    ...(rule.maxSkew === undefined ? {} : { maxSkew: Math.max(rule.maxSkew, skewOf(rule, sums)) }),
    ...(rule.minDomains === undefined ? {} : { minDomains: Math.min(rule.minDomains, usedOf(sums), given.replicas) }),
  };
};

/** How many of those that run may stay where nothing comes. */
const mostStaying = (given: Case): number => {
  const kept = { ...given, current: presentOf(given), fits: given.fits.map(() => 0), bounds: given.bounds.map(() => undefined) };
  return bruteForce({ ...kept, spread: given.spread.map((rule) => asKept(rule, given)) })?.placed ?? 0;
};

const run = (given: Case) => {
  const spec: Partial<PolicySpec> = {
    spread: given.spread,
    replicaScheduling: {
      strategy: given.strategy,
      bounds: given.bounds.flatMap((bound, at) =>
        bound === undefined
          ? []
          : [{ clusterSelector: { matchLabels: { 'hanse.dev/cluster': names[at] ?? '' } }, min: bound[0], max: bound[1] }],
      ),
    },
  };
  const current = Object.fromEntries(given.current.flatMap((count, at) => (count > 0 ? [[names[at] ?? '', count]] : [])));
  const decision = place(
    { policy: policyOf(spec), clusters: given.labels.map((labels, at) => clusterWith(names[at] ?? '', given.fits[at] ?? 0, labels)) },
    workloadOf(given.replicas, current),
    { nowMs: 0 },
  );
  const map = asMap(decision.clusters);
  const counts = given.labels.map((_, at) => map[names[at] ?? ''] ?? 0);
  return {
    decision,
    counts,
    placed: counts.reduce((sum, count) => sum + count, 0),
    moves: counts.reduce((sum, count, at) => sum + Math.max(0, count - (given.current[at] ?? 0)), 0),
  };
};

const check = (given: Case): void => {
  const best = bestOf(given);
  const { decision, counts, placed, moves } = run(given);
  const isBroken = decision.reason === 'SpreadUnsatisfiable' || decision.reason === 'BoundsUnsatisfiable';
  const staying = mostStaying(given);
  expect(isBroken).toBe(best === undefined || best.placed < staying);
  // Skew and minima take no replicas away that run and that no other place takes.
  if (best === undefined || best.placed < staying) {
    expect([placed, moves]).toEqual([staying, 0]);
    return;
  }
  expect(placed).toBe(best.placed);
  expect(given.spread.every((rule) => holds(rule, given, counts))).toBe(true);
  // Where what runs may stay, it stays: growing by d moves d, shrinking moves nothing, standing still moves nothing.
  const present = given.current.reduce((sum, count) => sum + count, 0);
  if (given.strategy !== 'Weighted' && best.moves <= Math.max(0, best.placed - present)) expect(moves).toBe(best.moves);
};

describe('a placement under hard constraints', () => {
  const timeoutMs = 180_000;
  it.each([
    ['nested domains, nothing present', { nested: true, present: false, bounds: false }, 6_000],
    ['nested domains, replicas present', { nested: true, present: true, bounds: false }, 6_000],
    ['nested domains and bounds', { nested: true, present: true, bounds: true }, 4_000],
    ['crossing domains, nothing present', { nested: false, present: false, bounds: true }, 3_000],
    ['crossing domains, replicas present', { nested: false, present: true, bounds: true }, 3_000],
  ] as const)(
    'places as many as any division, and keeps what may stay: %s',
    (_, options, numRuns) => {
      fc.assert(fc.property(caseOf(options), check), { numRuns });
    },
    timeoutMs,
  );
});
