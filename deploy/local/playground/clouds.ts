/** @module The clusters of the playground: three providers, plain nodes everywhere, GPUs with two NUMA zones at two of them. */
import type { KubeObject } from '../../../shared/kube/object.ts';

/** One kind of machine in a cluster. */
export type Machine = {
  readonly type: string;
  readonly cpu: number;
  readonly memoryGi: number;
  readonly gpu?: { readonly product: string; readonly memoryMiB: number; readonly count: number };
};

/** A cluster to make. */
export type CloudCluster = {
  readonly name: string;
  readonly provider: string;
  readonly region: string;
  readonly zones: readonly string[];
  readonly providerIdScheme: string;
  /** Nodes, dealt to the zones in turn. */
  readonly machines: readonly (Machine & { readonly nodes: number })[];
};

const small = { type: 'general-8', cpu: 8, memoryGi: 32 };
const a100: Machine = {
  type: 'gpu-a100-4',
  cpu: 64,
  memoryGi: 512,
  gpu: { product: 'NVIDIA-A100-SXM4-80GB', memoryMiB: 81_920, count: 4 },
};
const l4: Machine = { type: 'gpu-l4-2', cpu: 32, memoryGi: 128, gpu: { product: 'NVIDIA-L4', memoryMiB: 23_034, count: 2 } };

const base: readonly CloudCluster[] = [
  {
    name: 'idc-berlin',
    provider: 'onprem',
    region: 'eu-central-dc1',
    zones: ['dc1-a', 'dc1-b'],
    providerIdScheme: 'onprem',
    machines: [
      { ...small, nodes: 2 },
      { ...a100, nodes: 1 },
    ],
  },
  {
    name: 'aws-ireland',
    provider: 'aws',
    region: 'eu-west-1',
    zones: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'],
    providerIdScheme: 'aws',
    machines: [
      { ...small, nodes: 3 },
      { ...l4, nodes: 1 },
    ],
  },
  {
    name: 'gcp-belgium',
    provider: 'gcp',
    region: 'europe-west1',
    zones: ['europe-west1-b', 'europe-west1-c'],
    providerIdScheme: 'gce',
    machines: [{ ...small, nodes: 3 }],
  },
];

/** Most members one machine is asked to play. */
export const membersMax = 20;

/** The first `count` clusters of the playground; beyond the three named ones the providers repeat with a number. */
export const cloudClusters = (count: number): CloudCluster[] =>
  Array.from({ length: count }, (_unused, index) => {
    const model = base[index % base.length] as CloudCluster;
    const round = Math.floor(index / base.length) + 1;
    return round === 1
      ? model
      : {
          ...model,
          name: `${model.name}-${round}`,
          region: `${model.region}-${round}`,
          zones: model.zones.map((zone) => `${zone}-${round}`),
        };
  });

/** Keeps plain pods off GPU nodes, as is the custom. */
const gpuTaint = { key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' };

const gpuLabels = ({ product, memoryMiB, count }: NonNullable<Machine['gpu']>): { [key: string]: string } => ({
  'nvidia.com/gpu.present': 'true',
  'nvidia.com/gpu.product': product,
  'nvidia.com/gpu.memory': String(memoryMiB),
  'nvidia.com/gpu.count': String(count),
  'nvidia.com/gpu.replicas': '1',
});

const amounts = (machine: Machine): { [resource: string]: string } => ({
  cpu: String(machine.cpu),
  memory: `${machine.memoryGi}Gi`,
  pods: '110',
  'ephemeral-storage': '100Gi',
  ...(machine.gpu === undefined ? {} : { 'nvidia.com/gpu': String(machine.gpu.count) }),
});

const nodeOf = (cluster: CloudCluster, machine: Machine, number: number): KubeObject => {
  const name = `${cluster.name}-${number}`;
  const zone = cluster.zones[number % cluster.zones.length] ?? cluster.region;
  const labels = {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'node.kubernetes.io/instance-type': machine.type,
    'topology.kubernetes.io/region': cluster.region,
    'topology.kubernetes.io/zone': zone,
    ...(machine.gpu === undefined ? {} : gpuLabels(machine.gpu)),
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    spec: {
      providerID: `${cluster.providerIdScheme}:///${zone}/${name}`,
      ...(machine.gpu === undefined ? {} : { taints: [gpuTaint] }),
    },
    status: {
      capacity: amounts(machine),
      allocatable: amounts(machine),
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }],
      addresses: [{ type: 'Hostname', address: name }],
      nodeInfo: {
        kubeletVersion: 'v1.36.3',
        operatingSystem: 'linux',
        architecture: 'amd64',
        containerRuntimeVersion: 'containerd://2.1.0',
      },
    },
  };
};

/** The cluster's Node objects; a GPU node has two NUMA zones that halve what it has. */
export const nodesOf = (cluster: CloudCluster): { node: KubeObject; machine: Machine }[] =>
  cluster.machines
    .flatMap(({ nodes, ...machine }) => Array.from({ length: nodes }, () => machine))
    .map((machine, index) => ({ node: nodeOf(cluster, machine, index + 1), machine }));

/** The zones of a GPU node as `nfd-topology-updater` reports them (topology.node.k8s.io/v1alpha2). */
export const topologyOf = (node: KubeObject, machine: Machine): KubeObject => {
  const half = (name: string, amount: number) => ({
    name,
    capacity: String(amount / 2),
    allocatable: String(amount / 2),
    available: String(amount / 2),
  });
  const zone = (id: number) => ({
    name: `node-${id}`,
    type: 'Node',
    costs: [0, 1].map((other) => ({ name: `node-${other}`, value: other === id ? 10 : 21 })),
    resources: [half('cpu', machine.cpu), half('memory', machine.memoryGi * 1024 ** 3), half('nvidia.com/gpu', machine.gpu?.count ?? 0)],
  });
  return {
    apiVersion: 'topology.node.k8s.io/v1alpha2',
    kind: 'NodeResourceTopology',
    metadata: { name: node.metadata.name },
    attributes: [
      { name: 'topologyManagerPolicy', value: 'single-numa-node' },
      { name: 'topologyManagerScope', value: 'pod' },
      { name: 'cpuManagerPolicy', value: 'static' },
    ],
    topologyPolicies: ['SingleNUMANodePodLevel'],
    zones: [zone(0), zone(1)],
  };
};
