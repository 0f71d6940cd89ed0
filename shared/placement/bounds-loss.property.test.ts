/** @module Bounds limit a division and change none that they allow; the loss of a cluster stops nothing that runs in another. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BoundRule, PolicySpec, SpreadConstraint, Strategy } from '../api/index.ts';
import { place } from './place.ts';
import { asMap, clusterWith, policyOf, workloadOf } from './testing.ts';

type Counts = Readonly<Record<string, number>>;
type Landscape = {
  readonly strategy: Strategy;
  readonly spread: readonly SpreadConstraint[];
  /** Further replicas that fit, by cluster. */
  readonly fits: Counts;
  readonly providers: Readonly<Record<string, string>>;
  readonly current: Counts;
  readonly replicas: number;
};

const names = ['a', 'b', 'c', 'd'];
const strategies = fc.constantFrom<Strategy>('Weighted', 'Capacity', 'Aggregated', 'Cheapest', 'Tightest');
const countsOf = (most: number): fc.Arbitrary<Record<string, number>> =>
  fc
    .tuple(...names.map(() => fc.integer({ min: 0, max: most })))
    .map((counts) => Object.fromEntries(names.map((name, at) => [name, counts[at] ?? 0])));

const ruleOf = (topologyKey: string): fc.Arbitrary<SpreadConstraint> =>
  fc
    .record(
      {
        topologyKey: fc.constant(topologyKey),
        minDomains: fc.integer({ min: 1, max: 3 }),
        maxDomains: fc.integer({ min: 1, max: 3 }),
        maxSkew: fc.integer({ min: 1, max: 4 }),
        maxShare: fc.integer({ min: 30, max: 100 }),
        whenUnsatisfiable: fc.constantFrom('DoNotSchedule' as const, 'DoNotSchedule' as const, 'ScheduleAnyway' as const),
      },
      { requiredKeys: ['topologyKey'] },
    )
    .map(({ minDomains, ...rule }) => ({
      ...rule,
      ...(minDomains === undefined ? {} : { minDomains: Math.min(minDomains, rule.maxDomains ?? 3) }),
    }));

const landscapeOf = (spread: fc.Arbitrary<readonly SpreadConstraint[]>, present: number): fc.Arbitrary<Landscape> =>
  fc.record({
    strategy: strategies,
    spread,
    fits: countsOf(30),
    providers: fc
      .tuple(...names.map(() => fc.constantFrom('p', 'q', 'r')))
      .map((list) => Object.fromEntries(names.map((name, at) => [name, list[at] ?? 'p']))),
    current: countsOf(present),
    replicas: fc.integer({ min: 1, max: 40 }),
  });

const selecting = (name: string) => ({ matchLabels: { 'hanse.dev/cluster': name } });

/** Replicas by cluster under these bounds; prices differ by pairs, so that some are shared by weight of room. */
const placed = (given: Landscape, bounds: readonly BoundRule[] = [], clusters: readonly string[] = names, owed: Counts = {}) => {
  const weights = names.map((name, at) => ({ clusterSelector: selecting(name), weight: 1 + ((at * 2) % 5) }));
  const spec: Partial<PolicySpec> = { spread: given.spread, replicaScheduling: { strategy: given.strategy, weights, bounds } };
  const decision = place(
    {
      policy: policyOf(spec),
      clusters: clusters.map((name) => ({
        ...clusterWith(name, given.fits[name] ?? 0, { provider: given.providers[name] ?? 'p' }),
        pricing: { currency: 'EUR', cpuHour: name < 'c' ? '1' : '2' },
      })),
    },
    workloadOf(given.replicas, Object.fromEntries(Object.entries(given.current).filter(([, count]) => count > 0)), owed),
    { nowMs: 0 },
  );
  return { ...decision, counts: asMap(decision.clusters) };
};
const at = (counts: Counts, name: string): number => counts[name] ?? 0;

/** Webster's method from zero, with limits: seat by seat to the largest votes / (2 · seats + 1), ties by fewer seats and then name. */
const webster = (
  votes: Counts,
  seats: number,
  limits: Readonly<Record<string, readonly [min: number, max: number]>>,
): Record<string, number> => {
  const counts = Object.fromEntries(names.map((name) => [name, limits[name]?.[0] ?? 0]));
  const sum = (): number => names.reduce((all, name) => all + at(counts, name), 0);
  while (sum() < seats) {
    const [first] = names
      .filter((name) => at(counts, name) < (limits[name]?.[1] ?? 0))
      .sort(
        (a, b) =>
          at(votes, b) * (2 * at(counts, a) + 1) - at(votes, a) * (2 * at(counts, b) + 1) ||
          at(counts, a) - at(counts, b) ||
          (a < b ? -1 : 1),
      );
    if (first === undefined) break;
    counts[first] = at(counts, first) + 1;
  }
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
};

describe('bounds', () => {
  const loosely = fc.tuple(...names.map(() => fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 }), fc.boolean())));
  const check = (given: Landscape, slack: readonly (readonly [number, number, boolean])[]): void => {
    const free = placed(given);
    const bounds = names.flatMap((name, index) => {
      const [below, above, isBounded] = slack[index] ?? [0, 0, false];
      const got = at(free.counts, name);
      return isBounded ? [{ clusterSelector: selecting(name), min: Math.max(0, got - below), max: got + above }] : [];
    });
    const bounded = placed(given, bounds);
    expect([bounded.counts, bounded.unplaced]).toEqual([free.counts, free.unplaced]);
  };

  it('that a division keeps change nothing of it, whatever the strategy', () => {
    fc.assert(fc.property(landscapeOf(fc.constant([]), 0), loosely, check), { numRuns: 250 });
    fc.assert(fc.property(landscapeOf(fc.constant([]), 9), loosely, check), { numRuns: 250 });
  });

  it.each([
    ['maxShare', [{ topologyKey: 'provider', maxShare: 60 }]],
    ['a preference', [{ topologyKey: 'provider', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' as const }]],
  ])('that a division keeps change nothing of it under %s', (_, spread) => {
    fc.assert(fc.property(landscapeOf(fc.constant(spread), 0), loosely, check), { numRuns: 100 });
  });

  it('of strategy Capacity that bind leave the rest to Webster by what fits, and of Weighted by the weights', () => {
    const limit = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 6, max: 20 }));
    fc.assert(
      fc.property(landscapeOf(fc.constant([]), 0), fc.tuple(limit, limit, limit, limit), fc.boolean(), (given, limits, isWeighted) => {
        const asked = { ...given, strategy: isWeighted ? ('Weighted' as const) : ('Capacity' as const) };
        const bounds = names.map((name, index) => ({
          clusterSelector: selecting(name),
          min: limits[index]?.[0] ?? 0,
          max: limits[index]?.[1] ?? 0,
        }));
        fc.pre(names.every((name, index) => at(given.fits, name) >= (bounds[index]?.min ?? 0)));
        fc.pre(bounds.reduce((sum, { min }) => sum + min, 0) <= given.replicas);
        const weights = Object.fromEntries(names.map((name, index) => [name, 1 + ((index * 2) % 5)]));
        const within = Object.fromEntries(
          bounds.map(({ min, max }, index) => [names[index] ?? '', [min, Math.min(max, at(given.fits, names[index] ?? ''))] as const]),
        );
        expect(placed(asked, bounds).counts).toEqual(webster(isWeighted ? weights : given.fits, given.replicas, within));
      }),
      { numRuns: 200 },
    );
  });
});

describe('the loss of a cluster', () => {
  const lossOf = (spread: fc.Arbitrary<readonly SpreadConstraint[]>) =>
    fc.tuple(landscapeOf(spread, 0), fc.constantFrom(...names), countsOf(4));
  const one = ruleOf('provider').map((rule) => [rule]);
  const two = fc.tuple(ruleOf('provider'), ruleOf('hanse.dev/cluster')).map((rules) => [...rules]);

  it.each([
    ['one spread constraint', one],
    ['two spread constraints', two],
  ])('stops nothing that runs in another, whatever room is left, under %s', (_, spread) => {
    fc.assert(
      fc.property(lossOf(spread), ([given, lost, room]) => {
        const replicas = 1 + (given.replicas % 20);
        const before = placed({ ...given, replicas }).counts;
        const after = { ...given, replicas, fits: room, current: before };
        const left = names.filter((name) => name !== lost);
        const now = placed(after, [], left).counts;
        const stops = (counts: Counts): readonly string[] => left.filter((name) => at(counts, name) < at(before, name));
        // Where nothing is lost, room that is new may be what a hard constraint waits for.
        fc.pre(at(before, lost) > 0);
        expect(stops(now)).toEqual([]);
        if (given.strategy === 'Weighted') return;
        // The next decision on it says the same for as long as the lost cluster is owed what it had.
        const fits = Object.fromEntries(left.map((name) => [name, at(room, name) + at(before, name) - at(now, name)]));
        expect(placed({ ...after, current: now, fits }, [], left, { [lost]: at(before, lost) }).counts).toEqual(now);
      }),
      { numRuns: 120 },
    );
  });
});
