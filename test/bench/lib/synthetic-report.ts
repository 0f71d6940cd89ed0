/** @module Capacity reports of made-up clusters: GPU machines of a few sorts, filled with pods of a few dozen shapes, as a scheduler leaves them. */
import type { CapacityReport, NodeGroup } from '../../../shared/capacity/index.ts';
import { type Prng, prng } from '../../../shared/lib/index.ts';

/** What to make up. `names`: with a random end as cloud pools have them, or counted. `works`: workloads of Hanse with four pods a node between them. */
export type SyntheticCluster = {
  readonly nodes: number;
  readonly zones: number;
  readonly names: 'random' | 'counted';
  readonly works?: number;
};

const resourceNames = ['cpu', 'ephemeral-storage', 'hugepages-1Gi', 'hugepages-2Mi', 'memory', 'nvidia.com/gpu'];
const [cpu, disk, memory, gpus] = [0, 1, 4, 5];

/** Machines: product, memory MiB a GPU, GPUs, milli-CPU, memory MiB. */
const machines = [
  ['NVIDIA-H100-80GB-HBM3', 81559, 8, 190_600, 2_013_000],
  ['NVIDIA-A100-SXM4-40GB', 40960, 8, 94_500, 1_120_000],
  ['NVIDIA-L4', 23034, 4, 47_500, 187_000],
  ['Tesla-T4', 15360, 4, 63_600, 245_000],
] as const;

const clouds = ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'];

const groupOf = (id: number, zones: number): NodeGroup => {
  const [product, memoryMiB, count, cpuMilli, ramMiB] = machines[id % machines.length] ?? machines[0];
  const zone = clouds[Math.floor(id / machines.length)] ?? '';
  const allocatable = [cpuMilli, 95_000, 0, 0, ramMiB, count];
  const part = (amount: number, resource: number): number => (resource === disk ? -1 : Math.floor(amount / zones));
  return {
    id,
    labels: {
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/os': 'linux',
      'node.kubernetes.io/instance-type': `g-${id % machines.length}`,
      'topology.kubernetes.io/region': 'eu-west-1',
      'topology.kubernetes.io/zone': zone,
      'nvidia.com/gpu.product': product,
      'nvidia.com/gpu.memory': String(memoryMiB),
      'nvidia.com/gpu.count': String(count),
      'nvidia.com/gpu.replicas': '1',
      'cloud.example/pool': `pool-${id}`,
    },
    taints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }],
    ready: true,
    unschedulable: false,
    allocatable,
    runtimeHandlers: ['nvidia', 'runc'],
    gpu: { vendor: 'nvidia', product, memoryMiB, count, sharing: { kind: 'exclusive', replicas: 1 } },
    ...(zones === 0
      ? {}
      : {
          numa: {
            policy: 'single-numa-node',
            scope: 'pod',
            cpuManager: 'static',
            memoryManager: 'None',
            options: [],
            zones: Array.from({ length: zones }, (_, zoneId) => ({ id: zoneId, total: allocatable.map(part) })),
          },
        }),
  };
};

type Node = { podsFree: number; readonly free: number[]; readonly zoneFree: number[][] };

/** A pod that holds GPUs and whole cores of one zone where it finds them, or a part of the shared cores. */
const put = (node: Node, random: Prng): boolean => {
  const isGpu = random.chance(60);
  const take = [0, 0, 0, 0, 0, 0];
  take[gpus] = isGpu ? random.pick([1, 1, 1, 2, 4]) : 0;
  take[cpu] = isGpu ? (take[gpus] ?? 0) * random.pick([4_000, 8_000, 12_000]) : random.pick([100, 250, 500, 750, 1_000, 2_000, 4_000]);
  take[memory] = isGpu
    ? (take[gpus] ?? 0) * random.pick([16_384, 32_768, 65_536])
    : random.pick([128, 256, 512, 1_024, 2_048, 4_096, 6_000]);
  take[disk] = random.chance(30) ? random.pick([1_024, 5_120, 10_240]) : 0;
  if (take.some((amount, resource) => amount > (node.free[resource] ?? 0))) return false;
  const zone = node.zoneFree.find((free) => (free[gpus] ?? 0) >= (take[gpus] ?? 0) && (free[cpu] ?? 0) >= (take[cpu] ?? 0));
  if (isGpu && node.zoneFree.length > 0 && zone === undefined) return false;
  for (const [resource, amount] of take.entries()) {
    node.free[resource] = (node.free[resource] ?? 0) - amount;
    if (isGpu && zone !== undefined && resource !== disk) zone[resource] = (zone[resource] ?? 0) - amount;
  }
  node.podsFree -= 1;
  return true;
};

const nodeOf = (group: NodeGroup, random: Prng): Node => {
  const node: Node = {
    podsFree: 110,
    free: [...group.allocatable],
    zoneFree: (group.numa?.zones ?? []).map(({ total }) => [...total]),
  };
  // What daemons of every node take.
  node.podsFree -= 9;
  node.free[cpu] = (node.free[cpu] ?? 0) - 1_130;
  node.free[memory] = (node.free[memory] ?? 0) - 2_380;
  for (let pods = random.below(14); pods > 0; pods--) put(node, random);
  return node;
};

const letters = 'bcdfghjklmnpqrstvwxz2456789';
const word = (random: Prng, length: number): string => Array.from({ length }, () => letters[random.below(letters.length)]).join('');

/** Where pods of so many workloads are, four a node, as an agent tells it. */
const placesOf = (nodes: number, works: number): Pick<CapacityReport, 'works' | 'workSets'> & { readonly workSet: readonly number[] } => {
  const random = prng(7, 'bench/report/works');
  const sets = Array.from({ length: nodes }, () =>
    [...new Set(Array.from({ length: 4 }, () => random.below(works)))].sort((a, b) => a - b),
  );
  return {
    works: Array.from({ length: works }, (_, id) => ({ id, workId: `apps=deployments=team-${id % 40}=${word(random, 8)}` })),
    workSets: sets.map((set, at) => ({ id: at + 1, pods: set.map((work) => [work, 1, 1] as const) })),
    workSet: sets.map((_, at) => at + 1),
  };
};

/** A report of the cluster; the same every time. */
export const gpuReport = ({ nodes: count, zones, names: style, works }: SyntheticCluster): CapacityReport => {
  const random = prng(7, 'bench/report');
  const groups = Array.from({ length: machines.length * clouds.length }, (_, id) => groupOf(id, zones));
  const pools = groups.map(() => word(random, 8));
  const rows = Array.from({ length: count }, (_, at) => {
    const group = groups[random.below(groups.length)] as NodeGroup;
    const end = style === 'random' ? word(random, 4) : String(at).padStart(5, '0');
    return { name: `gke-prod-pool-${group.id}-${pools[group.id]}-${end}`, group, node: nodeOf(group, random) };
  });
  const unique = [...new Map(rows.map((row) => [row.name, row])).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const { workSet, ...places } = works === undefined ? {} : placesOf(unique.length, works);
  return {
    kind: 'snapshot',
    epoch: 1_800_000_000_000,
    seq: 1,
    observedAtMs: 1_800_000_100_000,
    sources: { nodes: '123456789', pods: '123456790', noderesourcetopologies: '123456791' },
    complete: true,
    unsupported: ['network-attachment-definitions: not served'],
    resourceNames,
    groups,
    nodes: {
      names: unique.map(({ name }) => name),
      group: unique.map(({ group }) => group.id),
      podsFree: unique.map(({ node }) => node.podsFree),
      ...(workSet === undefined ? {} : { workSet }),
      free: resourceNames.map((_, resource) => unique.map(({ node }) => node.free[resource] ?? 0)),
      ...(zones === 0
        ? {}
        : {
            zoneFree: Array.from({ length: zones }, (_, zone) =>
              resourceNames.map((_name, resource) => unique.map(({ node }) => node.zoneFree[zone]?.[resource] ?? -1)),
            ),
          }),
    },
    pending: [],
    runtimeClasses: [{ name: 'nvidia', handler: 'nvidia', overhead: {}, nodeSelector: {} }],
    networks: [],
    acks: {},
    present: {},
    ...places,
  };
};

/** The report after a GPU pod came to, or left, so many nodes. */
export const changeNodes = (report: CapacityReport, changed: number, random: Prng): CapacityReport => {
  const { nodes } = report;
  const podsFree = [...nodes.podsFree];
  const free = nodes.free.map((column) => [...column]);
  const zoneFree = nodes.zoneFree?.map((zone) => zone.map((column) => [...column]));
  const rows = new Set<number>();
  while (rows.size < Math.min(changed, nodes.names.length)) rows.add(random.below(nodes.names.length));
  for (const row of rows) {
    const sign = random.chance(50) ? 1 : -1;
    const count = random.pick([1, 1, 2, 4]);
    const zone = random.below(zoneFree?.length ?? 1);
    const amounts = [
      [cpu, count * random.pick([1_000, 4_000, 8_000, 12_000, 15_500])],
      [memory, count * random.pick([4_096, 16_384, 20_000, 32_768, 65_536])],
      [gpus, count],
    ] as const;
    podsFree[row] = (podsFree[row] ?? 0) + sign;
    for (const [resource, amount] of amounts) {
      for (const column of [free[resource], zoneFree?.[zone]?.[resource]])
        if (column !== undefined) column[row] = (column[row] ?? 0) + sign * amount;
    }
  }
  return { ...report, nodes: { ...nodes, podsFree, free, ...(zoneFree === undefined ? {} : { zoneFree }) } };
};
