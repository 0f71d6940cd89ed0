/** @module Rules of the capacity report: what is free, who is who's, and what is unknown. */
import { describe, expect, test } from 'vitest';
import { hashOf } from '../../shared/capacity/report-state.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { faultOf } from '../../shared/wire/decode.ts';
import { buildReport, forbiddenOf } from './report.ts';
import { applyEvent, createInventoryState, type InventoryState, project, type SourceName } from './state.ts';

const node = (
  name: string,
  more: { labels?: object; taints?: object[]; allocatable?: object; annotations?: object; ready?: string } = {},
): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, pool: 'a', ...more.labels }, annotations: { ...more.annotations } },
    spec: { taints: more.taints ?? [], providerID: `aws:///eu-west-1a/${name}` },
    status: {
      allocatable: { cpu: '4', memory: '8Gi', pods: '10', ...more.allocatable },
      conditions: [{ type: 'Ready', status: more.ready ?? 'True' }],
      runtimeHandlers: [{ name: 'runc' }],
    },
  }) as unknown as KubeObject;

const pod = (
  name: string,
  nodeName: string | undefined,
  requests: object,
  more: { owner?: [string, string, string]; deleting?: boolean; created?: string; ready?: boolean } = {},
): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      creationTimestamp: more.created ?? '2026-01-01T00:00:00Z',
      ...(more.deleting === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      ...(more.owner === undefined
        ? {}
        : {
            ownerReferences: [
              { apiVersion: more.owner[0], kind: more.owner[1], name: more.owner[2], uid: `uid-${more.owner[2]}`, controller: true },
            ],
          }),
    },
    spec: { ...(nodeName === undefined ? {} : { nodeName }), containers: [{ name: 'c', resources: { requests } }] },
    status: { phase: 'Running', ...(more.ready === true ? { conditions: [{ type: 'Ready', status: 'True' }] } : {}) },
  }) as unknown as KubeObject;

const replicaSet = (name: string, deployment: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: deployment, uid: `uid-${deployment}`, controller: true }],
  },
});

const feed = (state: InventoryState, source: SourceName, objects: readonly KubeObject[]): void => {
  state.sources[source].served = true;
  applyEvent(state, source, { type: 'Init' });
  for (const object of objects) {
    const item = project(source, object);
    const key = object.metadata.namespace === undefined ? object.metadata.name : `${object.metadata.namespace}/${object.metadata.name}`;
    if (item !== undefined) applyEvent(state, source, { type: 'InitApply', key, item });
  }
  applyEvent(state, source, { type: 'InitDone', resourceVersion: '7' });
};

const stateOf = (all: Partial<Record<SourceName, readonly KubeObject[]>>): InventoryState => {
  const state = createInventoryState();
  for (const [source, objects] of Object.entries(all)) feed(state, source as SourceName, objects);
  return state;
};

const input = {
  epoch: 1,
  seq: 1,
  nowMs: Date.parse('2026-01-01T00:01:00Z'),
  works: new Map([['apps/Deployment/shop/web', { id: 'w1', uid: undefined }]]),
  acks: { w1: 5 },
};
const reportOf = (all: Partial<Record<SourceName, readonly KubeObject[]>>) => {
  const report = buildReport(stateOf(all), input);
  expect(faultOf('report', { v: 1, cluster: 'eu', bootId: 'b', report })).toBeUndefined();
  return report;
};
const freeOf = (report: ReturnType<typeof reportOf>, resource: string): readonly number[] =>
  report.nodes.free[report.resourceNames.indexOf(resource)] ?? [];

describe('free amounts', () => {
  test('are allocatable less what bound pods book, in milli-CPU and MiB rounded down', () => {
    const report = reportOf({
      nodes: [node('n2'), node('n1')],
      pods: [
        pod('a', 'n1', { cpu: '1500m', memory: '1Mi' }),
        pod('b', 'n1', { cpu: '100m', memory: '500Ki' }),
        pod('c', undefined, { cpu: '1' }),
      ],
    });
    expect(report.nodes.names).toEqual(['n1', 'n2']);
    expect(freeOf(report, 'cpu')).toEqual([2400, 4000]);
    expect(freeOf(report, 'memory')).toEqual([8190, 8192]);
    expect(report.nodes.podsFree).toEqual([8, 10]);
  });

  test('keep their sign on an overcommitted node', () => {
    const report = reportOf({
      nodes: [node('n1', { allocatable: { cpu: '1', pods: '1' } })],
      pods: [pod('a', 'n1', { cpu: '2' }), pod('b', 'n1', {})],
    });
    expect(freeOf(report, 'cpu')).toEqual([-1000]);
    expect(report.nodes.podsFree).toEqual([-1]);
  });

  test('count pods that are on their way out, and not those that have ended', () => {
    const ended = { ...pod('done', 'n1', { cpu: '1' }), status: { phase: 'Succeeded' } };
    const report = reportOf({ nodes: [node('n1')], pods: [pod('leaving', 'n1', { cpu: '1' }, { deleting: true }), ended] });
    expect(freeOf(report, 'cpu')).toEqual([3000]);
  });
});

describe('groups', () => {
  test('join nodes that differ only in what is free', () => {
    const report = reportOf({
      nodes: [node('n1'), node('n2'), node('n3', { taints: [{ key: 'gpu', effect: 'NoSchedule' }] }), node('n4', { ready: 'False' })],
      pods: [],
    });
    expect(report.nodes.group).toEqual([0, 0, 1, 2]);
    expect(report.groups[0]?.labels).toEqual({ pool: 'a' });
    expect(report.groups[1]?.taints).toEqual([{ key: 'gpu', value: '', effect: 'NoSchedule' }]);
    expect(report.groups[2]?.ready).toBe(false);
  });

  const gpus: readonly [what: string, labels: object, allocatable: object, annotations: object, expected: object][] = [
    [
      'exclusive NVIDIA',
      {
        'nvidia.com/gpu.product': 'Tesla-T4',
        'nvidia.com/gpu.memory': '15360',
        'nvidia.com/gpu.count': '4',
        'nvidia.com/gpu.replicas': '1',
      },
      { 'nvidia.com/gpu': '4' },
      {},
      { vendor: 'nvidia', product: 'Tesla-T4', memoryMiB: 15360, count: 4, sharing: { kind: 'exclusive', replicas: 1 } },
    ],
    [
      'time-sliced NVIDIA',
      { 'nvidia.com/gpu.product': 'Tesla-T4-SHARED', 'nvidia.com/gpu.count': '8', 'nvidia.com/gpu.replicas': '4' },
      { 'nvidia.com/gpu': '32' },
      {},
      { count: 8, sharing: { kind: 'timeSlicing', replicas: 4 } },
    ],
    [
      'MPS',
      { 'nvidia.com/gpu.product': 'T4', 'nvidia.com/gpu.replicas': '2', 'nvidia.com/gpu.sharing-strategy': 'mps' },
      { 'nvidia.com/gpu': '8' },
      {},
      { count: 4, sharing: { kind: 'mps', replicas: 2 } },
    ],
    [
      'MIG',
      { 'nvidia.com/gpu.product': 'A100-SXM4-40GB', 'nvidia.com/gpu.count': '8' },
      { 'nvidia.com/mig-1g.5gb': '56' },
      {},
      { count: 8, sharing: { kind: 'mig', replicas: 1 } },
    ],
    [
      'HAMi',
      { 'nvidia.com/gpu.count': '2' },
      { 'nvidia.com/gpu': '20' },
      { 'hami.io/node-nvidia-register': 'GPU-1,10,15360,100,NVIDIA-T4,0,true:' },
      { count: 2, sharing: { kind: 'vgpu', replicas: 10 } },
    ],
    [
      'AMD',
      { 'amd.com/gpu.product-name': 'AMD_Instinct_MI300X_OAM', 'amd.com/gpu.vram': '192Gi' },
      { 'amd.com/gpu': '8' },
      {},
      { vendor: 'amd', product: 'AMD_Instinct_MI300X_OAM', memoryMiB: 196608, count: 8 },
    ],
    [
      'Intel',
      { 'gpu.intel.com/device.count': '2', 'gpu.intel.com/family': 'Max_Series' },
      { 'gpu.intel.com/xe': '2' },
      {},
      { vendor: 'intel', product: 'Max_Series', count: 2 },
    ],
  ];
  test.each(gpus)('tell %s GPUs', (_what, labels, allocatable, annotations, expected) => {
    const report = reportOf({ nodes: [node('n1', { labels, allocatable, annotations })], pods: [] });
    expect(report.groups[0]?.gpu).toMatchObject(expected);
  });

  test('tell NUMA zones, and what the resource managers must be', () => {
    const zone = (id: number, available: string) => ({
      name: `node-${id}`,
      type: 'Node',
      resources: [{ name: 'cpu', capacity: '2', allocatable: '2', available }],
    });
    const topology = {
      apiVersion: 'topology.node.k8s.io/v1alpha2',
      kind: 'NodeResourceTopology',
      metadata: { name: 'n1' },
      attributes: [
        { name: 'topologyManagerPolicy', value: 'single-numa-node' },
        { name: 'topologyManagerScope', value: 'pod' },
      ],
      zones: [zone(1, '1'), zone(0, '2')],
    } as unknown as KubeObject;
    const report = reportOf({ nodes: [node('n1'), node('n2')], pods: [], noderesourcetopologies: [topology] });
    const memory = report.resourceNames.indexOf('memory');
    const cpu = report.resourceNames.indexOf('cpu');
    expect(report.groups[0]?.numa).toMatchObject({ policy: 'single-numa-node', scope: 'pod', cpuManager: 'static', memoryManager: 'None' });
    expect(report.nodes.zoneFree?.map((zone_) => zone_[cpu])).toEqual([
      [2000, -1],
      [1000, -1],
    ]);
    expect(report.groups[0]?.numa?.zones[0]?.total[memory]).toBe(-1);
  });
});

describe('demand', () => {
  test('is pods bound nowhere, by shape, with the age of the oldest', () => {
    const report = reportOf({
      nodes: [node('n1')],
      pods: [
        pod('a', undefined, { cpu: '1' }),
        pod('b', undefined, { cpu: '1000m' }, { created: '2026-01-01T00:00:30Z' }),
        pod('c', undefined, { memory: '1500Ki' }),
      ],
    });
    expect(report.pending).toEqual([
      { shapeHash: expect.any(String), count: 2, oldestSeconds: 60, requests: { cpu: 1000 } },
      { shapeHash: expect.any(String), count: 1, oldestSeconds: 60, requests: { memory: 2 } },
    ]);
  });
});

describe('present replicas', () => {
  test('descend from our work through ReplicaSets, bound and pending apart, without those that leave', () => {
    const web: [string, string, string] = ['apps/v1', 'ReplicaSet', 'web-1'];
    const report = reportOf({
      nodes: [node('n1')],
      replicasets: [replicaSet('web-1', 'web'), replicaSet('other-1', 'other')],
      pods: [
        pod('a', 'n1', {}, { owner: web }),
        pod('b', undefined, {}, { owner: web }),
        pod('c', 'n1', {}, { owner: web, deleting: true }),
        pod('d', 'n1', {}, { owner: ['apps/v1', 'ReplicaSet', 'other-1'] }),
      ],
    });
    expect(report.present).toEqual({ w1: { bound: 1, pending: 1 } });
    expect(report.acks).toEqual({ w1: 5 });
  });

  test.each([
    ['of an object that had the name before do not count', 'uid-web-of-now', {}],
    ['of the object that has it count', 'uid-web', { w1: { bound: 1, pending: 0 } }],
  ])('%s', (_rule, uid, expected) => {
    const state = stateOf({
      nodes: [node('n1')],
      replicasets: [replicaSet('web-1', 'web')],
      pods: [pod('a', 'n1', {}, { owner: ['apps/v1', 'ReplicaSet', 'web-1'] })],
    });
    const works = new Map([['apps/Deployment/shop/web', { id: 'w1', uid }]]);
    expect(buildReport(state, { ...input, works }).present).toEqual(expected);
  });
});

describe('where replicas are', () => {
  const web: [string, string, string] = ['apps/v1', 'ReplicaSet', 'web-1'];
  const api: [string, string, string] = ['apps/v1', 'ReplicaSet', 'api-1'];
  const works = new Map([
    ['apps/Deployment/shop/web', { id: 'w1', uid: undefined }],
    ['apps/Deployment/shop/api', { id: 'w2', uid: undefined }],
  ]);
  const placesOf = (replicaSets: readonly KubeObject[], pods: readonly KubeObject[]): unknown => {
    const state = stateOf({ nodes: [node('n1'), node('n2'), node('n3')], replicasets: replicaSets, pods });
    const report = buildReport(state, { ...input, works });
    expect(faultOf('report', { v: 1, cluster: 'eu', bootId: 'b', report })).toBeUndefined();
    const ids = new Map((report.works ?? []).map(({ id, workId }) => [id, workId]));
    const sets = new Map((report.workSets ?? []).map(({ id, pods: held }) => [id, held]));
    return Object.fromEntries(
      report.nodes.names.flatMap((name, row) => {
        const set = sets.get(report.nodes.workSet?.[row] ?? 0);
        return set === undefined ? [] : [[name, Object.fromEntries(set.map(([work, ...counts]) => [ids.get(work), counts]))]];
      }),
    );
  };

  test('is told by node: bound and ready ones, without those that leave, that wait, or that are not of our work', () => {
    expect(
      placesOf(
        [replicaSet('web-1', 'web'), replicaSet('api-1', 'api')],
        [
          pod('a', 'n1', {}, { owner: web, ready: true }),
          pod('b', 'n1', {}, { owner: web }),
          pod('c', 'n3', {}, { owner: web, deleting: true }),
          pod('d', undefined, {}, { owner: web }),
          pod('e', 'n2', {}, { owner: api, ready: true }),
          pod('f', 'n2', {}, { owner: web, ready: true }),
          pod('g', 'n3', {}, { ready: true }),
        ],
      ),
    ).toEqual({ n1: { w1: [2, 1] }, n2: { w1: [1, 1], w2: [1, 1] } });
  });

  test('is not told of a workload that rolls out: which of its pods go depends on both of its controllers', () => {
    const next: [string, string, string] = ['apps/v1', 'ReplicaSet', 'web-2'];
    expect(
      placesOf(
        [replicaSet('web-1', 'web'), replicaSet('web-2', 'web'), replicaSet('api-1', 'api')],
        [pod('a', 'n1', {}, { owner: web }), pod('b', undefined, {}, { owner: next }), pod('c', 'n1', {}, { owner: api })],
      ),
    ).toEqual({ n1: { w2: [1, 0] } });
  });
});

describe('what is unknown', () => {
  test('is never zero: an unread source makes the report incomplete and is named', () => {
    const state = stateOf({ nodes: [node('n1')] });
    state.sources.noderesourcetopologies.served = false;
    state.sources.pods.problem = { status: 403, reason: 'Forbidden', message: 'no', unreachable: false, causes: [] };
    const report = buildReport(state, input);
    expect(report.complete).toBe(false);
    expect(report.unsupported).toEqual([
      "pods: list is forbidden: grant list and watch on pods to the agent's identity",
      'noderesourcetopologies: not served',
    ]);
    expect(forbiddenOf(state)).toEqual(['list pods']);
  });
});

describe('a full reading', () => {
  test('drops what it did not name, and changes nothing when nothing changed', () => {
    const state = stateOf({ nodes: [node('n1'), node('n2')], pods: [pod('a', 'n1', { cpu: '1' }), pod('b', 'n2', { cpu: '1' })] });
    const before = hashOf(buildReport(state, input));
    feed(state, 'pods', [pod('b', 'n2', { cpu: '1' }), pod('a', 'n1', { cpu: '1' })]);
    expect(hashOf(buildReport(state, { ...input, seq: 9, nowMs: input.nowMs + 5_000 }))).toBe(before);
    feed(state, 'pods', [pod('b', 'n2', { cpu: '1' })]);
    feed(state, 'nodes', [node('n2')]);
    const report = buildReport(state, input);
    expect(report.nodes.names).toEqual(['n2']);
    expect(freeOf(report, 'cpu')).toEqual([3000]);
    expect(state.pods.size()).toBe(1);
  });
});
