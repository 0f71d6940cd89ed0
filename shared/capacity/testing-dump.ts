/** @module Builders of dumps for tests: nodes with zones, and pods, as plain Kubernetes objects. */

/** A zone: cpu in cores, memory in Gi, GPUs; `free*` = available, else all of it. */
export type TestZone = {
  readonly cpu?: number;
  readonly memoryGi?: number;
  readonly gpu?: number;
  readonly freeCpu?: number;
  readonly freeMemoryGi?: number;
  readonly freeGpu?: number;
};

/** How the kubelet's managers are set. */
export type TestManagers = {
  readonly policy?: string;
  readonly scope?: 'container' | 'pod';
  readonly cpuManager?: 'none' | 'static';
  readonly memoryManager?: 'None' | 'Static';
  readonly cpuOptions?: string;
  readonly threadsPerCore?: number;
};

const gpu = 'nvidia.com/gpu';

/** A Node whose allocatable is what its zones have free, and its NodeResourceTopology; zones are listed in reverse on purpose. */
export const zonedNode = (name: string, zones: readonly TestZone[], managers: TestManagers = {}, pods = 110): object[] => {
  const sum = (of: (zone: TestZone) => number | undefined): number => zones.reduce((all, zone) => all + (of(zone) ?? 0), 0);
  return [
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
      status: {
        allocatable: {
          cpu: `${sum((zone) => zone.freeCpu ?? zone.cpu)}`,
          memory: `${sum((zone) => zone.freeMemoryGi ?? zone.memoryGi)}Gi`,
          pods: `${pods}`,
          [gpu]: `${sum((zone) => zone.freeGpu ?? zone.gpu)}`,
        },
      },
    },
    topologyObject(name, zones, managers),
  ];
};

/** The NodeResourceTopology of such a node. */
export const topologyObject = (name: string, zones: readonly TestZone[], managers: TestManagers): object => ({
  apiVersion: 'topology.node.k8s.io/v1alpha2',
  kind: 'NodeResourceTopology',
  metadata: { name },
  attributes: [
    { name: 'topologyManagerPolicy', value: managers.policy ?? 'none' },
    { name: 'topologyManagerScope', value: managers.scope ?? 'container' },
    { name: 'cpuManagerPolicy', value: managers.cpuManager ?? 'static' },
    { name: 'memoryManagerPolicy', value: managers.memoryManager ?? 'None' },
    ...(managers.cpuOptions === undefined ? [] : [{ name: 'cpuManagerPolicyOptions', value: managers.cpuOptions }]),
    ...(managers.threadsPerCore === undefined ? [] : [{ name: 'threadsPerCore', value: `${managers.threadsPerCore}` }]),
  ],
  zones: zones.map((zone, id) => ({ name: `node-${id}`, type: 'Node', resources: zoneResources(zone) })).reverse(),
});

const zoneResources = (zone: TestZone): object[] => {
  const row = (name: string, total: number, free: number, unit = ''): object => ({
    name,
    capacity: `${total}${unit}`,
    allocatable: `${total}${unit}`,
    available: `${free}${unit}`,
  });
  return [
    ...(zone.cpu === undefined ? [] : [row('cpu', zone.cpu, zone.freeCpu ?? zone.cpu)]),
    ...(zone.memoryGi === undefined ? [] : [row('memory', zone.memoryGi, zone.freeMemoryGi ?? zone.memoryGi, 'Gi')]),
    ...(zone.gpu === undefined ? [] : [row(gpu, zone.gpu, zone.freeGpu ?? zone.gpu)]),
  ];
};

/** One container of a test pod; `init` and `sidecar` are init containers. */
export type TestContainer = {
  readonly role?: 'init' | 'sidecar' | 'app';
  readonly cpu?: string;
  readonly memory?: string;
  readonly gpu?: number;
  /** Requests without limits: the pod is Burstable. */
  readonly burstable?: boolean;
};

const containerObject = (container: TestContainer, at: number): object => {
  const amounts = {
    ...(container.cpu === undefined ? {} : { cpu: container.cpu }),
    ...(container.memory === undefined ? {} : { memory: container.memory }),
    ...(container.gpu === undefined ? {} : { [gpu]: `${container.gpu}` }),
  };
  return {
    name: `c${at}`,
    resources: container.burstable === true ? { requests: amounts } : { requests: amounts, limits: amounts },
    ...(container.role === 'sidecar' ? { restartPolicy: 'Always' } : {}),
  };
};

/** A Pod of these containers. */
export const podObject = (containers: readonly TestContainer[], spec: object = {}, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'shape', ...metadata },
  spec: {
    initContainers: containers.filter(({ role }) => role === 'init' || role === 'sidecar').map(containerObject),
    containers: containers.filter(({ role }) => (role ?? 'app') === 'app').map(containerObject),
    ...spec,
  },
});
