/**
 * @module Where 100 replicas go over many clusters of 100 nodes each: the pure decision, strategies by spread, exact fit on. Warm: the shape was
 * asked before; new: a shape that no cluster has counted yet.
 */
import type { PolicySpec, SpreadConstraint, Strategy } from '../../shared/api/index.ts';
import { type CapacityReport, createRoom, emptyReport, plainShape } from '../../shared/capacity/index.ts';
import { type ClusterView, compilePolicy, place, type Workload } from '../../shared/placement/index.ts';
import { type BenchOptions, type BenchResult, type Cell, type Goal, percentile } from './lib/bench.ts';

const NODES = 100;
const REPLICAS = 100;
const PROVIDERS = 5;
const REGIONS = 20;
/** Milliseconds that a warm decision may take, by clusters. */
const WARM_GOALS: Readonly<Record<number, number>> = { 100: 0.1, 1000: 1, 5000: 5 };
const NEW_SHAPE_GOAL_MS = 10;
/** One node's amounts change: every shape that was asked for is counted again. */
const CHANGE_GOAL_US = 50;
const CHANGE_NODES = 5_000;
const CHANGE_SHAPES = 8;

const provider = 'hanse.dev/provider';
const region = 'topology.kubernetes.io/region';
const cluster = 'hanse.dev/cluster';

const spreads: Readonly<Record<string, readonly SpreadConstraint[]>> = {
  none: [],
  'provider >= 3': [{ topologyKey: provider, minDomains: 3 }],
  'region skew 1': [{ topologyKey: region, maxSkew: 1 }],
  'region skew 1, soft': [{ topologyKey: region, maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' }],
  'cluster share 2 %': [{ topologyKey: cluster, maxShare: 2 }],
  'provider, region, cluster': [
    { topologyKey: provider, minDomains: 2, maxShare: 40 },
    { topologyKey: region, maxDomains: 10 },
    { topologyKey: cluster, maxDomains: 30, maxShare: 20 },
  ],
};
const strategies: readonly Strategy[] = ['Duplicated', 'Weighted', 'Capacity', 'Aggregated', 'Cheapest', 'Tightest'];

/** Nodes of 16 cores with a little taken, differently in each cluster. */
const reportOf = (seed: number, size = NODES): CapacityReport => {
  const nodes = Array.from({ length: size }, (_, node) => node);
  const taken = (node: number): number => (node * 7 + seed * 13) % 11;
  return {
    ...emptyReport,
    epoch: 1,
    seq: 1,
    resourceNames: ['cpu', 'memory'],
    groups: [{ id: 0, labels: {}, taints: [], ready: true, unschedulable: false, allocatable: [16_000, 65_536], runtimeHandlers: [] }],
    nodes: {
      names: nodes.map((node) => `node-${node}`),
      group: nodes.map(() => 0),
      podsFree: nodes.map(() => 100),
      free: [nodes.map((node) => 16_000 - taken(node) * 1_000), nodes.map((node) => 65_536 - taken(node) * 4_096)],
    },
  };
};

const fleetOf = (clusters: number): ClusterView[] =>
  Array.from({ length: clusters }, (_, at) => {
    const name = `c${String(at).padStart(4, '0')}`;
    const home = at % REGIONS;
    return {
      name,
      labels: { [cluster]: name, [region]: `region-${home}`, [provider]: `provider-${home % PROVIDERS}` },
      taints: [],
      served: undefined,
      room: createRoom(reportOf(at % 32), []),
      pricing: { currency: 'USD', cpuCoreHour: `0.0${30 + (at % 40)}`, memoryGiBHour: '0.004' },
    };
  });

const workloadOf = (shape: Workload['shape']): Workload => ({
  ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
  replicas: REPLICAS,
  shape,
  current: new Map(),
  owed: new Map(),
});

const policyOf = (spec: Partial<PolicySpec>) =>
  compilePolicy('shop', 'web', { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }], ...spec });

const timed = (work: () => void): number => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

type Row = {
  readonly clusters: number;
  readonly strategy: Strategy;
  readonly spread: string;
  readonly least: number;
  readonly p50: number;
  readonly p99: number;
};

/** One strategy and spread, with the times of its decisions. */
type Measured = Pick<Row, 'strategy' | 'spread'> & { readonly policy: ReturnType<typeof policyOf>; readonly times: number[] };

/** All strategies and spreads in turn, round after round, as a hub meets them; the first quarter of the rounds is not counted. */
const measureWarm = (clusters: readonly ClusterView[], rounds: number): Row[] => {
  const all = strategies.flatMap((strategy) =>
    Object.entries(spreads).map(([spread, rules]): Measured => {
      return { strategy, spread, policy: policyOf({ replicaScheduling: { strategy }, spread: rules }), times: [] };
    }),
  );
  const workload = workloadOf(plainShape({ cpu: 500, memory: 1_024 }));
  for (let round = 0; round < rounds; round++) {
    for (const { policy, times } of all) {
      const time = timed(() => place({ policy, clusters }, workload, { nowMs: 0 }));
      if (round * 4 >= rounds) times.push(time);
    }
  }
  return all.map(({ strategy, spread, times }) => ({
    clusters: clusters.length,
    strategy,
    spread,
    least: percentile(times, 1),
    p50: percentile(times, 50),
    p99: percentile(times, 99),
  }));
};

const measureNew = (clusters: readonly ClusterView[], turns: number): number => {
  const policy = policyOf({});
  const times = Array.from({ length: turns }, (_, turn) => {
    const workload = workloadOf(plainShape({ cpu: 501 + turn, memory: 1_024 }));
    return timed(() => place({ policy, clusters }, workload, { nowMs: 0 }));
  });
  return percentile(times, 50);
};

/** Microseconds that a promise of one replica takes in a cluster of {@link CHANGE_NODES}, with the counts of {@link CHANGE_SHAPES} shapes after it. */
const measureChange = (turns: number): number => {
  const room = createRoom(reportOf(1, CHANGE_NODES), []);
  const shapes = Array.from({ length: CHANGE_SHAPES }, (_, at) => plainShape({ cpu: 100 * (at + 1), memory: 64 * (at + 1) }));
  for (const shape of shapes) room.fit(shape);
  const times = Array.from({ length: turns }, (_, turn) => {
    const shape = shapes[turn % CHANGE_SHAPES];
    return timed(() => {
      if (shape !== undefined) room.assume({ shape, count: 1 });
      for (const one of shapes) room.fit(one);
    });
  });
  return percentile(times, 50) * 1_000;
};

/** Times are of one decision in this process, on one core; the explanation is made when it is read and is not in them. */
export const run = ({ quick }: BenchOptions): Promise<BenchResult> => {
  const rows: Cell[][] = [];
  const goals: Goal[] = [];
  for (const size of quick ? [100] : [100, 1_000, 5_000]) {
    const clusters = fleetOf(size);
    const measured = measureWarm(clusters, quick ? 20 : Math.max(24, 40_000 / size));
    for (const { strategy, spread, least, p50, p99 } of measured) {
      rows.push([size, strategy, spread, least.toFixed(3), p50.toFixed(3), p99.toFixed(3)]);
    }
    const worst = measured.reduce((slowest, row) => (row.p50 > slowest.p50 ? row : slowest));
    const fresh = measureNew(clusters, quick ? 3 : 15);
    rows.push([size, 'Capacity', 'none, new shape', '', fresh.toFixed(3), '']);
    const goal = WARM_GOALS[size];
    if (goal !== undefined) {
      const name = `warm, ${size} clusters, slowest (${worst.strategy}, ${worst.spread})`;
      goals.push({ name, value: worst.p50, unit: 'ms', bound: 'max', goal });
    }
    if (size * NODES === 500_000)
      goals.push({ name: 'new shape over 500,000 nodes', value: fresh, unit: 'ms', bound: 'max', goal: NEW_SHAPE_GOAL_MS });
  }
  const change = measureChange(quick ? 100 : 2_000);
  rows.push([1, 'a promise', `${CHANGE_NODES} nodes, ${CHANGE_SHAPES} shapes`, '', (change / 1_000).toFixed(3), '']);
  const changeName = `one node changes, counts of ${CHANGE_SHAPES} shapes over ${CHANGE_NODES} nodes`;
  goals.push({ name: changeName, value: change, unit: 'us', bound: 'max', goal: CHANGE_GOAL_US });
  return Promise.resolve({
    title: `${REPLICAS} replicas over clusters of ${NODES} nodes`,
    columns: ['clusters', 'strategy', 'spread', 'least ms', 'p50 ms', 'p99 ms'],
    rows,
    goals,
  });
};
