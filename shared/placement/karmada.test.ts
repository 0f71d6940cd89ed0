/** @module Where room does not bind, divisions are those of Karmada (facts `karmada.md` §2.7), so that its users can move. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicySpec } from '../api/index.ts';
import { place } from './place.ts';
import { asMap, clusterWith, policyOf, workloadOf } from './testing.ts';

type Party = { readonly name: string; readonly votes: number };

/** Webster's method by its definition, seat by seat: most votes/(2·seats+1), ties by fewer seats and then name. */
const webster = (parties: readonly Party[], seats: number): Record<string, number> => {
  const won: Record<string, number> = {};
  for (let seat = 0; seat < seats; seat++) {
    const [best] = [...parties]
      .filter(({ votes }) => votes > 0)
      .sort((a, b) => {
        const [x, y] = [won[a.name] ?? 0, won[b.name] ?? 0];
        return b.votes * (2 * x + 1) - a.votes * (2 * y + 1) || x - y || (a.name < b.name ? -1 : 1);
      });
    if (best === undefined) break;
    won[best.name] = (won[best.name] ?? 0) + 1;
  }
  return won;
};

const added = (a: Record<string, number>, b: Record<string, number>): Record<string, number> => {
  const sum = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return Object.fromEntries(Object.entries(sum).filter(([, count]) => count > 0));
};

const names = ['a', 'b', 'c', 'd'];
const fleet = fc.array(fc.record({ fits: fc.integer({ min: 1, max: 30 }), current: fc.integer({ min: 0, max: 6 }) }), {
  minLength: 2,
  maxLength: 4,
});
const total = (map: Record<string, number>): number => Object.values(map).reduce((sum, count) => sum + count, 0);
const decide = (
  strategy: 'Capacity' | 'Aggregated',
  sizes: readonly { fits: number }[],
  replicas: number,
  current: Record<string, number>,
): Record<string, number> =>
  asMap(
    place(
      { policy: policyOf({ replicaScheduling: { strategy } }), clusters: sizes.map(({ fits }, at) => clusterWith(names[at] ?? '', fits)) },
      workloadOf(replicas, current),
      { nowMs: 0 },
    ).clusters,
  );

const decideFresh = (
  strategy: 'Capacity' | 'Aggregated',
  sizes: readonly { fits: number }[],
  replicas: number,
  current: Record<string, number>,
): Record<string, number> =>
  asMap(
    place(
      { policy: policyOf({ replicaScheduling: { strategy } }), clusters: sizes.map(({ fits }, at) => clusterWith(names[at] ?? '', fits)) },
      { ...workloadOf(replicas, current), isFresh: true },
      { nowMs: 0 },
    ).clusters,
  );

describe('divisions as Karmada makes them', () => {
  const given = fleet.map((sizes) => ({
    sizes,
    current: Object.fromEntries(sizes.flatMap(({ current }, at) => (current > 0 ? [[names[at] ?? '', current]] : []))),
  }));

  it('Capacity scales up by Webster over the difference, with room as votes', () => {
    fc.assert(
      fc.property(given, fc.integer({ min: 0, max: 20 }), ({ sizes, current }, more) => {
        fc.pre(more <= sizes.reduce((sum, { fits }) => sum + fits, 0));
        const votes = sizes.map(({ fits }, at) => ({ name: names[at] ?? '', votes: fits }));
        expect(decide('Capacity', sizes, total(current) + more, current)).toEqual(added(current, webster(votes, more)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('Capacity and Aggregated scale down by Webster over what is left, with present replicas as votes', () => {
    fc.assert(
      fc.property(
        given,
        fc.constantFrom('Capacity' as const, 'Aggregated' as const),
        fc.integer({ min: 0, max: 10 }),
        ({ sizes, current }, strategy, less) => {
          fc.pre(less <= total(current));
          const votes = Object.entries(current).map(([name, count]) => ({ name, votes: count }));
          expect(decide(strategy, sizes, total(current) - less, current)).toEqual(webster(votes, total(current) - less));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('a fresh start divides by Webster over room with what runs counted as room, whatever ran', () => {
    fc.assert(
      fc.property(given, fc.integer({ min: 0, max: 30 }), ({ sizes, current }, replicas) => {
        const votes = sizes.map(({ fits }, at) => ({ name: names[at] ?? '', votes: fits + (current[names[at] ?? ''] ?? 0) }));
        fc.pre(replicas <= votes.reduce((sum, party) => sum + party.votes, 0));
        expect(decideFresh('Capacity', sizes, replicas, current)).toEqual(webster(votes, replicas));
      }),
      { numRuns: 1_000 },
    );
  });

  it('a fresh start of Aggregated takes the shortest list by room', () => {
    fc.assert(
      fc.property(given, fc.integer({ min: 0, max: 30 }), ({ sizes, current }, replicas) => {
        const parties = sizes.map(({ fits }, at) => ({ name: names[at] ?? '', votes: fits + (current[names[at] ?? ''] ?? 0) }));
        fc.pre(replicas <= parties.reduce((sum, { votes }) => sum + votes, 0));
        const order = [...parties].sort((a, b) => b.votes - a.votes || (a.name < b.name ? -1 : 1));
        let room = 0;
        const chosen = order.filter(({ votes }) => {
          const isNeeded = room < replicas;
          room += votes;
          return isNeeded;
        });
        expect(decideFresh('Aggregated', sizes, replicas, current)).toEqual(webster(chosen, replicas));
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, { a: number; b: number; c: number }, number, Record<string, number>]>([
    ['2:1 of 2 seats is 1:1', { a: 2, b: 1, c: 0 }, 2, { a: 1, b: 1 }],
    ['a tie goes to fewer seats, then to the name', { a: 3, b: 3, c: 3 }, 4, { a: 2, b: 1, c: 1 }],
    ['5:3:1 of 7', { a: 5, b: 3, c: 1 }, 7, { a: 4, b: 2, c: 1 }],
    ['one vote of many gets no seat', { a: 90, b: 9, c: 1 }, 10, { a: 9, b: 1 }],
  ])('Weighted: %s', (_, weights, replicas, expected) => {
    const policy = policyOf({
      replicaScheduling: {
        strategy: 'Weighted',
        weights: Object.entries(weights).map(([name, weight]) => ({
          clusterSelector: { matchLabels: { 'hanse.dev/cluster': name } },
          weight,
        })),
      },
    });
    const clusters = Object.keys(weights).map((name) => clusterWith(name, 100));
    expect(asMap(place({ policy, clusters }, workloadOf(replicas, { c: 5 }), { nowMs: 0 }).clusters)).toEqual(expected);
  });

  it('Aggregated takes the shortest list of clusters with room: those in use first, then most room', () => {
    fc.assert(
      fc.property(given, fc.integer({ min: 0, max: 20 }), ({ sizes, current }, more) => {
        const parties = sizes.map(({ fits }, at) => ({ name: names[at] ?? '', votes: fits }));
        fc.pre(more <= parties.reduce((sum, { votes }) => sum + votes, 0));
        const present = (name: string): number => Number((current[name] ?? 0) > 0);
        const order = [...parties].sort((a, b) => present(b.name) - present(a.name) || b.votes - a.votes || (a.name < b.name ? -1 : 1));
        let room = 0;
        const chosen = order.filter(({ votes }) => {
          const isNeeded = room < more;
          room += votes;
          return isNeeded;
        });
        expect(decide('Aggregated', sizes, total(current) + more, current)).toEqual(added(current, webster(chosen, more)));
      }),
      { numRuns: 1_000 },
    );
  });
});

type Told = readonly [name: string, fits: number, labels?: Readonly<Record<string, string>>];

describe('tables of Karmada, with what we do otherwise', () => {
  const byWeight = {
    strategy: 'Weighted',
    weights: [{ clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'a' } }, weight: 1 }],
  } as const;
  const four: readonly Told[] = [
    ['m1', 40],
    ['m2', 60],
    ['m3', 80],
    ['m4', 50],
  ];
  const twoAtMost = [{ topologyKey: 'hanse.dev/cluster', maxDomains: 2 }];
  const inRegions: readonly Told[] = [
    ['a', 9, { region: 'x' }],
    ['b', 5, { region: 'x' }],
    ['c', 2, { region: 'y' }],
  ];

  it.each<[string, Partial<PolicySpec>, readonly Told[], number, Record<string, number>, Record<string, number>, number]>([
    [
      '§2.7 steady: as many as before stay where they are, balanced or not',
      {},
      [
        ['a', 9],
        ['b', 9],
      ],
      5,
      { a: 5 },
      { a: 5 },
      0,
    ],
    [
      '§2.7 steady: what a lost cluster had goes by room',
      {},
      [
        ['a', 2],
        ['b', 1],
      ],
      6,
      { a: 2, b: 1, gone: 3 },
      { a: 4, b: 2 },
      0,
    ],
    [
      '§2.7 static: clusters that no weight selects get nothing',
      { replicaScheduling: byWeight },
      [
        ['a', 9],
        ['b', 9],
      ],
      4,
      {},
      { a: 4 },
      0,
    ],
    [
      '§2.7 static: what runs does not count',
      { replicaScheduling: { strategy: 'Weighted' } },
      [
        ['a', 9],
        ['b', 9],
      ],
      4,
      { a: 4 },
      { a: 2, b: 2 },
      0,
    ],
    [
      '§2.7 overflow: each tier takes what it holds, by room within it',
      { tiers: [{ name: 'own', clusterSelector: { matchLabels: { region: 'x' } } }, { name: 'rest' }] },
      inRegions,
      16,
      {},
      { a: 9, b: 5, c: 2 },
      0,
    ],
    ['§2.6 a region minimum is reached', { spread: [{ topologyKey: 'region', minDomains: 2 }] }, inRegions, 6, {}, { a: 3, b: 2, c: 1 }, 0],
    [
      '§2.6 otherwise: under a maximum those with most room, not the best by score',
      { spread: twoAtMost },
      four,
      120,
      {},
      { m2: 51, m3: 69 },
      0,
    ],
    ['§2.6 otherwise: what fits under a maximum is placed', { spread: twoAtMost }, four, 200, {}, { m2: 60, m3: 80 }, 60],
    [
      '§2.7 otherwise: dynamic modes place what fits',
      {},
      [
        ['a', 2],
        ['b', 1],
      ],
      9,
      {},
      { a: 2, b: 1 },
      6,
    ],
    [
      '§2.7 otherwise: copies are not more than fit',
      { replicaScheduling: { strategy: 'Duplicated' } },
      [
        ['a', 4],
        ['b', 1],
      ],
      4,
      {},
      { a: 4, b: 1 },
      3,
    ],
    [
      '§2.6 otherwise: fewer domains than the minimum keep what runs',
      { spread: [{ topologyKey: 'region', minDomains: 3 }] },
      inRegions,
      6,
      { a: 4 },
      { a: 4 },
      2,
    ],
  ])('%s', (_, spec, clusters, replicas, current, placed, unplaced) => {
    const views = clusters.map(([name, fits, labels]) => clusterWith(name, fits, labels));
    const decision = place({ policy: policyOf(spec), clusters: views }, workloadOf(replicas, current), { nowMs: 0 });
    expect([asMap(decision.clusters), decision.unplaced]).toEqual([placed, unplaced]);
  });
});
