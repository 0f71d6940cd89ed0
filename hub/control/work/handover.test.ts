/** @module Rules of a move: nothing is taken away before its replacement is ready, and of a singleton nothing begins before the old one has stopped. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideHandover, type HandoverInput, type Holding } from './handover.ts';

const holding = (told: number, ready = told, more: Partial<Holding> = {}): Holding => ({
  told,
  ready,
  running: told,
  isOutOfReach: false,
  ...more,
});

const input = (wanted: Record<string, number>, held: Record<string, Holding>, more: Partial<HandoverInput> = {}): HandoverInput => ({
  isSingleton: false,
  isOrdinal: false,
  wanted: new Map(Object.entries(wanted)),
  unplaced: 0,
  held: new Map(Object.entries(held)),
  budgets: new Map(),
  overdue: new Set(),
  ...more,
});

type Row = readonly [
  rule: string,
  wanted: Record<string, number>,
  held: Record<string, Holding>,
  more: Partial<HandoverInput>,
  keep: Record<string, number>,
  stay: Record<string, number>,
];

describe('a move of replicas that may serve side by side', () => {
  it.each<Row>([
    [
      'what stays in a drained cluster that has not answered yet is left as it is: how much it is nobody knows',
      {},
      { a: holding(1, 0, { isGuess: true }) },
      { budgets: new Map([['a', 0]]), unplaced: 6 },
      { a: 1 },
      {},
    ],
    [
      'what is only guessed to run in one cluster lets nothing go from another',
      { c: 5 },
      { a: holding(1, 1, { isGuess: true }), b: holding(4, 3), c: holding(5, 0) },
      {},
      { a: 1, b: 4 },
      {},
    ],
    [
      'a surplus that has waited for long enough goes, and what has no other place stays all the same',
      { b: 3 },
      { a: holding(5), b: holding(3, 0) },
      { budgets: new Map([['a', 0]]), unplaced: 2, overdue: new Set(['a']) },
      {},
      { a: 2 },
    ],
    ['what leaves stays until its replacement is ready', { b: 3 }, { a: holding(3), b: holding(3, 0) }, {}, { a: 3 }, {}],
    ['as many leave as replacements are ready', { b: 3 }, { a: holding(3), b: holding(3, 2) }, {}, { a: 1 }, {}],
    ['two that never become ready hold back two, not all', { b: 10 }, { a: holding(8), b: holding(10, 8) }, {}, { a: 2 }, {}],
    [
      'several sources keep together as many as are missing, the first by name first',
      { c: 8, d: 2 },
      { a: holding(4), b: holding(4), c: holding(8, 5), d: holding(2) },
      {},
      { a: 3 },
      {},
    ],
    ['what is ready is kept before what is not', { c: 4 }, { a: holding(4, 0), b: holding(4), c: holding(4, 1) }, {}, { b: 3 }, {}],
    [
      'replacements in several clusters count together',
      { b: 2, c: 2 },
      { a: holding(4), b: holding(2, 1), c: holding(2) },
      {},
      { a: 1 },
      {},
    ],
    [
      'of copies in each cluster, those that leave wait for those that come',
      { b: 4, c: 4 },
      { a: holding(4), b: holding(4), c: holding(4, 3) },
      {},
      { a: 1 },
      {},
    ],
    [
      'those that leave by their number keep, besides, as many as are not ready there',
      { b: 4 },
      { a: holding(4, 3), b: holding(4, 3) },
      { isOrdinal: true },
      { a: 2 },
      {},
    ],
    [
      'those that leave by their number wait where what would be left is not ready',
      { a: 1, b: 2 },
      { a: holding(3, 2), b: holding(2) },
      { isOrdinal: true },
      { a: 2 },
      {},
    ],
    [
      'a cluster that is drained gives up more than one that is not',
      { c: 6 },
      { a: holding(3), b: holding(3), c: holding(6, 2) },
      { budgets: new Map([['a', 2]]) },
      { b: 3 },
      {},
    ],
    ['what leaves goes when the replacement is ready', { b: 3 }, { a: holding(3), b: holding(3) }, {}, {}, {}],
    ['what shrinks stays as well', { a: 1, b: 2 }, { a: holding(3) }, {}, { a: 3 }, {}],
    ['a workload that only shrinks waits for nobody', { a: 1, b: 2 }, { a: holding(3), b: holding(2) }, {}, {}, {}],
    ['what has waited for long enough goes', { b: 3 }, { a: holding(3), b: holding(3, 0) }, { overdue: new Set(['a']) }, {}, {}],
    [
      'what has waited for long enough goes, and what is drained waits on',
      { c: 6 },
      { a: holding(3, 0), b: holding(3, 0), c: holding(6, 0) },
      { overdue: new Set(['a']), budgets: new Map([['b', 0]]) },
      { b: 3 },
      {},
    ],
    ['of a cluster that is not heard nothing is said', { b: 3 }, { a: holding(3, 3, { isOutOfReach: true }) }, {}, {}, {}],
    ['what finds no place elsewhere goes when it must', { b: 1 }, { a: holding(3), b: holding(1) }, { unplaced: 2 }, {}, {}],
    [
      'what finds no place elsewhere stays in a cluster that is drained, and no more than that',
      { b: 1 },
      { a: holding(3), b: holding(1) },
      { unplaced: 2, budgets: new Map([['a', 0]]) },
      {},
      { a: 2 },
    ],
    [
      "all of it stays while its replacement is not ready, and what has no other place is the cluster's",
      { b: 1 },
      { a: holding(3), b: holding(1, 0) },
      { unplaced: 2, budgets: new Map([['a', 0]]) },
      { a: 3 },
      { a: 2 },
    ],
    [
      'of several drained clusters the first keep what finds no place elsewhere',
      { c: 4 },
      { a: holding(3), b: holding(3), c: holding(4) },
      {
        unplaced: 4,
        budgets: new Map([
          ['a', 0],
          ['b', 0],
        ]),
      },
      {},
      { a: 3, b: 1 },
    ],
    [
      'what finds no place elsewhere goes when the budget lets so many be missing',
      { b: 1 },
      { a: holding(3), b: holding(1) },
      { unplaced: 2, budgets: new Map([['a', 2]]) },
      {},
      {},
    ],
    [
      'a drain may leave as many missing as its budget says',
      { b: 3 },
      { a: holding(3), b: holding(3, 2) },
      { budgets: new Map([['a', 1]]) },
      {},
      {},
    ],
  ])('%s', (_, wanted, held, more, keep, stay) => {
    const decided = decideHandover(input(wanted, held, more));
    expect([Object.fromEntries(decided.keep), Object.fromEntries(decided.stay)]).toEqual([keep, stay]);
  });

  const names = ['a', 'b', 'c', 'd'] as const;
  const counts = fc.array(fc.nat(6), { minLength: 4, maxLength: 4 });
  /** Any fleet in the middle of any move; kinds whose replicas leave by number among them. */
  const moves = fc.tuple(counts, counts, counts, fc.boolean()).map(([wantedCounts, told, readyCounts, isOrdinal]) => {
    const wanted = Object.fromEntries(names.flatMap((name, at) => ((wantedCounts[at] ?? 0) > 0 ? [[name, wantedCounts[at] ?? 0]] : [])));
    const held = Object.fromEntries(names.map((name, at) => [name, holding(told[at] ?? 0, Math.min(told[at] ?? 0, readyCounts[at] ?? 0))]));
    return { wanted, held, isOrdinal };
  });
  type Fleet = { readonly wanted: Record<string, number>; readonly held: Record<string, Holding>; readonly isOrdinal: boolean };
  const sumOf = (count: (name: string) => number): number => names.reduce((sum, name) => sum + count(name), 0);
  const keepIn = ({ wanted, held, isOrdinal }: Fleet): ReadonlyMap<string, number> =>
    decideHandover(input(wanted, held, { isOrdinal })).keep;
  /** What the clusters have after the decision. */
  const done = (fleet: Fleet): Fleet => {
    const keep = keepIn(fleet);
    const left = Object.entries(fleet.held).map(([name, { told, ready }]) => {
      const share = Math.max(fleet.wanted[name] ?? 0, keep.get(name) ?? 0);
      const gone = Math.max(0, told - share);
      const stillReady = fleet.isOrdinal ? Math.max(0, ready - gone) : Math.min(ready, share);
      return [name, holding(Math.min(told, share), stillReady)] as const;
    });
    return { ...fleet, held: Object.fromEntries(left) };
  };

  it('never leaves fewer ready replicas than the fewer of those before and those wanted', () => {
    fc.assert(
      fc.property(moves, (fleet) => {
        const before = sumOf((name) => fleet.held[name]?.ready ?? 0);
        const wanted = sumOf((name) => fleet.wanted[name] ?? 0);
        const next = done(fleet);
        expect(sumOf((name) => next.held[name]?.ready ?? 0)).toBeGreaterThanOrEqual(Math.min(before, wanted));
      }),
    );
  });

  it('keeps no more than replacements are not ready, and keeps nothing when all are', () => {
    fc.assert(
      fc.property(moves, (fleet) => {
        const keep = keepIn(fleet);
        const surplus = sumOf((name) => Math.max(0, (keep.get(name) ?? 0) - (fleet.wanted[name] ?? 0)));
        const missing = sumOf((name) => Math.max(0, (fleet.wanted[name] ?? 0) - (fleet.held[name]?.ready ?? 0)));
        const unreadyIn = sumOf((name) => (fleet.held[name]?.told ?? 0) - (fleet.held[name]?.ready ?? 0));
        expect(surplus).toBeLessThanOrEqual(fleet.isOrdinal ? missing + unreadyIn : missing);
        const ready = Object.fromEntries(
          names.map((name) => [name, holding(Math.max(fleet.held[name]?.told ?? 0, fleet.wanted[name] ?? 0))]),
        );
        expect(keepIn({ ...fleet, held: ready }).size).toBe(0);
      }),
    );
  });

  it('is decided the same once it has been done: nothing grows back, and nothing more goes', () => {
    fc.assert(
      fc.property(moves, (fleet) => {
        const next = done(fleet);
        for (const [name, replicas] of keepIn(next)) expect(replicas).toBeLessThanOrEqual(next.held[name]?.told ?? 0);
        if (!fleet.isOrdinal) expect(done(next)).toEqual(next);
      }),
    );
  });
});

describe('a move of a singleton', () => {
  const singleton = (held: Record<string, Holding>, more: Partial<HandoverInput> = {}): readonly string[] => [
    ...decideHandover(input({ b: 1 }, held, { isSingleton: true, ...more })).wait,
  ];

  it.each<readonly [string, Record<string, Holding>, Partial<HandoverInput>, readonly string[]]>([
    ['waits while the old one runs', { a: holding(1) }, {}, ['b']],
    ['waits until the old one is said to be gone', { a: holding(0, 0, { running: 1 }) }, {}, ['b']],
    ['begins when the old one is gone', { a: holding(0) }, {}, []],
    ['waits for a cluster that nobody hears', { a: holding(1, 1, { isOutOfReach: true }) }, {}, ['b']],
    ['begins when a fence has stopped it in that cluster', { a: holding(1, 1, { running: 0, isOutOfReach: true }) }, {}, []],
    ['does not wait for itself', { b: holding(1) }, {}, []],
  ])('%s', (_, held, more, wait) => {
    expect(singleton(held, more)).toEqual(wait);
  });

  it('waits until a cluster that keeps a part has given up the rest', () => {
    const wait = (running: number): number =>
      decideHandover(input({ a: 1, b: 1 }, { a: holding(1, 1, { running }) }, { isSingleton: true })).wait.size;
    expect([wait(2), wait(1)]).toEqual([1, 0]);
  });

  type Staying = readonly [
    rule: string,
    Record<string, Holding>,
    Partial<HandoverInput>,
    keep: [string, number][],
    stay: [string, number][],
  ];
  const bothDrained = new Map([
    ['a', 0],
    ['b', 0],
  ]);
  it.each<Staying>([
    ['stays where it is, told anew so that it runs again after a fence', { a: holding(1) }, {}, [], [['a', 1]]],
    ['stays with no more than are wanted', { a: holding(3) }, {}, [], [['a', 1]]],
    ['is left as it is while the cluster has not answered', { a: holding(1, 0, { isGuess: true }) }, {}, [['a', 1]], []],
    ['stays whole where a fence stopped it', { a: holding(1, 0, { isGuess: true, isStopped: true }) }, { unplaced: 2 }, [], [['a', 2]]],
    ['is left as it is while another cluster runs it', { a: holding(1), c: holding(0, 0, { running: 1 }) }, {}, [['a', 1]], []],
    [
      'is left as it is while a cluster that nobody hears may run it',
      { a: holding(1), c: holding(1, 1, { isOutOfReach: true }) },
      {},
      [['a', 1]],
      [],
    ],
    [
      'is told anew when a fence has stopped it in the other cluster',
      { a: holding(1), c: holding(1, 1, { running: 0, isOutOfReach: true }) },
      {},
      [],
      [['a', 1]],
    ],
    [
      'is told anew in none of two drained clusters that both have it',
      { a: holding(1), b: holding(1) },
      { budgets: bothDrained },
      [
        ['a', 1],
        ['b', 1],
      ],
      [],
    ],
    ['is told nothing while its cluster is not heard', { a: holding(1, 1, { isOutOfReach: true }) }, {}, [], []],
  ])('that finds no place when its cluster is drained %s', (_, held, more, keep, stay) => {
    const decided = decideHandover(input({}, held, { isSingleton: true, unplaced: 1, budgets: new Map([['a', 0]]), ...more }));
    expect([[...decided.keep], [...decided.stay]]).toEqual([keep, stay]);
  });

  it('keeps nothing where it was', () => {
    expect(decideHandover(input({ b: 1 }, { a: holding(1), b: holding(1, 0) }, { isSingleton: true })).keep.size).toBe(0);
  });
});
