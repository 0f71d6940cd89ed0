/** @module Losses planned by measured use: who has room, and what measurements may never do to a table. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withMeasuredUse, withWorstShed } from './headroom.ts';
import { afterLossOf, lossTables, type ServedService, weightsAtRest } from './loss-table.ts';

type Drawn = { readonly load: number; readonly capacity: number; readonly tier?: number };
const service = (clusters: Readonly<Record<string, Drawn>>): ServedService => ({
  name: 's/x',
  shedPriority: 0,
  clusters: Object.entries(clusters).map(([cluster, one]) => ({ cluster, ...one })),
});
const half = { load: 500, capacity: 1_000 };
const usesOf = (measured: Readonly<Record<string, number>>): Map<string, number> => new Map(Object.entries(measured));
/** `a 0, b 100; shed 0`: weights in percent of the greatest. */
const told = (made: ServedService, lost: string): string => {
  const { weights, shed } = afterLossOf(made, [lost]);
  return `${weights.map(({ cluster, weight }) => `${cluster} ${Math.round(weight / 10_000)}`).join(', ')}; shed ${shed}`;
};
const measured = (clusters: Readonly<Record<string, Drawn>>, uses: Readonly<Record<string, number>>, targetPercent = 80): ServedService =>
  withMeasuredUse(service(clusters), usesOf(uses), targetPercent);
const three = { a: half, b: half, c: half };
const tiers = { a: half, b: half, c: { load: 0, capacity: 1_000, tier: 1 } };

describe('when a is lost', () => {
  it.each<[string, ServedService, string]>([
    ['all with the same room get the same', measured(three, { a: 400, b: 400, c: 400 }), 'b 100, c 100; shed 0'],
    // a serves 400 of its 1,000, b has room for 100, c for 700: all of it fits c, which it fills to 700 of 1,000.
    ['those that have room get what it had', measured(three, { a: 320, b: 720, c: 240 }), 'b 50, c 100; shed 0'],
    ['who is at the target gets nothing more', measured(three, { a: 400, b: 800, c: 200 }), 'b 50, c 100; shed 0'],
    ['who is above it keeps what it has', measured(three, { a: 400, b: 2_000, c: 200 }), 'b 50, c 100; shed 0'],
    ['what fits nobody is shed, in the unit of the loads', measured(three, { a: 800, b: 600, c: 600 }), 'b 100, c 100; shed 250'],
    ['a lower target leaves less room', measured({ a: half, b: half }, { a: 400, b: 400 }, 50), 'b 100; shed 375'],
    ['a cluster that is not measured counts as declared', measured(three, { b: 800 }), 'b 50, c 100; shed 0'],
    ['a later tier that idles gets nothing while the first has room', measured(tiers, { a: 200, b: 200, c: 5 }), 'b 100, c 0; shed 0'],
    ['a later tier gets what the first has no room for', measured(tiers, { a: 600, b: 600, c: 400 }), 'b 100, c 50; shed 0'],
    [
      'a service that nobody asks goes by capacity',
      measured({ a: half, b: half, c: { load: 2_000, capacity: 4_000 } }, { a: 0, b: 0, c: 0 }),
      'b 25, c 100; shed 0',
    ],
    [
      'small numbers are told apart',
      measured({ a: { load: 2, capacity: 4 }, b: { load: 2, capacity: 4 }, c: { load: 2, capacity: 4 } }, { a: 90, b: 90, c: 90 }),
      'b 100, c 100; shed 0',
    ],
  ])('%s', (_, made, text) => {
    expect(told(made, 'a')).toBe(`a 0, ${text}`);
  });
});

it('one that has no requests is lost, and nothing changes for the others, whatever its pods use', () => {
  expect(told(measured(tiers, { a: 400, b: 400, c: 700 }), 'c')).toBe('a 100, b 100, c 0; shed 0');
});

it('of two plans the worse of what they leave unserved is told', () => {
  const row = (lost: string, shed: number) => ({ lost: [lost], weights: new Map<string, number>(), shed });
  expect(withWorstShed([row('a', 1), row('b', 5), row('c', 2)], [row('a', 3), row('b', 4)]).map(({ shed }) => shed)).toEqual([3, 5, 2]);
});

const clusterNames = ['a', 'b', 'c', 'd', 'e'];
const drawnService = fc
  .array(
    fc.record({ capacity: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 20_000 })), part: fc.nat({ max: 100 }), tier: fc.nat({ max: 2 }) }),
    {
      minLength: 1,
      maxLength: clusterNames.length,
    },
  )
  .map((drawn) =>
    service(
      Object.fromEntries(
        drawn.map(({ capacity, part, tier }, at) => [clusterNames[at], { capacity, load: Math.floor((capacity * part) / 100), tier }]),
      ),
    ),
  );
const drawnUses = fc.dictionary(fc.constantFrom(...clusterNames), fc.nat({ max: 100_000 })).map(usesOf);
const target = fc.integer({ min: 10, max: 100 });
const tablesOf = (made: ServedService, limits: ReadonlyMap<string, number> = new Map()) =>
  lossTables({ epoch: 1, services: [made], clusterCapacity: limits, survivorsMin: 1, pairs: [['a', 'b']] });

it('whatever is measured, no table is all zero, and none sends requests to the lost while others can serve', () => {
  const limits = fc.dictionary(fc.constantFrom(...clusterNames), fc.nat({ max: 20_000 })).map((drawn) => new Map(Object.entries(drawn)));
  fc.assert(
    fc.property(drawnService, drawnUses, target, limits, (declared, uses, percent, drawnLimits) => {
      const made = withMeasuredUse(declared, uses, percent);
      for (const { lost, services } of tablesOf(made, drawnLimits))
        for (const { weights, shed, stays } of services) {
          const amount = made.clusters.reduce((sum, { cluster, load }) => (lost.includes(cluster) ? sum + load : sum), 0);
          expect(Number.isSafeInteger(shed) && shed >= 0 && shed <= amount).toBe(true);
          if (made.clusters.some(({ capacity }) => capacity > 0)) expect(weights.some(({ weight }) => weight > 0)).toBe(true);
          for (const { cluster, weight } of weights) {
            expect(Number.isSafeInteger(weight) && weight >= 0).toBe(true);
            if (!stays && lost.includes(cluster)) expect(weight).toBe(0);
          }
        }
    }),
  );
});

it('whatever is measured, a survivor that is at the target or above gets no part of what others lose', () => {
  const two = fc.record({
    a: fc.integer({ min: 1, max: 1_000 }),
    b: fc.integer({ min: 1, max: 1_000 }),
    c: fc.integer({ min: 1, max: 1_000 }),
  });
  fc.assert(
    fc.property(two, fc.nat({ max: 700 }), fc.integer({ min: 800, max: 9_000 }), (loads, low, high) => {
      const made = measured(
        { a: { load: loads.a, capacity: 1_000 }, b: { load: loads.b, capacity: 1_000 }, c: { load: loads.c, capacity: 1_000 } },
        { a: 100, b: high, c: low },
      );
      const [, b, c] = afterLossOf(made, ['a']).weights.map(({ weight }) => weight);
      const [most, least] = [Math.max(loads.b, loads.a + loads.c), 1_000_000];
      // Loads afterwards: b's as it was, c's with all that a had; but for rounding.
      expect(Math.abs((b ?? 0) - (loads.b * least) / most)).toBeLessThanOrEqual(least / most + 1);
      expect(Math.abs((c ?? 0) - ((loads.a + loads.c) * least) / most)).toBeLessThanOrEqual(least / most + 1);
    }),
  );
});

it('without a measurement the tables are the same to the byte, and shares at rest never follow measurements', () => {
  fc.assert(
    fc.property(drawnService, drawnUses, target, (declared, uses, percent) => {
      expect(withMeasuredUse(declared, new Map(), percent)).toBe(declared);
      const strangers = new Map([...uses].map(([cluster, use]) => [`other-${cluster}`, use]));
      expect(withMeasuredUse(declared, strangers, percent)).toBe(declared);
      expect(weightsAtRest(withMeasuredUse(declared, uses, percent))).toEqual(weightsAtRest(declared));
    }),
  );
});
