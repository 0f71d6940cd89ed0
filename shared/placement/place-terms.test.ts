/** @module The terms that bind a placement besides spread, as tables: taints, bounds, all or nothing, what is owed. */
import { describe, expect, it } from 'vitest';
import { explanationRows, type PolicySpec } from '../api/index.ts';
import { asMap } from './testing.ts';
import { type Clusters, decide, expectedOf, on, outcomeOf, type Row, three, tiers } from './testing-cases.ts';

const rows: readonly Row[] = [
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
    rule: 'a toleration with an empty operator compares the value, and with an empty effect covers all',
    spec: { tolerations: [{ key: 'm', operator: '', value: 'x', effect: '' }] },
    clusters: [
      ['a', 9, {}, [{ key: 'm', value: 'x', effect: 'NoSchedule' }]],
      ['b', 9, {}, [{ key: 'm', value: 'y', effect: 'NoSchedule' }]],
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
    rule: 'a returned cluster gets back what it had from those that took it, and a third one gives nothing',
    clusters: three,
    replicas: 12,
    current: { a: 4, b: 8 },
    owed: { c: 4 },
    takers: { c: { b: 4 } },
    placed: { a: 4, b: 4, c: 4 },
  },
  {
    rule: 'a third one of a later tier gives nothing either',
    spec: tiers,
    clusters: [
      ['home', 6, on('onprem')],
      ['back', 6, on('aws')],
      ['third', 6, on('aws')],
    ],
    replicas: 12,
    current: { home: 8, third: 4 },
    owed: { back: 4 },
    takers: { back: { home: 4 } },
    placed: { back: 4, home: 4, third: 4 },
  },
  {
    rule: 'who took and has lost some since gives the rest, and the others what is wanting',
    clusters: three,
    replicas: 8,
    current: { a: 6, b: 2 },
    owed: { c: 4 },
    takers: { c: { b: 3 } },
    placed: { a: 4, c: 4 },
  },
  {
    rule: 'what was added meanwhile goes where it is, when there is enough for all',
    clusters: three,
    replicas: 14,
    current: { a: 4, b: 8 },
    owed: { c: 4 },
    takers: { c: { b: 4 } },
    placed: { a: 4, b: 6, c: 4 },
  },
  {
    rule: 'nobody gives back to a cluster that still takes nothing',
    clusters: [
      ['a', 9],
      ['b', 9],
      ['c', 9, {}, [{ key: 'hanse.dev/returning', effect: 'NoSchedule' }]],
    ],
    replicas: 12,
    current: { a: 4, b: 8 },
    owed: { c: 4 },
    takers: { c: { b: 4 } },
    placed: { a: 4, b: 8 },
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
    expect(outcomeOf(row)).toEqual(expectedOf(row));
  });

  it('bounds that cannot hold are told as they were asked for, not as far as there is room', () => {
    const spec = { replicaScheduling: { bounds: [{ min: 50, clusterSelector: {} }] } };
    expect(decide(spec, [['a', 4]], 3).message).toBe(
      'bounds: the clusters need at least 50 replicas in all, the workload has 3; bounds: a needs at least 50 replicas and can hold 4, 46 too few',
    );
  });

  it('a gang that a hard skew refuses names it, in the message and for each cluster', () => {
    const clusters: Clusters = [
      ['a', 5],
      ['b', 0],
      ['c', 2],
    ];
    const spec = { spread: [{ topologyKey: 'hanse.dev/cluster', maxSkew: 2 }], replicaScheduling: { gang: true } };
    const { clusters: placed, reason, message, explained } = decide(spec, clusters, 6);
    expect([placed, reason]).toEqual([[], 'AllOrNothing']);
    expect(message).toBe(
      'gang: all replicas or none, and not as many fit (spread in 2 clusters, capacity in 1 cluster; spread over hanse.dev/cluster: maxSkew 2 allows no more in a, another domain has 0)',
    );
    expect(explanationRows(explained).map((row) => row.reason)).toEqual(['spread', 'capacity', 'spread']);
  });

  it.each<[string, number, Record<string, number>, Record<string, number>, number, string]>([
    ['places none of a workload that asks for fewer', 4, {}, {}, 4, 'minReplicas: 9 or none, and the workload asks for 4 replicas; '],
    ['leaves what runs of a workload that is scaled below it', 4, { a: 6, b: 6 }, { a: 2, b: 2 }, 0, 'placed in 2 clusters'],
    ['asks nothing of a workload that is scaled to nothing', 0, { a: 6, b: 6 }, {}, 0, 'no replicas are asked for'],
  ])('minReplicas %s', (_, replicas, current, placed, unplaced, message) => {
    const decision = decide({ replicaScheduling: { minReplicas: 9 } }, three, replicas, current);
    expect([asMap(decision.clusters), decision.unplaced]).toEqual([placed, unplaced]);
    expect(decision.message).toContain(message);
  });

  it.each<[string, Partial<PolicySpec>, string, string]>([
    [
      'a minimum of domains that cannot be reached',
      { spread: [{ topologyKey: 'hanse.dev/zone', minDomains: 2 }] },
      'spread',
      'spread over hanse.dev/zone: minDomains is 2, only 1 can be reached; nothing new is placed',
    ],
    ['what is all or nothing', { replicaScheduling: { minReplicas: 9 } }, 'minReplicas', 'all or nothing: not enough can be placed in all'],
  ])('a later tier that gets nothing for %s is told of that, and not that the tiers before hold all', (_, more, reason, message) => {
    const clusters: Clusters = [
      ['home', 0, { ...on('onprem'), 'hanse.dev/zone': 'one' }],
      ['later', 9, { ...on('aws'), 'hanse.dev/zone': 'one' }],
    ];
    const { unplaced, explained } = decide({ ...tiers, ...more }, clusters, 5, { home: 3 });
    expect(unplaced).toBe(2);
    expect(explanationRows(explained)[1]).toMatchObject({ cluster: 'later', reason, message });
  });
});
