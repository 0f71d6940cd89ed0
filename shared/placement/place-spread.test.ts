/** @module Spread over domains, as a table: least and most domains, skew, shares. */
import { describe, expect, it } from 'vitest';
import { place } from './place.ts';
import { asMap, clusterWith, policyOf, workloadOf } from './testing.ts';
import {
  type Clusters,
  decide,
  env,
  expectedOf,
  on,
  outcomeOf,
  provider,
  type Row,
  strategy,
  three,
  tiered,
  tiers,
} from './testing-cases.ts';

const rows: readonly Row[] = [
  ...(['Capacity', 'Aggregated', 'Weighted'] as const).map(
    (name): Row => ({
      rule: `a lost cluster stops nothing that runs in another by ${name}: what comes keeps maxSkew, what runs breaks it no further`,
      spec: { replicaScheduling: { strategy: name }, spread: [{ topologyKey: 'hanse.dev/provider', maxSkew: 1 }] },
      clusters: [
        ['a', 1, on('p')],
        ['b', 10, on('r')],
      ],
      replicas: 6,
      current: { b: 3, lost: 3 },
      placed: { a: 1, b: 3 },
      unplaced: 2,
      reason: 'Unplaced',
    }),
  ),
  {
    rule: 'a lost cluster stops nothing that runs in another by Cheapest either',
    spec: { replicaScheduling: { strategy: 'Cheapest' }, spread: [{ topologyKey: 'hanse.dev/provider', maxSkew: 4 }] },
    clusters: [
      ['a', 3, on('p')],
      ['b', 10, on('r')],
    ],
    replicas: 19,
    current: { b: 8, lost: 11 },
    placed: { a: 3, b: 8 },
    unplaced: 8,
    reason: 'Unplaced',
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
    rule: 'scaled down, replicas above maxShare go though no place takes them: a maximum is hard',
    spec: { spread: [{ topologyKey: 'hanse.dev/provider', maxShare: 60 }] },
    clusters: [
      ['a', 4, on('aws')],
      ['b', 0, on('gcp')],
    ],
    replicas: 4,
    current: { a: 4, b: 1 },
    placed: { a: 2, b: 1 },
    unplaced: 1,
  },
  {
    rule: 'scaled down under a minimum that cannot be reached, replicas go from the fullest domain and the others keep theirs',
    spec: { spread: [{ topologyKey: 'hanse.dev/provider', minDomains: 3 }] },
    clusters: [
      ['a', 0, on('aws')],
      ['b', 0, on('gcp')],
    ],
    replicas: 4,
    current: { a: 9, b: 1 },
    placed: { a: 3, b: 1 },
    reason: 'SpreadUnsatisfiable',
  },
  {
    rule: 'scaled down beside a domain that came without room, replicas go from the fullest domain: skew gets no worse',
    spec: { spread: [{ topologyKey: 'hanse.dev/provider', maxSkew: 1 }] },
    clusters: [
      ['a', 0, on('aws')],
      ['b', 0, on('gcp')],
      ['c', 0, on('onprem')],
    ],
    replicas: 5,
    current: { a: 3, b: 3 },
    placed: { a: 3, b: 2 },
    reason: 'SpreadUnsatisfiable',
  },
  {
    rule: 'copies that run stay all when a lost domain breaks minDomains',
    spec: { ...strategy('Duplicated'), spread: [{ topologyKey: 'hanse.dev/provider', minDomains: 2 }] },
    clusters: [
      ['a', 9, on('aws')],
      ['b', 9, on('aws')],
    ],
    replicas: 3,
    current: { a: 3, b: 3, gone: 3 },
    placed: { a: 3, b: 3 },
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
    rule: 'a cluster without the key is refused, by a preference too',
    spec: { spread: [{ topologyKey: 'hanse.dev/provider', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' }] },
    clusters: [
      ['a', 9, on('aws')],
      ['b', 9],
    ],
    replicas: 4,
    placed: { a: 4 },
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
    rule: 'a cluster that is lost moves nothing of the domains that a maximum keeps in use (Capacity)',
    spec: { spread: [{ topologyKey: 'hanse.dev/provider', maxDomains: 1 }], replicaScheduling: { strategy: 'Capacity' } },
    clusters: [
      ['aa', 0, on('x')],
      ['dd', 9, on('y')],
    ],
    replicas: 6,
    current: { aa: 1, ff: 5 },
    placed: { aa: 1 },
    unplaced: 5,
    reason: 'Unplaced',
  },
  {
    rule: 'a cluster that is lost moves nothing of the domains that a maximum keeps in use (Weighted)',
    spec: { spread: [{ topologyKey: 'hanse.dev/provider', maxDomains: 1 }], replicaScheduling: { strategy: 'Weighted' } },
    clusters: [
      ['aa', 0, on('x')],
      ['dd', 9, on('y')],
    ],
    replicas: 6,
    current: { aa: 1, ff: 5 },
    placed: { aa: 1 },
    unplaced: 5,
    reason: 'Unplaced',
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
];

describe('place', () => {
  it.each(rows)('$rule', (row) => {
    expect(outcomeOf(row)).toEqual(expectedOf(row));
  });

  it.each<readonly [rule: string, current: Record<string, number>, lingering: Record<string, number>, placed: Record<string, number>]>([
    ['what runs still where it is owed stays, as if it had never been drained', {}, { a: 4 }, { a: 4 }],
    ['no more of that stays than are missing', { b: 3 }, { a: 4 }, { a: 1, b: 3 }],
    ['nothing comes where it is owed and gone', { b: 3 }, {}, { b: 3 }],
  ])('when a hard term cannot hold %s', (_, current, lingering, placed) => {
    const snapshot = {
      policy: policyOf({ spread: [{ topologyKey: 'hanse.dev/provider', minDomains: 3 }] }),
      clusters: [clusterWith('a', 9, on('aws')), clusterWith('b', 9, on('gcp'))],
    };
    const workload = { ...workloadOf(4, current, { a: 4 }), lingering: new Map(Object.entries(lingering)) };
    const decision = place(snapshot, workload, env);
    expect([asMap(decision.clusters), decision.reason]).toEqual([placed, 'SpreadUnsatisfiable']);
  });

  it('a maximum of domains that leaves replicas unplaced is named with the domains in use and what would help', () => {
    const clusters: Clusters = [
      ['aa', 0, on('x')],
      ['dd', 9, on('y')],
    ];
    const { message } = decide({ spread: [{ topologyKey: 'hanse.dev/provider', maxDomains: 1 }] }, clusters, 6, { aa: 1, ff: 5 });
    expect(message).toBe(
      '5 of 6 replicas unplaced: capacity in 1 cluster, spread in 1 cluster; spread over hanse.dev/provider: maxDomains is 1 and x is in use; raise maxDomains, or add room there',
    );
  });

  it.each<[spread: object, clusters: Clusters, message: string]>([
    [
      { maxSkew: 1 },
      [
        ['aa', 9, on('x')],
        ['bb', 9, on('y')],
        ['cc', 1, on('z')],
      ],
      '1 of 6 replicas unplaced: spread in 2 clusters, capacity in 1 cluster; spread over hanse.dev/provider: maxSkew 1 allows no more in x, y, another domain has 1',
    ],
    [
      { maxShare: 50 },
      [
        ['aa', 9, on('x')],
        ['bb', 1, on('y')],
      ],
      '2 of 6 replicas unplaced: capacity in 1 cluster, spread in 1 cluster; spread over hanse.dev/provider: maxShare allows 3 in x',
    ],
  ])('a limit %o that leaves replicas unplaced is named with its key and the domains that it holds', (rule, clusters, message) => {
    expect(decide({ spread: [{ topologyKey: 'hanse.dev/provider', ...rule }] }, clusters, 6).message).toBe(message);
  });

  it('a minimum that a maximum of domains leaves no place for names its cluster', () => {
    const only = (name: string) => ({ matchLabels: { 'hanse.dev/cluster': name } });
    const bounds = [
      { clusterSelector: only('a'), min: 2 },
      { clusterSelector: only('b'), min: 3 },
    ];
    const clusters: Clusters = [
      ['a', 9],
      ['b', 9],
    ];
    const decision = decide({ spread: [{ topologyKey: 'hanse.dev/cluster', maxDomains: 1 }], replicaScheduling: { bounds } }, clusters, 6);
    expect([decision.reason, decision.message]).toEqual([
      'BoundsUnsatisfiable',
      expect.stringMatching(/bounds: [ab] needs at least [23] replicas and can get 0/),
    ]);
  });

  it('a maxShare of less than one replica says how to mend it', () => {
    const decision = decide({ spread: [{ topologyKey: 'hanse.dev/cluster', maxShare: 60 }] }, three, 1);
    expect([decision.clusters, decision.unplaced]).toEqual([[], 1]);
    expect(decision.message).toContain(
      'maxShare of 1 replica, rounded down, is 0, so that none can be placed; raise maxShare or the replicas',
    );
  });
});
