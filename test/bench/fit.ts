/** @module The time of a count for a shape that was never asked: 100 clusters of 5,000 nodes, in columns as agents report them. */
import { type CapacityReport, emptyReport, fitCluster, type PodShape, podShapeOf } from '../../shared/capacity/index.ts';
import { type BenchOptions, type BenchResult, type Cell, type Goal, percentile } from './lib/bench.ts';

const CLUSTERS = 100;
const NODES = 5_000;
const ALL_GOAL_MS = 10;
const names = ['cpu', 'memory', 'nvidia.com/gpu'];

/** Nodes of 15 kinds; half of them with two zones under single-numa-node. */
const reportOf = (seed: number): CapacityReport => {
  const nodes = Array.from({ length: NODES }, (_, node) => node);
  const taken = (node: number): number => (node * 7 + seed * 13) % 11;
  const zone = (id: number) => ({ id, total: [32_000, 131_072, 4] });
  return {
    ...emptyReport,
    epoch: 1,
    seq: 1,
    resourceNames: names,
    groups: Array.from({ length: 15 }, (_, id) => ({
      id,
      labels: { kind: `k${id}` },
      taints: id === 14 ? [{ key: 'spare', value: '', effect: 'NoSchedule' as const }] : [],
      ready: true,
      unschedulable: false,
      allocatable: [64_000, 262_144, 8],
      runtimeHandlers: [],
      ...(id % 2 === 0
        ? {}
        : {
            numa: {
              policy: 'single-numa-node' as const,
              scope: 'container' as const,
              cpuManager: 'static' as const,
              memoryManager: 'None' as const,
              options: [],
              zones: [zone(0), zone(1)],
            },
          }),
    })),
    nodes: {
      names: nodes.map((node) => `node-${node}`),
      group: nodes.map((node) => node % 15),
      podsFree: nodes.map(() => 100),
      free: [
        nodes.map((node) => 64_000 - taken(node) * 1_500),
        nodes.map((node) => 262_144 - taken(node) * 4_096),
        nodes.map((node) => 8 - (taken(node) % 8)),
      ],
      zoneFree: [0, 1].map(() =>
        names.map((_, r) =>
          nodes.map((node) => (r === 0 ? 32_000 - (taken(node) >> 1) * 1_000 : r === 1 ? 131_072 : 4 - (taken(node) % 4))),
        ),
      ),
    },
  };
};

const container = (amounts: Record<string, string>) => ({ resources: { requests: amounts, limits: amounts } });
const own = { labelSelector: { matchLabels: { app: 'x' } } };

/** Shapes by what decides their count; a new one each time, so that nothing is remembered. */
const shapes: Readonly<Record<string, (round: number) => PodShape>> = {
  'cpu and memory': (round) => podShapeOf({ containers: [{ resources: { requests: { cpu: `${900 + round}m`, memory: '2Gi' } } }] }),
  'cpu, memory, GPUs in zones': (round) =>
    podShapeOf({ containers: [container({ cpu: `${2 + (round % 3)}`, memory: `${4 + round}Gi`, 'nvidia.com/gpu': '2' })] }),
  'two containers in zones': (round) =>
    podShapeOf({
      containers: [container({ cpu: '2', memory: `${4 + round}Gi` }), container({ cpu: '3', memory: '1Gi', 'nvidia.com/gpu': '1' })],
    }),
  'apart by host': (round) =>
    podShapeOf(
      {
        containers: [container({ cpu: `${900 + round}m`, memory: '2Gi' })],
        affinity: {
          podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', ...own }] },
        },
      },
      { labels: { app: 'x' } },
    ),
};

/** Measures. */
export const run = async ({ quick }: BenchOptions): Promise<BenchResult> => {
  const clusters = quick ? 4 : CLUSTERS;
  const rounds = quick ? 3 : 11;
  const reports = Array.from({ length: clusters }, (_, seed) => reportOf(seed));
  const rows: Cell[][] = [];
  const goals: Goal[] = [];
  for (const [name, shapeOf] of Object.entries(shapes)) {
    const samples: number[] = [];
    let count = 0;
    for (let round = 0; round < rounds; round++) {
      const shape = shapeOf(round);
      const startedMs = performance.now();
      count = reports.reduce((sum, report) => sum + fitCluster(report, shape).count, 0);
      if (round > 0) samples.push(performance.now() - startedMs);
    }
    const medianMs = percentile(samples, 50);
    rows.push([name, clusters * NODES, count, medianMs, (medianMs * 1_000) / clusters]);
    if (name === 'cpu and memory') {
      goals.push({
        name: 'a new shape over 500,000 nodes',
        value: (medianMs * CLUSTERS) / clusters,
        unit: 'ms',
        bound: 'max',
        goal: ALL_GOAL_MS,
      });
    }
  }
  return { title: 'Fit of a new shape', columns: ['shape', 'nodes', 'fits', 'median ms', 'µs a cluster'], rows, goals };
};
