/** @module A decision from what is kept of clusters against one from clusters that were never asked before: the same, byte for byte. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicySpec } from '../api/index.ts';
import { type CapacityReport, createRoom, emptyReport, plainShape } from '../capacity/index.ts';
import type { ClusterView, Workload } from './model.ts';
import { place } from './place.ts';
import { policyOf, workloadOf } from './testing.ts';

const reportWith = (cores: readonly number[], zone: string): CapacityReport => ({
  ...emptyReport,
  epoch: 1,
  seq: 1,
  resourceNames: ['cpu'],
  groups: [{ id: 0, labels: { zone }, taints: [], ready: true, unschedulable: false, allocatable: [8_000], runtimeHandlers: [] }],
  nodes: {
    names: cores.map((_, at) => `n${at}`),
    group: cores.map(() => 0),
    podsFree: cores.map(() => 8),
    free: [cores.map((free) => free * 1_000)],
  },
});

const strategies = ['Duplicated', 'Weighted', 'Capacity', 'Aggregated', 'Cheapest', 'Tightest'] as const;
const fleet = fc.array(
  fc.record({
    cores: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 5 }),
    region: fc.constantFrom('x', 'y'),
    price: fc.constantFrom('0.1', '0.2', undefined),
    isFull: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);
const step = fc.record({
  policy: fc.nat({ max: 11 }),
  milliCpu: fc.constantFrom(500, 1_000, 1_500),
  replicas: fc.integer({ min: 0, max: 15 }),
  /** The cluster whose room the replicas then take, and how many do. */
  taken: fc.tuple(fc.nat({ max: 5 }), fc.integer({ min: 0, max: 3 })),
});

const policies = strategies
  .flatMap((strategy) => {
    const plain: Partial<PolicySpec> = { replicaScheduling: { strategy } };
    return [
      plain,
      {
        ...plain,
        spread: [{ topologyKey: 'region', maxSkew: 2 }],
        tiers: [{ name: 'x', clusterSelector: { matchLabels: { region: 'x' } } }, { name: 'rest' }],
      },
    ];
  })
  .map((spec) => policyOf(spec));

type Fleet = readonly {
  readonly cores: readonly number[];
  readonly region: string;
  readonly price: string | undefined;
  readonly isFull: boolean;
}[];
type Taken = readonly { readonly at: number; readonly milliCpu: number; readonly count: number }[];

/** The clusters, with rooms from which these replicas were taken in turn. */
const clustersOf = (given: Fleet, taken: Taken): ClusterView[] =>
  given.map(({ cores, region, price, isFull }, at) => {
    const room = createRoom(reportWith(isFull ? cores.map(() => 0) : cores, region), []);
    for (const one of taken) if (one.at === at) room.assume({ shape: plainShape({ cpu: one.milliCpu }), count: one.count });
    const name = `c${at}`;
    return {
      name,
      labels: { 'hanse.dev/cluster': name, region },
      taints: [],
      served: undefined,
      room,
      ...(price === undefined ? {} : { pricing: { currency: 'EUR', cpuCoreHour: price } }),
    };
  });

describe('a decision from kept columns', () => {
  it('is the one that clusters give which were never asked before', () => {
    fc.assert(
      fc.property(fleet, fc.array(step, { minLength: 1, maxLength: 8 }), (given, steps) => {
        const kept = clustersOf(given, []);
        const taken: { at: number; milliCpu: number; count: number }[] = [];
        let current: ReadonlyMap<string, number> = new Map();
        for (const {
          policy: number,
          milliCpu,
          replicas,
          taken: [at, count],
        } of steps) {
          const policy = policies[number] ?? policyOf({});
          const workload: Workload = { ...workloadOf(replicas), shape: plainShape({ cpu: milliCpu }), current };
          const decided = place({ policy, clusters: kept }, workload, { nowMs: 0 });
          const plain = place({ policy, clusters: clustersOf(given, taken) }, workload, { nowMs: 0 });
          // Rows are read after the room has changed: they tell of the decision, not of now.
          kept[at]?.room?.assume({ shape: plainShape({ cpu: milliCpu }), count });
          taken.push({ at, milliCpu, count });
          place({ policy, clusters: kept }, workload, { nowMs: 0 });
          expect(JSON.stringify(decided)).toBe(JSON.stringify(plain));
          current = new Map(decided.clusters.map(({ name, replicas: got = 0 }) => [name, got]));
        }
      }),
      { numRuns: 400 },
    );
  });
});
