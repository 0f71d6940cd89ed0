/** @module The rules of placement, as tables. */
import { describe, expect, it } from 'vitest';
import type { PolicySpec, Taint } from '../api/index.ts';
import { place } from './place.ts';
import { asMap, clusterWith, policyOf, workloadOf } from './testing.ts';

const env = { nowMs: 1_000_000 };
type Clusters = readonly (readonly [name: string, fits: number, labels?: Record<string, string>, taints?: readonly Taint[]])[];

const decide = (
  spec: Partial<PolicySpec>,
  clusters: Clusters,
  replicas: number | undefined,
  current: Record<string, number> = {},
  owed: Record<string, number> = {},
) =>
  place(
    { policy: policyOf(spec), clusters: clusters.map(([name, fits, labels, taints]) => clusterWith(name, fits, labels, taints)) },
    workloadOf(replicas, current, owed),
    env,
  );

const on = (provider: string): Record<string, string> => ({ 'hanse.dev/provider': provider });
const provider = (value: string) => ({ matchLabels: on(value) });

type Row = {
  readonly rule: string;
  readonly spec?: Partial<PolicySpec>;
  readonly clusters: Clusters;
  readonly replicas: number | undefined;
  readonly current?: Record<string, number>;
  readonly owed?: Record<string, number>;
  readonly placed: Record<string, number>;
  readonly unplaced?: number;
  readonly reason?: string;
};

const strategy = (name: 'Duplicated' | 'Weighted' | 'Capacity' | 'Aggregated'): Partial<PolicySpec> => ({
  replicaScheduling: { strategy: name },
});
const tiers: Partial<PolicySpec> = {
  tiers: [
    { name: 'idc', clusterSelector: provider('onprem') },
    { name: 'cloud', clusterSelector: provider('aws') },
  ],
};
const tiered: Clusters = [
  ['home', 6, on('onprem')],
  ['cloud', 20, on('aws')],
];
const three: Clusters = [
  ['a', 10],
  ['b', 10],
  ['c', 10],
];

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
    rule: 'weights of 0 everywhere count the same',
    spec: { replicaScheduling: { strategy: 'Weighted', weights: [{ weight: 0 }] } },
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
    rule: 'minDomains sends one replica to a second domain though the first tier has room',
    spec: { ...tiers, spread: [{ topologyKey: 'hanse.dev/provider', minDomains: 2 }] },
    clusters: tiered,
    replicas: 5,
    placed: { home: 4, cloud: 1 },
  },
  {
    rule: 'too few domains under DoNotSchedule place nothing',
    spec: { spread: [{ topologyKey: 'hanse.dev/provider', minDomains: 2 }] },
    clusters: [
      ['a', 9, on('aws')],
      ['b', 9, on('aws')],
    ],
    replicas: 4,
    placed: {},
    unplaced: 4,
    reason: 'SpreadUnsatisfiable',
  },
  {
    rule: 'a domain without room does not count for minDomains',
    spec: { spread: [{ topologyKey: 'hanse.dev/provider', minDomains: 2 }] },
    clusters: [
      ['a', 9, on('aws')],
      ['b', 0, on('gcp')],
    ],
    replicas: 4,
    placed: {},
    unplaced: 4,
  },
  {
    rule: 'running replicas stay when a lost domain breaks minDomains',
    spec: { spread: [{ topologyKey: 'hanse.dev/provider', minDomains: 2 }] },
    clusters: [['a', 9, on('aws')]],
    replicas: 4,
    current: { a: 2, gone: 2 },
    placed: { a: 2 },
    unplaced: 2,
    reason: 'SpreadUnsatisfiable',
  },
  {
    rule: 'maxSkew is held together with capacity',
    spec: { spread: [{ topologyKey: 'hanse.dev/provider', maxSkew: 1 }] },
    clusters: [
      ['a', 9, on('aws')],
      ['b', 2, on('gcp')],
    ],
    replicas: 8,
    placed: { a: 3, b: 2 },
    unplaced: 3,
  },
  {
    rule: 'maxSkew as a preference is given up for room',
    spec: { spread: [{ topologyKey: 'hanse.dev/provider', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' }] },
    clusters: [
      ['a', 9, on('aws')],
      ['b', 2, on('gcp')],
    ],
    replicas: 8,
    placed: { a: 6, b: 2 },
  },
  {
    rule: 'a tier gets as much as skew allows',
    spec: {
      tiers: [{ name: 'idc', clusterSelector: provider('onprem') }, { name: 'rest' }],
      spread: [{ topologyKey: 'hanse.dev/provider', maxSkew: 2 }],
    },
    clusters: [
      ['a', 9, on('onprem')],
      ['b', 9, on('aws')],
      ['c', 4, on('gcp')],
    ],
    replicas: 5,
    placed: { a: 3, b: 1, c: 1 },
  },
  {
    rule: 'maxDomains uses those in use, then those with most room',
    spec: { spread: [{ topologyKey: 'hanse.dev/provider', maxDomains: 2 }] },
    clusters: [
      ['a', 5, on('aws')],
      ['b', 8, on('gcp')],
      ['c', 9, on('qke')],
    ],
    replicas: 6,
    current: { a: 2 },
    placed: { a: 3, c: 3 },
  },
  {
    rule: 'maxShare is rounded down',
    spec: { spread: [{ topologyKey: 'hanse.dev/provider', maxShare: 50 }] },
    clusters: [
      ['a', 9, on('aws')],
      ['b', 9, on('gcp')],
    ],
    replicas: 5,
    placed: { a: 2, b: 2 },
    unplaced: 1,
  },
  {
    rule: 'a maximum of clusters leaves places for the providers needed',
    spec: {
      spread: [
        { topologyKey: 'hanse.dev/provider', minDomains: 2 },
        { topologyKey: 'hanse.dev/cluster', maxDomains: 2 },
      ],
    },
    clusters: [
      ['a', 9, on('aws')],
      ['b', 8, on('aws')],
      ['c', 3, on('gcp')],
    ],
    replicas: 6,
    placed: { a: 4, c: 2 },
  },
  {
    rule: 'NoSchedule keeps new replicas out',
    clusters: [
      ['a', 9, {}, [{ key: 'm', effect: 'NoSchedule' }]],
      ['b', 9],
    ],
    replicas: 4,
    placed: { b: 4 },
  },
  {
    rule: 'NoSchedule keeps what runs',
    clusters: [
      ['a', 9, {}, [{ key: 'm', effect: 'NoSchedule' }]],
      ['b', 9],
    ],
    replicas: 6,
    current: { a: 3 },
    placed: { a: 3, b: 3 },
  },
  {
    rule: 'NoExecute evicts',
    clusters: [
      ['a', 9, {}, [{ key: 'm', effect: 'NoExecute' }]],
      ['b', 9],
    ],
    replicas: 4,
    current: { a: 3, b: 1 },
    placed: { b: 4 },
  },
  {
    rule: 'a toleration lets replicas in',
    spec: { tolerations: [{ key: 'm', operator: 'Exists' }] },
    clusters: [
      ['a', 9, {}, [{ key: 'm', effect: 'NoExecute' }]],
      ['b', 0],
    ],
    replicas: 4,
    placed: { a: 4 },
  },
  {
    rule: 'PreferNoSchedule goes last',
    clusters: [
      ['a', 9, {}, [{ key: 'm', effect: 'PreferNoSchedule' }]],
      ['b', 3],
    ],
    replicas: 4,
    placed: { a: 1, b: 3 },
  },
  {
    rule: 'a cluster in no tier gets nothing',
    spec: { tiers: [{ name: 'idc', clusterSelector: provider('onprem') }] },
    clusters: tiered,
    replicas: 2,
    placed: { home: 2 },
  },
  {
    rule: 'a bound holds what a cluster gets at most, and present replicas above it move',
    spec: { replicaScheduling: { bounds: [{ clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'a' } }, max: 2 }] } },
    clusters: [
      ['a', 9],
      ['b', 9],
    ],
    replicas: 6,
    current: { a: 5, b: 1 },
    placed: { a: 2, b: 4 },
  },
  {
    rule: 'a bound holds what a cluster gets at least',
    spec: { replicaScheduling: { bounds: [{ min: 2 }] } },
    clusters: [
      ['a', 90],
      ['b', 2],
    ],
    replicas: 6,
    placed: { a: 4, b: 2 },
  },
  {
    rule: 'a least bound that cannot be held places nothing',
    spec: { replicaScheduling: { bounds: [{ min: 3 }] } },
    clusters: [
      ['a', 90],
      ['b', 2],
    ],
    replicas: 6,
    placed: {},
    unplaced: 6,
    reason: 'BoundsUnsatisfiable',
  },
  {
    rule: 'a gang is placed whole or not at all',
    spec: { replicaScheduling: { gang: true } },
    clusters: [['a', 3]],
    replicas: 4,
    placed: {},
    unplaced: 4,
    reason: 'AllOrNothing',
  },
  {
    rule: 'minReplicas are placed or none',
    spec: { replicaScheduling: { minReplicas: 3 } },
    clusters: [['a', 3]],
    replicas: 4,
    placed: { a: 3 },
    unplaced: 1,
  },
  {
    rule: 'a returned cluster gets back what it had',
    clusters: three,
    replicas: 9,
    current: { a: 5, b: 4 },
    owed: { c: 3 },
    placed: { a: 3, b: 3, c: 3 },
  },
  {
    rule: 'scaled to zero nothing is placed and nothing missed',
    spec: { replicaScheduling: { gang: true }, spread: [{ topologyKey: 'hanse.dev/cluster', minDomains: 2 }] },
    clusters: three,
    replicas: 0,
    current: { a: 3 },
    placed: {},
  },
];

describe('place', () => {
  it.each(rows)('$rule', (row) => {
    const decision = decide(row.spec ?? {}, row.clusters, row.replicas, row.current, row.owed);
    expect(asMap(decision.clusters)).toEqual(row.placed);
    expect(decision.unplaced).toBe(row.unplaced ?? 0);
    if (row.reason !== undefined) expect(decision.reason).toBe(row.reason);
  });

  it('explains every cluster: eligible or the term that refused it, what fits, what it got, its tier', () => {
    const decision = decide(tiers, [...tiered, ['other', 9, on('gcp')], ['full', 0, on('aws')]], 8);
    expect(decision.rows.map(({ cluster, eligible, reason, fits, got, tier }) => [cluster, eligible, reason, fits, got, tier])).toEqual([
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
