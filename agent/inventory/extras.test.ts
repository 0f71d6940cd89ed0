/** @module Rules of what few clusters have: shared GPUs, host ports, quotas, pools at zero nodes, DRA devices, kubelets' own policies. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../shared/kube/object.ts';
import { faultOf } from '../../shared/wire/index.ts';
import { kubeletFactsOf } from './configz.ts';
import { buildReport } from './report.ts';
import { applyEvent, createInventoryState, type InventoryState, project, type SourceName } from './state.ts';

const object = (name: string, more: object, namespace?: string): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'X',
    ...more,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...(more as { metadata?: object }).metadata },
  }) as unknown as KubeObject;

const node = (name: string, metadata: object = {}, allocatable: object = {}): KubeObject =>
  object(name, {
    metadata,
    spec: {},
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '10', ...allocatable }, conditions: [{ type: 'Ready', status: 'True' }] },
  });

const pod = (name: string, spec: object, metadata: object = {}): KubeObject =>
  object(name, { metadata, spec: { nodeName: 'n1', containers: [], ...spec }, status: { phase: 'Running' } }, 'shop');

const stateOf = (all: Partial<Record<SourceName, readonly KubeObject[]>>): InventoryState => {
  const state = createInventoryState();
  for (const [source, objects] of Object.entries(all) as [SourceName, readonly KubeObject[]][]) {
    applyEvent(state, source, { type: 'Init' });
    for (const entry of objects) {
      const item = project(source, entry);
      const key = entry.metadata.namespace === undefined ? entry.metadata.name : `${entry.metadata.namespace}/${entry.metadata.name}`;
      if (item !== undefined) applyEvent(state, source, { type: 'InitApply', key, item });
    }
    applyEvent(state, source, { type: 'InitDone', resourceVersion: '7' });
  }
  return state;
};

const nowMs = Date.parse('2026-11-22T08:00:00Z');
const reportOf = (all: Partial<Record<SourceName, readonly KubeObject[]>>) => {
  const report = buildReport(stateOf(all), { epoch: 1, seq: 1, nowMs, works: new Map(), acks: {} });
  expect(faultOf('report', { v: 1, cluster: 'eu', bootId: 'b', report })).toBeUndefined();
  return report;
};

describe('MIG', () => {
  test('mixed lists a resource for each profile, single offers slices as GPUs', () => {
    const mixed = node(
      'n1',
      { labels: { 'nvidia.com/gpu.product': 'A100', 'nvidia.com/mig-1g.5gb.memory': '4864' } },
      { 'nvidia.com/mig-1g.5gb': '7' },
    );
    const single = node(
      'n2',
      { labels: { 'nvidia.com/gpu.product': 'A100-MIG-1g.5gb', 'nvidia.com/gpu.count': '56' } },
      { 'nvidia.com/gpu': '56' },
    );
    const { groups } = reportOf({ nodes: [mixed, single], pods: [] });
    expect(groups[0]?.gpu).toMatchObject({ migStrategy: 'mixed', migProfiles: { '1g.5gb': 4864 }, sharing: { kind: 'mig' } });
    expect(groups[1]?.gpu).toMatchObject({ migStrategy: 'single', count: 56 });
  });
});

describe('pods that others must know of', () => {
  const ports = { containers: [{ ports: [{ hostPort: 80 }] }] };
  test('are told by node with their ports, and others are not', () => {
    const report = reportOf({
      nodes: [node('n1'), node('n2')],
      pods: [pod('a', ports), pod('b', {}), pod('c', { ...ports, nodeName: 'n2' })],
    });
    expect(report.podKinds).toMatchObject([{ namespace: 'shop', ports: [{ ip: '0.0.0.0', protocol: 'TCP', port: 80 }] }]);
    expect(report.podSets).toEqual([{ id: 1, pods: [[0, 1, 0]] }]);
    expect(report.nodes.podSet).toEqual([1, 1]);
  });

  test('take the port of the container where that of the host is 0 and they are on its network', () => {
    const hosted = { hostNetwork: true, containers: [{ ports: [{ containerPort: 90, hostPort: 0, protocol: '', hostIP: '' }] }] };
    const report = reportOf({ nodes: [node('n1')], pods: [pod('a', hosted)] });
    expect(report.podKinds).toMatchObject([{ ports: [{ ip: '0.0.0.0', protocol: 'TCP', port: 90 }] }]);
  });

  test('replicas of one workload are one kind, with their anti-affinity', () => {
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    const replica = (name: string): KubeObject => pod(name, { affinity }, { labels: { app: 'web', 'pod-template-hash': name } });
    const report = reportOf({ nodes: [node('n1')], pods: [replica('a'), replica('b')] });
    expect(report.podKinds).toMatchObject([{ labels: { app: 'web' }, antiAffinity: [{ topologyKey: 'kubernetes.io/hostname' }] }]);
    expect(report.podSets).toEqual([{ id: 1, pods: [[0, 2, 0]] }]);
  });
});

test('a quota leaves what is hard less what is used, also below zero', () => {
  const quota = object(
    'q',
    {
      spec: {
        hard: { 'requests.cpu': '4', pods: '3', 'limits.memory': '1Gi' },
        scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] },
      },
      status: { used: { 'requests.cpu': '500m', pods: '5' } },
    },
    'shop',
  );
  expect(reportOf({ nodes: [], pods: [], resourcequotas: [quota] }).quotas).toEqual([
    { namespace: 'shop', name: 'q', free: { 'limits.memory': 1024, pods: -2, 'requests.cpu': 3500 }, scopes: ['PriorityClass In high'] },
  ]);
});

test('pools of autoscalers at zero nodes are told apart from what is free', () => {
  const status = 'nodeGroups:\n- name: gpu\n  health:\n    cloudProviderTarget: 1\n    maxSize: 5\n';
  const old =
    'Cluster-autoscaler status at 2022\nNodeGroups:\n  Name:  cpu\n  Health: Healthy (ready=1 cloudProviderTarget=1 (minSize=1, maxSize=4))\n';
  const pool = (data: object): KubeObject => object('cluster-autoscaler-status', { data }, 'kube-system');
  const karpenter = object('spot', {
    spec: {
      limits: { cpu: '100', 'nvidia.com/gpu': '8' },
      template: { spec: { requirements: [{ key: 'k', operator: 'In', values: ['v'] }], taints: [{ key: 'gpu', effect: 'NoSchedule' }] } },
    },
    status: { resources: { cpu: '10' } },
  });
  const machines = object(
    'md',
    {
      metadata: {
        annotations: {
          'cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size': '3',
          'capacity.cluster-autoscaler.kubernetes.io/cpu': '16',
          'capacity.cluster-autoscaler.kubernetes.io/memory': '128G',
        },
      },
      spec: { replicas: 1 },
    },
    'infra',
  );
  const report = reportOf({ nodes: [], pods: [], configmaps: [pool({ status })], nodepools: [karpenter], machinedeployments: [machines] });
  expect(report.potential).toMatchObject([
    { source: 'cluster-api', name: 'infra/md', maxExtraNodes: 2, allocatable: { cpu: 16000, memory: 122070 } },
    { source: 'cluster-autoscaler', name: 'gpu', maxExtraNodes: 4 },
    { source: 'karpenter', name: 'spot', labels: { k: 'v' }, maxExtra: { cpu: 90000, 'nvidia.com/gpu': 8 } },
  ]);
  expect(reportOf({ nodes: [], pods: [], configmaps: [pool({ status: old })] }).potential).toMatchObject([
    { name: 'cpu', maxExtraNodes: 3 },
  ]);
  expect(reportOf({ nodes: [], pods: [], configmaps: [pool({ status: '- [' })] }).potential).toBeUndefined();
});

describe('devices of DRA', () => {
  const driver = 'gpu.nvidia.com';
  const device = (name: string, more: object = {}): object => ({
    name,
    attributes: { productName: { string: 'A100' }, uuid: { string: name }, 'resource.kubernetes.io/numaNode': { int: 0 } },
    capacity: { memory: { value: '40Gi' } },
    ...more,
  });
  const slice = (name: string, generation: number, devices: object[], more: object = {}): KubeObject =>
    object(name, { spec: { driver, nodeName: 'n1', pool: { name: 'n1', generation, resourceSliceCount: 1 }, devices, ...more } });
  const claim = (name: string): KubeObject =>
    object(`c-${name}`, { status: { allocation: { devices: { results: [{ driver, pool: 'n1', device: name }] } } } }, 'shop');
  const gpuClass = object('gpu', { spec: { selectors: [{ cel: { expression: 'device.driver == "gpu.nvidia.com"' } }] } });

  test('are counted by kind and class, less what claims hold; an older generation does not count', () => {
    const report = reportOf({
      nodes: [node('n1')],
      pods: [],
      resourceslices: [slice('old', 1, [device('x')]), slice('new', 2, [device('a'), device('b'), device('c')])],
      resourceclaims: [claim('b'), claim('gone')],
      deviceclasses: [gpuClass],
    });
    expect(report.dra?.kinds).toMatchObject([
      {
        driver,
        classes: ['gpu'],
        attributes: { 'gpu.nvidia.com/productName': 'A100', 'resource.kubernetes.io/numaNode': 0 },
        capacity: { 'gpu.nvidia.com/memory': 40960 },
      },
    ]);
    expect(report.dra?.pools).toMatchObject([{ node: 'n1', devices: [{ kind: 0, total: 3, free: 2 }] }]);
  });

  test('of a pool that is not whole are not counted, and that is told', () => {
    const part = slice('a', 1, [device('a')], { pool: { name: 'n1', generation: 1, resourceSliceCount: 2 } });
    const report = reportOf({ nodes: [node('n1')], pods: [], resourceslices: [part] });
    expect([report.dra, report.unsupported.filter((line) => line.startsWith('resourceslices'))]).toEqual([
      undefined,
      ['resourceslices: 1 pools are not complete and are not counted'],
    ]);
  });

  test('of a class that is not understood are in no class, and that is told', () => {
    const odd = object('odd', { spec: { selectors: [{ cel: { expression: 'device.driver.matches("x")' } }] } });
    const report = reportOf({ nodes: [node('n1')], pods: [], resourceslices: [slice('a', 1, [device('a')])], deviceclasses: [odd] });
    expect(report.dra?.kinds[0]?.classes).toEqual([]);
    expect(report.unsupported).toContain('deviceclasses/odd: its selector is not understood: the function matches');
  });

  test('that are partitions take from their counters what claims hold', () => {
    const part = (name: string): object =>
      device(name, { consumesCounters: [{ counterSet: 'gpu-0', counters: { slices: { value: '2' } } }] });
    const counted = slice('a', 1, [part('a'), part('b')], { sharedCounters: [{ name: 'gpu-0', counters: { slices: { value: '7' } } }] });
    const report = reportOf({ nodes: [node('n1')], pods: [], resourceslices: [counted], resourceclaims: [claim('a')] });
    expect(report.dra?.pools).toMatchObject([{ counters: { 'gpu-0/slices': 5 }, devices: [{ total: 2, free: 1 }] }]);
    expect(report.dra?.kinds).toMatchObject([{ consumes: { 'gpu-0/slices': 2 } }]);
  });
});

describe('a kubelet', () => {
  const zone = (name: string, id: number): object => ({
    name,
    type: 'Node',
    costs: [0, 1].map((other) => ({ name: `node-${other}`, value: other === id ? 10 : 21 })),
    resources: [
      { name: 'cpu', capacity: '4', allocatable: '3', available: '2' },
      { name: 'memory', capacity: '8Gi', allocatable: '7Gi', available: '6Gi' },
    ],
  });
  const topology = (attributes: object[]): KubeObject => object('n1', { attributes, zones: [zone('node-1', 1), zone('node-0', 0)] });

  test('has the widths of its zones counted by capacity for cpu and by allocatable for memory', () => {
    const numa = reportOf({ nodes: [node('n1')], pods: [], noderesourcetopologies: [topology([])] }).groups[0]?.numa;
    expect(numa).toMatchObject({
      zones: [
        { id: 0, total: [4000, 7168] },
        { id: 1, total: [4000, 7168] },
      ],
      distances: [
        [10, 21],
        [21, 10],
      ],
      cpuManager: 'static',
      guessed: ['cpuManager', 'memoryManager'],
    });
  });

  test('has the policies that attributes tell, and its own configuration wins', () => {
    const attributes = [
      { name: 'topologyManagerPolicy', value: 'restricted' },
      { name: 'cpuManagerPolicy', value: 'none' },
      { name: 'memoryManagerPolicy', value: 'Static' },
      { name: 'cpuManagerPolicyOptions', value: 'full-pcpus-only=true' },
      { name: 'threadsPerCore', value: '2' },
    ];
    const state = stateOf({ nodes: [node('n1')], pods: [], noderesourcetopologies: [topology(attributes)] });
    const numa = () => buildReport(state, { epoch: 1, seq: 1, nowMs, works: new Map(), acks: {} }).groups[0]?.numa;
    expect(numa()).toMatchObject({
      policy: 'restricted',
      cpuManager: 'none',
      memoryManager: 'Static',
      options: ['full-pcpus-only=true'],
      threadsPerCore: 2,
    });
    expect(numa()?.guessed).toBeUndefined();
    const told = kubeletFactsOf({
      kubeletconfig: { topologyManagerPolicy: 'single-numa-node', cpuManagerPolicy: 'static', memoryManagerPolicy: 'None' },
    });
    if (told !== undefined) state.kubelets.set('n1', told);
    expect(numa()).toMatchObject({ policy: 'single-numa-node', cpuManager: 'static', memoryManager: 'None' });
    expect(kubeletFactsOf('x')).toBeUndefined();
  });
});
