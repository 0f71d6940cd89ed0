/** @module The rules of placement, as tables: strategies, tiers, explanation. */
import { describe, expect, it } from 'vitest';
import { explanationRows } from '../api/index.ts';
import { place } from './place.ts';
import { asMap, clusterWith, policyOf, workloadOf } from './testing.ts';
import { decide, env, expectedOf, on, outcomeOf, provider, type Row, strategy, three, tiered, tiers } from './testing-cases.ts';

const rows: readonly Row[] = [
  {
    rule: 'Capacity divides in proportion to room',
    clusters: [
      ['a', 30],
      ['b', 10],
    ],
    replicas: 8,
    placed: { a: 6, b: 2 },
  },
  {
    rule: 'Capacity leaves present replicas and divides the difference',
    clusters: [
      ['a', 30],
      ['b', 10],
    ],
    replicas: 8,
    current: { a: 1, b: 3 },
    placed: { a: 4, b: 4 },
  },
  {
    rule: 'Capacity scales down in proportion to what is present',
    clusters: three,
    replicas: 6,
    current: { a: 6, b: 4, c: 2 },
    placed: { a: 3, b: 2, c: 1 },
  },
  {
    rule: 'an unbalanced but valid present state is left alone',
    clusters: [
      ['a', 0],
      ['b', 100],
    ],
    replicas: 8,
    current: { a: 7, b: 1 },
    placed: { a: 7, b: 1 },
  },
  {
    rule: 'what does not fit is unplaced',
    clusters: [
      ['a', 2],
      ['b', 1],
    ],
    replicas: 8,
    placed: { a: 2, b: 1 },
    unplaced: 5,
    reason: 'Unplaced',
  },
  {
    rule: 'replicas that run stay when a domain without room comes to be counted, and the constraint is told',
    spec: { ...strategy('Aggregated'), spread: [{ topologyKey: 'hanse.dev/provider', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }] },
    clusters: [
      ['a', 0, on('onprem')],
      ['b', 0, on('onprem')],
      ['c', 0, on('gcp')],
    ],
    replicas: 7,
    current: { a: 1, b: 5 },
    placed: { a: 1, b: 5 },
    unplaced: 1,
    reason: 'SpreadUnsatisfiable',
  },
  {
    rule: 'replicas that run go where a constraint wants them as far as all of them find a place',
    spec: { ...strategy('Aggregated'), spread: [{ topologyKey: 'hanse.dev/provider', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }] },
    clusters: [
      ['a', 0, on('onprem')],
      ['c', 3, on('gcp')],
    ],
    replicas: 6,
    current: { a: 6 },
    placed: { a: 3, c: 3 },
  },
  {
    rule: 'replicas of a cluster that left are placed anew, others stay',
    clusters: [
      ['a', 5],
      ['b', 10],
    ],
    replicas: 8,
    current: { a: 3, gone: 5 },
    placed: { a: 5, b: 3 },
  },
  {
    rule: 'Weighted follows Webster from zero whatever is present',
    spec: {
      replicaScheduling: {
        strategy: 'Weighted',
        weights: [
          { clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'a' } }, weight: 2 },
          { clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'b' } }, weight: 1 },
        ],
      },
    },
    clusters: three,
    replicas: 9,
    current: { b: 9 },
    placed: { a: 6, b: 3 },
  },
  {
    rule: 'Weighted gives small weights their seat (2:1 of 2 is 1:1)',
    spec: {
      replicaScheduling: {
        strategy: 'Weighted',
        weights: [
          { clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'a' } }, weight: 2 },
          { clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'b' } }, weight: 1 },
        ],
      },
    },
    clusters: three,
    replicas: 2,
    placed: { a: 1, b: 1 },
  },
  {
    rule: 'the largest matching weight counts',
    spec: {
      replicaScheduling: {
        strategy: 'Weighted',
        weights: [{ weight: 1 }, { clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'a' } }, weight: 3 }],
      },
    },
    clusters: [
      ['a', 10],
      ['b', 10],
    ],
    replicas: 8,
    placed: { a: 6, b: 2 },
  },
  {
    rule: 'Weighted leaves replicas where a cluster is in doubt, and divides the rest',
    spec: strategy('Weighted'),
    clusters: [
      ['a', 9],
      ['b', 9, {}, [{ key: 'hanse.dev/not-ready', effect: 'NoSchedule' }]],
      ['c', 9],
    ],
    replicas: 6,
    current: { b: 4, c: 2 },
    placed: { a: 1, b: 4, c: 1 },
  },
  {
    rule: 'Weighted takes from a cluster in doubt what is not wanted any more',
    spec: strategy('Weighted'),
    clusters: [
      ['a', 9],
      ['b', 9, {}, [{ key: 'hanse.dev/not-ready', effect: 'NoSchedule' }]],
    ],
    replicas: 2,
    current: { b: 4 },
    placed: { a: 1, b: 1 },
  },
  { rule: 'Weighted without weights is equal', spec: strategy('Weighted'), clusters: three, replicas: 6, placed: { a: 2, b: 2, c: 2 } },
  {
    rule: 'Weighted hands on what a full cluster cannot take',
    spec: strategy('Weighted'),
    clusters: [
      ['a', 1],
      ['b', 10],
    ],
    replicas: 6,
    placed: { a: 1, b: 5 },
  },
  {
    rule: 'Capacity goes by what fits, also within bounds: a maximum is a limit and no vote',
    spec: { replicaScheduling: { strategy: 'Capacity', bounds: [{ max: 8 }] } },
    clusters: [
      ['a', 10],
      ['b', 30],
    ],
    replicas: 8,
    placed: { a: 2, b: 6 },
  },
  {
    rule: 'Capacity counts what a minimum gives as seats among the others',
    spec: { replicaScheduling: { strategy: 'Capacity', bounds: [{ min: 1 }] } },
    clusters: [
      ['a', 10],
      ['b', 30],
    ],
    replicas: 8,
    placed: { a: 2, b: 6 },
  },
  {
    rule: 'Aggregated goes to the cluster with most room, whatever bounds that it does not reach',
    spec: {
      replicaScheduling: { strategy: 'Aggregated', bounds: [{ clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'b' } }, max: 15 }] },
    },
    clusters: [
      ['a', 20],
      ['b', 30],
    ],
    replicas: 8,
    placed: { b: 8 },
  },
  {
    rule: 'a weight of 0 gives nothing, also where the clusters with a greater one are out',
    spec: { replicaScheduling: { strategy: 'Weighted', weights: [{ weight: 0 }] } },
    clusters: [
      ['a', 9],
      ['b', 9],
    ],
    replicas: 4,
    placed: {},
    unplaced: 4,
    reason: 'NoClusterFits',
  },
  {
    rule: 'an empty list of weights is no list: all count the same',
    spec: { replicaScheduling: { strategy: 'Weighted', weights: [] } },
    clusters: [
      ['a', 9],
      ['b', 9],
    ],
    replicas: 4,
    placed: { a: 2, b: 2 },
  },
  {
    rule: 'Aggregated uses as few clusters as hold all',
    spec: strategy('Aggregated'),
    clusters: [
      ['a', 3],
      ['b', 9],
      ['c', 5],
    ],
    replicas: 8,
    placed: { b: 8 },
  },
  {
    rule: 'Aggregated adds where replicas are first',
    spec: strategy('Aggregated'),
    clusters: [
      ['a', 3],
      ['b', 9],
    ],
    replicas: 4,
    current: { a: 2 },
    placed: { a: 4 },
  },
  {
    rule: 'Duplicated gives every cluster all replicas',
    spec: strategy('Duplicated'),
    clusters: three,
    replicas: 4,
    placed: { a: 4, b: 4, c: 4 },
  },
  {
    rule: 'Duplicated gives a small cluster what fits',
    spec: strategy('Duplicated'),
    clusters: [
      ['a', 4],
      ['b', 1],
    ],
    replicas: 4,
    placed: { a: 4, b: 1 },
    unplaced: 3,
  },
  {
    rule: 'Duplicated counts what a cluster without room does not get as unplaced',
    spec: strategy('Duplicated'),
    clusters: [
      ['a', 4],
      ['b', 0],
    ],
    replicas: 4,
    placed: { a: 4 },
    unplaced: 4,
  },
  {
    rule: 'Duplicated goes to the first tier that holds a whole copy, and gives an earlier one no part',
    spec: { ...tiers, ...strategy('Duplicated') },
    clusters: tiered,
    replicas: 7,
    placed: { cloud: 7 },
  },
  {
    rule: 'Duplicated goes to the first tier with room where none holds a whole copy',
    spec: { ...tiers, ...strategy('Duplicated') },
    clusters: tiered,
    replicas: 21,
    placed: { home: 6 },
    unplaced: 15,
  },
  {
    rule: 'Duplicated makes a whole copy in a later tier beside a part that runs',
    spec: { ...tiers, ...strategy('Duplicated') },
    clusters: [
      ['home', 0, on('onprem')],
      ['cloud', 20, on('aws')],
    ],
    replicas: 7,
    current: { home: 6 },
    placed: { home: 6, cloud: 7 },
    unplaced: 1,
  },
  {
    rule: 'Duplicated makes no copy in a later tier because an earlier one takes no more for now',
    spec: { ...tiers, ...strategy('Duplicated') },
    clusters: [
      ['home', 6, on('onprem'), [{ key: 'hanse.dev/not-ready', effect: 'NoSchedule' }]],
      ['cloud', 20, on('aws')],
    ],
    replicas: 7,
    current: { home: 6 },
    placed: { home: 6 },
    unplaced: 1,
  },
  {
    rule: 'Duplicated asks nothing of a cluster that bounds leave out',
    spec: {
      replicaScheduling: { strategy: 'Duplicated', bounds: [{ clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'b' } }, max: 0 }] },
    },
    clusters: [
      ['a', 4],
      ['b', 9],
    ],
    replicas: 4,
    placed: { a: 4 },
  },
  {
    rule: 'an object without replicas goes to every eligible cluster',
    clusters: [
      ['a', 0],
      ['b', 0],
    ],
    replicas: undefined,
    placed: { a: 1, b: 1 },
  },
  {
    rule: 'the second tier gets only what the first cannot hold',
    spec: tiers,
    clusters: tiered,
    replicas: 10,
    placed: { home: 6, cloud: 4 },
  },
  { rule: 'the second tier stays empty while the first has room', spec: tiers, clusters: tiered, replicas: 5, placed: { home: 5 } },
  {
    rule: 'scaling down empties the last tier first',
    spec: tiers,
    clusters: [
      ['home', 0, on('onprem')],
      ['cloud', 16, on('aws')],
    ],
    replicas: 7,
    current: { home: 6, cloud: 4 },
    placed: { home: 6, cloud: 1 },
  },
  {
    rule: 'room in an earlier tier moves nothing by itself',
    spec: tiers,
    clusters: tiered,
    replicas: 10,
    current: { home: 4, cloud: 6 },
    placed: { home: 4, cloud: 6 },
  },
  {
    rule: 'room in an earlier tier moves nothing by itself under Weighted either',
    spec: { ...tiers, ...strategy('Weighted') },
    clusters: tiered,
    replicas: 10,
    current: { home: 4, cloud: 6 },
    placed: { home: 4, cloud: 6 },
  },
  {
    rule: 'a cluster in no tier gets nothing',
    spec: { tiers: [{ name: 'idc', clusterSelector: provider('onprem') }] },
    clusters: tiered,
    replicas: 2,
    placed: { home: 2 },
  },
];

describe('place', () => {
  it.each(rows)('$rule', (row) => {
    expect(outcomeOf(row)).toEqual(expectedOf(row));
  });

  it.each<readonly [home: string, fits: number, replicas: number, placed: Record<string, number>]>([
    ['has room for a part', 1, 7, { cloud: 7 }],
    ['has room for a whole one', 9, 7, { home: 7, cloud: 7 }],
    ['has room for a part, and more are asked for than run', 1, 9, { home: 1, cloud: 7 }],
  ])('leaves a copy under Duplicated where it runs on when a drain is taken back, and the tier before %s', (_, fits, replicas, placed) => {
    const policy = policyOf({ ...tiers, ...strategy('Duplicated') });
    const clusters = [clusterWith('home', fits, on('onprem')), clusterWith('cloud', 0, on('aws'))];
    const workload = { ...workloadOf(replicas, {}, { cloud: 7 }), lingering: new Map([['cloud', 7]]) };
    expect(asMap(place({ policy, clusters }, workload, env).clusters)).toEqual(placed);
  });

  it('says that a minimum in a cluster without a weight is not kept', () => {
    const only = (name: string) => ({ matchLabels: { 'hanse.dev/cluster': name } });
    const weights = [
      { clusterSelector: only('a'), weight: 1 },
      { clusterSelector: only('c'), weight: 0 },
    ];
    const bounds = [
      { clusterSelector: only('b'), min: 2 },
      { clusterSelector: only('c'), min: 3 },
    ];
    const { clusters, message, explained } = decide({ replicaScheduling: { strategy: 'Weighted', weights, bounds } }, three, 8);
    expect(asMap(clusters)).toEqual({ a: 8 });
    expect(message).toContain('bounds: b, c have a minimum and no weight, and get none');
    expect(explanationRows(explained).map((row) => row.message)).toEqual([
      '',
      'no weight of the policy selects the cluster; its minimum of 2 in bounds is not kept',
      'the weight of the cluster is 0; its minimum of 3 in bounds is not kept',
    ]);
  });

  it('says of a tier that gets no copy under Duplicated by what the tier of the copies is chosen', () => {
    const { explained } = decide({ ...tiers, ...strategy('Duplicated') }, tiered, 7);
    expect(explanationRows(explained).map(({ cluster, got, message }) => [cluster, got, message])).toEqual([
      ['cloud', 7, ''],
      ['home', 0, 'copies go to the first tier that holds a whole one, or else to the first with room'],
    ]);
  });

  it('moves a singleton to no other cluster because Weighted would divide it otherwise, nor when it shrinks; the rebalancer may', () => {
    const policy = policyOf({
      replicaScheduling: {
        strategy: 'Weighted',
        weights: [{ weight: 1 }, { clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'a' } }, weight: 3 }],
      },
    });
    const clusters = three.map(([name, fits]) => clusterWith(name, fits));
    const placed = (replicas: number, current: Readonly<Record<string, number>>, isFresh = false) =>
      asMap(place({ policy, clusters }, { ...workloadOf(replicas, current), isSingleton: true, isFresh }, env).clusters);
    expect(placed(1, {})).toEqual({ a: 1 });
    expect(placed(1, { b: 1 })).toEqual({ b: 1 });
    expect(placed(1, { b: 2 })).toEqual({ b: 1 });
    expect(placed(1, { gone: 1 })).toEqual({ a: 1 });
    expect(placed(1, { b: 1 }, true)).toEqual({ a: 1 });
  });

  it('gives a singleton back to the cluster that came back where it runs still, by Weighted too', () => {
    const clusters = three.map(([name, fits]) => clusterWith(name, fits));
    const policy = policyOf({ replicaScheduling: { strategy: 'Weighted' } });
    const workload = { ...workloadOf(1, { a: 1 }, { b: 1 }, { b: { a: 1 } }), isSingleton: true };
    expect(asMap(place({ policy, clusters }, workload, env).clusters)).toEqual({ b: 1 });
  });

  it('explains every cluster: eligible or the term that refused it, what fits, what it got, its tier', () => {
    const decision = decide(tiers, [...tiered, ['other', 9, on('gcp')], ['full', 0, on('aws')]], 8);
    expect(
      explanationRows(decision.explained).map(({ cluster, eligible, reason, fits, got, tier }) => [
        cluster,
        eligible,
        reason,
        fits,
        got,
        tier,
      ]),
    ).toEqual([
      ['cloud', true, '', 20, 2, 'cloud'],
      ['full', true, 'capacity', 0, 0, 'cloud'],
      ['home', true, 'capacity', 6, 6, 'idc'],
      ['other', false, 'tier', undefined, 0, undefined],
    ]);
  });

  it('says when a toleration ends, so that the decision is made again', () => {
    const clusters = [
      clusterWith('a', 9, {}, [{ key: 'hanse.dev/unreachable', effect: 'NoExecute', sinceMs: env.nowMs }]),
      clusterWith('b', 9),
    ];
    const policy = policyOf({
      tolerations: [{ key: 'hanse.dev/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }],
    });
    const before = place({ policy, clusters }, workloadOf(4, { a: 4 }), env);
    expect(asMap(before.clusters)).toEqual({ a: 4 });
    expect(before.recheckAtMs).toBe(env.nowMs + 30_000);
    const after = place({ policy, clusters }, workloadOf(4, { a: 4 }), { nowMs: env.nowMs + 30_000 });
    expect(asMap(after.clusters)).toEqual({ b: 4 });
  });

  it('keeps present replicas of a cluster that has not reported its capacity, and adds none', () => {
    const { room: _, ...silent } = clusterWith('a', 9);
    const clusters = [{ ...silent, room: undefined }, clusterWith('b', 9)];
    expect(asMap(place({ policy: policyOf(), clusters }, workloadOf(4, { a: 2 }), env).clusters)).toEqual({ a: 2, b: 2 });
    expect(asMap(place({ policy: policyOf(), clusters }, workloadOf(4), env).clusters)).toEqual({ b: 4 });
  });
});
