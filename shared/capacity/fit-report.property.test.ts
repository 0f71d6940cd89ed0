/** @module The columns' fit against the exact count of a model of the same nodes, on random reports. */
import { expect, it } from 'vitest';
import { prng } from '../lib/index.ts';
import { podDemandOf } from './demand.ts';
import { fitModel } from './exact-fit.ts';
import { fitCluster, fitNodes } from './fit.ts';
import { bookedOf, kubeletOf, sharedGpusAt, withZonesOf, zoneNodeOf } from './group-kubelet.ts';
import type { ClusterModel, NodeModel } from './node.ts';
import { podShapeOf } from './pod-shape.ts';
import type { CapacityReport, NodeGroup } from './report.ts';
import { reportOf } from './testing.ts';
import { quotasOf, thinClusterOf } from './thin-cluster.ts';

const cases = 1_500;
const gpu = 'nvidia.com/gpu';
const names = ['cpu', 'memory', gpu];

/** The model of a report, made node by node without the columns' short cuts. */
const modelOf = (report: CapacityReport): ClusterModel => {
  const groups = new Map(report.groups.map((group) => [group.id, group]));
  const thin = thinClusterOf(report);
  const nodes = thin.nodes.map((node, at): NodeModel => {
    const group = groups.get(report.nodes.group[at] ?? -1) as NodeGroup;
    const zoned = withZonesOf(report, zoneNodeOf(report, group), report.nodes.zoneFree, at);
    return {
      ...node,
      free: new Map(report.resourceNames.map((name, r) => [name, bookedOf(name, report.nodes.free[r]?.[at] ?? 0)] as const)),
      podsFree: BigInt(report.nodes.podsFree[at] ?? 0),
      zones: zoned.zones,
      kubelet: kubeletOf(group.numa),
      sharedGpus: sharedGpusAt(group, report.nodes, at),
    };
  });
  const runtimeClasses = report.runtimeClasses.map((one) => ({
    ...one,
    overhead: new Map(Object.entries(one.overhead).map(([name, amount]) => [name, bookedOf(name, amount)] as const)),
    tolerations: one.tolerations ?? [],
  }));
  return { ...thin, nodes, runtimeClasses, quotas: quotasOf(report), grainBytes: 1n };
};

const randomReport = (seed: number): CapacityReport => {
  const random = prng(seed, 'report');
  const upTo = (most: number): number => Math.floor(random.next() * (most + 1));
  const pick = <T>(items: readonly T[]): T => items[upTo(items.length - 1)] as T;
  const zones = 1 + upTo(2);
  const base = reportOf(
    Array.from({ length: 1 + upTo(5) }, (_, at) => ({
      name: `n${at}`,
      allocatable: { cpu: 16_000, memory: 32_768, [gpu]: 8 },
      free: { cpu: upTo(16) * 500 - 500, memory: upTo(32_768), [gpu]: upTo(8) },
      podsFree: upTo(12),
      labels: { zone: pick(['a', 'b', 'c']), ...(upTo(2) > 0 ? { rack: pick(['r', 's']) } : {}) },
      taints: upTo(5) === 0 ? [{ key: 'x', value: '', effect: 'NoSchedule' as const }] : [],
      unschedulable: upTo(8) === 0,
    })),
  );
  const policy = pick(['none', 'best-effort', 'restricted', 'single-numa-node'] as const);
  const groups = base.groups.map((group): NodeGroup => {
    if (upTo(2) === 0) return group;
    const total = base.resourceNames.map((name) => (name === 'cpu' ? 8_000 : name === 'memory' ? 16_384 : 4));
    return {
      ...group,
      numa: {
        policy,
        scope: pick(['container', 'pod'] as const),
        cpuManager: pick(['none', 'static'] as const),
        memoryManager: upTo(3) === 0 ? 'Static' : 'None',
        options: [],
        zones: Array.from({ length: zones }, (_, id) => ({ id, total })),
      },
    };
  });
  const zoneFree = Array.from({ length: zones }, () =>
    base.resourceNames.map((name) =>
      base.nodes.names.map(() => (name === 'cpu' ? upTo(8) * 1_000 : name === 'memory' ? upTo(1) * 16_384 : upTo(4))),
    ),
  );
  return {
    ...base,
    groups,
    nodes: { ...base.nodes, zoneFree, podSet: base.nodes.names.map(() => upTo(1)) },
    runtimeClasses: [{ name: 'kata', handler: 'kata', overhead: { cpu: 250 }, nodeSelector: { zone: 'a' } }],
    podKinds: [
      { id: 1, namespace: 'default', labels: { app: 'x' }, ports: [{ ip: '0.0.0.0', protocol: 'TCP', port: 80 }], antiAffinity: [] },
    ],
    podSets: [{ id: 1, pods: [[1, 1, 0]] }],
    ...(upTo(3) === 0
      ? { quotas: [{ namespace: 'default', name: 'q', free: { pods: upTo(9), 'requests.memory': 20_000 }, scopes: [] }] }
      : {}),
  };
};

const randomPod = (seed: number): { spec: object; metadata: object } => {
  const random = prng(seed, 'pod');
  const upTo = (most: number): number => Math.floor(random.next() * (most + 1));
  const pick = <T>(items: readonly T[]): T => items[upTo(items.length - 1)] as T;
  const container = (): object => {
    const amounts = {
      cpu: upTo(4) === 0 ? '500m' : `${1 + upTo(4)}`,
      memory: `${1 + upTo(9) * 1024}Mi`,
      ...(upTo(1) === 0 ? {} : { [gpu]: `${1 + upTo(2)}` }),
    };
    return {
      resources: upTo(3) === 0 ? { requests: amounts } : { requests: amounts, limits: amounts },
      ...(upTo(9) === 0 ? { ports: [{ containerPort: 1, hostPort: 80 }] } : {}),
    };
  };
  const own = { labelSelector: { matchLabels: { app: 'x' } } };
  return {
    metadata: { labels: { app: 'x' } },
    spec: {
      containers: Array.from({ length: 1 + (upTo(4) === 0 ? 1 : 0) }, container),
      ...(upTo(7) === 0 ? { runtimeClassName: 'kata' } : {}),
      ...(upTo(3) === 0 ? { tolerations: [{ operator: 'Exists' }] } : {}),
      ...(upTo(7) === 0 ? { nodeSelector: { 'kubernetes.io/hostname': 'n0' } } : {}),
      ...(upTo(5) === 0
        ? { topologySpreadConstraints: [{ topologyKey: pick(['zone', 'rack']), maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', ...own }] }
        : {}),
      ...(upTo(5) === 0
        ? {
            affinity: {
              podAntiAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: pick(['zone', 'kubernetes.io/hostname']), ...own }],
              },
            },
          }
        : {}),
    },
  };
};

it.each([
  ['as the kubelet does it', {}],
  ['where a policy wants each replica in one NUMA zone', { numaSingleNode: true }],
])(`gives the same counts, bounds and exactness as the exact count, %s: ${cases} random reports`, { timeout: 120_000 }, (_, wanted) => {
  expect(names).toContain(gpu);
  for (let seed = 1; seed <= cases; seed++) {
    const report = randomReport(seed);
    const pod = randomPod(seed);
    const exact = fitModel(modelOf(report), { ...podDemandOf(pod), ...wanted });
    const shape = { ...podShapeOf(pod.spec, pod.metadata), ...wanted };
    const quick = fitCluster(report, shape);
    const nodes = fitNodes(report, shape).map(({ count, bound }) => [count, count === 0 && quick.count === 0 ? '' : bound]);
    const expected = exact.nodes.map(({ count, bound }) => [Number(count), count === 0n && exact.total === 0n ? '' : bound]);
    expect({ seed, nodes, exact: quick.exact }).toEqual({ seed, nodes: expected, exact: exact.exact });
    expect({ seed, refusals: quick.refusals }).toEqual({ seed, refusals: exact.refusals });
  }
});
