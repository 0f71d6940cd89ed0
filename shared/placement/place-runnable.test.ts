/** @module Replicas that no node of their cluster can take: what moves, what stays, and what is said of it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explanationRows, type PolicySpec } from '../api/index.ts';
import type { ClusterView, Workload } from './model.ts';
import { placeRunnable } from './place-runnable.ts';
import { asMap, clusterWith, policyOf, workloadOf } from './testing.ts';
import { type Clusters, env, provider, strategy, tiered, tiers } from './testing-cases.ts';

type Given = Readonly<Record<string, number>>;

const viewsOf = (clusters: Clusters): ClusterView[] =>
  clusters.map(([name, fits, labels, taints]) => clusterWith(name, fits, labels, taints));

const decide = (
  spec: Partial<PolicySpec>,
  clusters: readonly ClusterView[],
  replicas: number,
  current: Given,
  nodeless: Given,
  { kind, isSingleton = false }: { readonly kind?: string; readonly isSingleton?: boolean } = {},
) => {
  const workload = workloadOf(replicas, current);
  const ref: Workload['ref'] = kind === undefined ? workload.ref : { ...workload.ref, kind };
  const asked = { ...workload, ref, isSingleton, nodeless: new Map(Object.entries(nodeless)) };
  return placeRunnable({ policy: policyOf(spec), clusters }, asked, env);
};

const full: Clusters = [
  ['a', 0],
  ['b', 4],
  ['c', 0],
];
const aggregated = strategy('Aggregated');
const spread: PolicySpec['spread'] = [{ topologyKey: 'hanse.dev/cluster', maxSkew: 2, whenUnsatisfiable: 'DoNotSchedule' }];

type Row = readonly [
  rule: string,
  spec: Partial<PolicySpec>,
  clusters: Clusters,
  replicas: number,
  current: Given,
  nodeless: Given,
  placed: Given,
];

const rows: readonly Row[] = [
  ['go to the next tier when the one before is full', tiers, tiered, 12, { home: 12 }, { home: 6 }, { home: 6, cloud: 6 }],
  ['go all where none of them runs', tiers, tiered, 12, { home: 12 }, { home: 12 }, { cloud: 12 }],
  ['go as many as find room, and the rest stays', {}, full, 12, { a: 12 }, { a: 6 }, { a: 8, b: 4 }],
  ['go from several clusters', aggregated, full, 8, { a: 4, c: 4 }, { a: 2, c: 1 }, { a: 2, b: 3, c: 3 }],
  ['stay where no cluster has room', {}, [['a', 0]], 3, { a: 3 }, { a: 3 }, { a: 3 }],
  ['go first when there shall be fewer', {}, full, 8, { a: 8, c: 4 }, { a: 4 }, { a: 4, c: 4 }],
  [
    'are followed by no more, whatever fits beside them',
    {},
    [
      ['a', 9],
      ['b', 1],
    ],
    6,
    { a: 4 },
    { a: 1 },
    { a: 4, b: 1 },
  ],
  [
    'go only as far as a hard spread allows',
    { spread },
    [
      ['a', 0],
      ['b', 9],
    ],
    8,
    { a: 5, b: 3 },
    { a: 3 },
    { a: 3, b: 5 },
  ],
  [
    'go only as far as bounds allow',
    { replicaScheduling: { bounds: [{ clusterSelector: provider('aws'), max: 2 }] } },
    tiered,
    6,
    { home: 6 },
    { home: 4 },
    { home: 4, cloud: 2 },
  ],
  [
    'go as many as find room where it is all or nothing',
    { replicaScheduling: { gang: true } },
    full,
    8,
    { a: 8 },
    { a: 5 },
    { a: 4, b: 4 },
  ],
  ['stay under strategy Weighted', strategy('Weighted'), full, 4, { a: 2, b: 2 }, { a: 2 }, { a: 2, b: 2 }],
  ['stay under strategy Duplicated', strategy('Duplicated'), full, 2, { a: 2, b: 2 }, { a: 2 }, { a: 2, b: 2 }],
];

describe('replicas that no node of their cluster can take', () => {
  it.each(rows)('%s', (_, spec, clusters, replicas, current, nodeless, placed) => {
    expect(asMap(decide(spec, viewsOf(clusters), replicas, current, nodeless).clusters)).toEqual(placed);
  });

  it.each(['StatefulSet', 'Job', 'Rollout'])('stay where they are of a %s', (kind) => {
    expect(asMap(decide({}, viewsOf(full), 4, { a: 4 }, { a: 2 }, { kind }).clusters)).toEqual({ a: 4 });
  });

  it('stay where they are a singleton', () => {
    expect(asMap(decide({}, viewsOf(full), 1, { a: 1 }, { a: 1 }, { isSingleton: true }).clusters)).toEqual({ a: 1 });
  });

  it('are told where they go and where they stay, and the row of their cluster tells why they wait', () => {
    const { nodeless, explained, unplaced, reason } = decide({}, viewsOf(full), 12, { a: 12 }, { a: 6 });
    expect([unplaced, reason]).toEqual([0, 'Placed']);
    expect(nodeless).toEqual([{ name: 'a', moved: 4, waiting: 2, why: '' }]);
    const { before, got, message } = explanationRows(explained)[0] ?? {};
    expect([before, got, message]).toEqual([12, 8, '2 replicas wait for a node, and none can take them']);
  });

  it('are none where none is known', () => {
    expect(decide({}, viewsOf(full), 4, { a: 4 }, {}).nodeless).toBeUndefined();
  });

  const count = fc.integer({ min: 0, max: 6 });
  const clustersOf = fc
    .array(fc.record({ fits: count, bound: count, waits: count, cloud: fc.constantFrom('aws', 'onprem') }), { minLength: 1, maxLength: 5 })
    .map((list) => list.map((one, at) => ({ ...one, name: `c${at}`, fits: one.waits > 0 ? 0 : one.fits })));
  const specs = fc.constantFrom<Partial<PolicySpec>>({}, tiers, aggregated, { spread }, { replicaScheduling: { minReplicas: 3 } });

  it('leave what is bound where it is, take no more than finds room, and none is lost', () => {
    fc.assert(
      fc.property(specs, clustersOf, fc.integer({ min: 0, max: 3 }), (spec, list, more) => {
        const views = list.map(({ name, fits, cloud }) => clusterWith(name, fits, { 'hanse.dev/provider': cloud }));
        const counts = (of: (one: (typeof list)[number]) => number): Record<string, number> =>
          Object.fromEntries(list.flatMap((one) => (of(one) > 0 ? [[one.name, of(one)]] : [])));
        const current = counts(({ bound, waits }) => bound + waits);
        const replicas = Object.values(current).reduce((sum, one) => sum + one, 0) + more;
        const plain = decide(spec, views, replicas, current, {});
        const made = decide(
          spec,
          views,
          replicas,
          current,
          counts(({ waits }) => waits),
        );
        const [was, got] = [asMap(plain.clusters), asMap(made.clusters)];
        for (const { name, bound, waits, fits } of list) {
          expect(got[name] ?? 0).toBeGreaterThanOrEqual(Math.min(bound, was[name] ?? 0));
          expect(got[name] ?? 0).toBeLessThanOrEqual(bound + waits + fits);
        }
        expect(made.unplaced).toBeLessThanOrEqual(plain.unplaced);
      }),
      { numRuns: 2_000 },
    );
  });
});
