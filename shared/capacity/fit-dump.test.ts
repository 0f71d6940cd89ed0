/** @module Rules of reading a dump: its nodes and pods, and what the cluster adds. */
import { describe, expect, it } from 'vitest';
import { fitDump } from './fit-dump.ts';
import { podObject, zonedNode } from './testing-dump.ts';
import { answer, held, node, oneCpu, pod, requests } from './testing-fit-dump.ts';

describe('what a dump holds', () => {
  it.each<[string, unknown[]]>([
    ['objects', [node('n')]],
    ['a List', [{ kind: 'List', items: [node('n')] }]],
    [
      'a NodeList as the API gives it, whose items say no kind',
      [{ apiVersion: 'v1', kind: 'NodeList', items: [{ metadata: { name: 'n' }, status: { allocatable: { cpu: '4', pods: '9' } } }] }],
    ],
    ['lists in a list', [{ kind: 'List', items: [{ kind: 'List', items: [node('n')] }] }]],
    ['an object twice', [node('n'), { kind: 'List', items: [node('n')] }]],
    ['kinds that do not bear on capacity', [node('n'), { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' } }]],
    ['a Node of another API group', [node('n'), { ...node('m'), apiVersion: 'example.com/v1' }]],
  ])('is read from %s', (_, objects) => {
    expect(answer(objects, oneCpu)).toMatchObject({ total: 4, exact: true });
  });

  it.each<[string, unknown[], RegExp]>([
    ['two different nodes of one name', [node('n'), node('n', { cpu: '5' })], /^Node n is there twice and differs/],
    ['an amount of a node that is none', [node('n', { cpu: 'NaN' })], /^Node n: status\.allocatable\[cpu\]: "NaN" is no quantity/],
    ['wrong units', [node('n', { memory: '8GB' })], /status\.allocatable\[memory\]/],
    ['a negative amount', [node('n', { cpu: '-1' })], /status\.allocatable\[cpu\]: "-1" is negative/],
    ['a node without a name', [{ kind: 'Node', metadata: {} }], /Node without metadata\.name/],
    ['no object', [7], /objects\[0\]: a Kubernetes object/],
    ['an object without a kind', [{ metadata: { name: 'x' } }], /objects\[0\]\.kind/],
    [
      'a zone whose name has no number',
      [node('n'), { kind: 'NodeResourceTopology', metadata: { name: 'n' }, zones: [{ name: 'a', type: 'Node' }] }],
      /zones\[0\]\.name/,
    ],
    [
      'an amount of a zone that is none',
      [
        node('n'),
        {
          kind: 'NodeResourceTopology',
          metadata: { name: 'n' },
          zones: [{ name: 'node-0', type: 'Node', resources: [{ name: 'cpu', capacity: '4', allocatable: '4', available: 'x' }] }],
        },
      ],
      /NodeResourceTopology n: zones\[0\]\.resources\[0\]\.available: "x"/,
    ],
  ])('%s is an error that names the field', (_, objects, message) => {
    expect(answer(objects, oneCpu).error).toMatch(message);
  });

  it('amounts beyond 2^53 are exact', () => {
    const huge = '9007199254740993';
    expect(answer([node('n', { memory: huge })], pod(requests({ memory: huge }))).total).toBe(1);
    expect(answer([node('n', { memory: '9007199254740992' })], pod(requests({ memory: huge }))).total).toBe(0);
    expect(answer([node('n', { memory: '1e30', pods: '1e30' })], pod(requests({ memory: '1e15' }))).total).toBe(1e15);
  });

  it('a node that does not say what is allocatable is no silent zero', () => {
    expect(answer([{ kind: 'Node', metadata: { name: 'n' } }], oneCpu)).toMatchObject({ total: 0, exact: false });
    expect(answer([], oneCpu)).toMatchObject({ total: 0, exact: false });
  });

  it('a node that does not tell its CPUs or memory makes an estimate that says so, for shapes that ask for them', () => {
    const cut = [{ kind: 'Node', metadata: { name: 'n' }, status: { allocatable: { memory: '8Gi', pods: '10' } } }];
    expect(fitDump(cut, oneCpu)).toMatchObject({
      value: { total: 0n, exact: false, doubts: ['Node n: status.allocatable.cpu is not told'] },
    });
    expect(fitDump(cut, pod(requests({ memory: '1Gi' })))).toMatchObject({ value: { total: 8n, exact: true, doubts: [] } });
  });

  it('conditions do not put a node out; being cordoned does', () => {
    expect(
      answer(
        [node('n', {}, { status: { allocatable: { cpu: '4', pods: '9' }, conditions: [{ type: 'Ready', status: 'False' }] } })],
        oneCpu,
      ).total,
    ).toBe(4);
    expect(answer([node('n', {}, { spec: { unschedulable: true } })], oneCpu).refusals).toEqual({ unschedulable: 1 });
  });
});

describe('pods of a dump', () => {
  it.each<[string, object, number]>([
    ['a running pod holds', held('a', {}), 3],
    ['a bound pod that is Pending holds', held('a', {}, { status: { phase: 'Pending' } }), 3],
    ['a terminating pod holds', held('a', {}, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }), 3],
    ['a pod that ended holds nothing', held('a', {}, { status: { phase: 'Succeeded' } }), 4],
    ['a failed pod holds nothing', held('a', {}, { status: { phase: 'Failed' } }), 4],
    ['a pod that is not bound holds nothing', held('a', { nodeName: undefined }), 4],
    ['a pod on a node that is not listed holds nothing', held('a', { nodeName: 'gone' }), 4],
    ['a limit holds where there is no request', held('a', { containers: [{ resources: { limits: { cpu: '2' } } }] }), 2],
    ['overhead holds', held('a', { overhead: { cpu: '1' } }), 2],
  ])('%s', (_, other, total) => {
    expect(answer([node('n'), other], oneCpu)).toMatchObject({ total, exact: true });
  });

  it('count against the places of a node', () => {
    expect(
      answer([node('n', { pods: '2' }), held('a', {}), held('b', {}, { status: { phase: 'Failed' } })], pod(requests({}))),
    ).toMatchObject({ total: 1, bounds: ['pods'] });
  });
});

describe('what a cluster adds', () => {
  const kata = {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: 'kata' },
    handler: 'kata',
    overhead: { podFixed: { cpu: '1' } },
    scheduling: { nodeSelector: { kata: 'yes' }, tolerations: [{ key: 'kata', operator: 'Exists' }] },
  };
  const kataNode = node('n', {}, { metadata: { labels: { kata: 'yes' } }, spec: { taints: [{ key: 'kata', effect: 'NoSchedule' }] } });

  it('overhead, selector and tolerations of the RuntimeClass count', () => {
    const shape = pod({ ...requests({ cpu: '1' }), runtimeClassName: 'kata' });
    expect(answer([kata, kataNode, node('m')], shape)).toMatchObject({ total: 2, exact: true, refusals: { selector: 1 } });
    expect(answer([kata, kataNode], pod({ ...requests({ cpu: '1' }), runtimeClassName: 'gvisor' }))).toMatchObject({
      total: 0,
      exact: true,
      refusals: { runtimeClass: 1 },
    });
    expect(
      answer([kata, kataNode], pod({ ...requests({ cpu: '1' }), runtimeClassName: 'kata', nodeSelector: { kata: 'no' } })).refusals,
    ).toEqual({ selector: 1 });
  });

  it('overhead does not count against zones', () => {
    const objects = zonedNode(
      'n',
      [
        { cpu: 4, memoryGi: 8 },
        { cpu: 4, memoryGi: 8 },
      ],
      { policy: 'single-numa-node' },
    );
    const overhead = { ...kata, scheduling: {}, overhead: { podFixed: { cpu: '500m' } } };
    expect(answer([...objects, overhead], podObject([{ cpu: '3', memory: '1Gi' }], { runtimeClassName: 'kata' }))).toMatchObject({
      total: 2,
      exact: true,
    });
  });

  it('a network adds its device, once a mention', () => {
    const network = (name: string) => ({
      apiVersion: 'k8s.cni.cncf.io/v1',
      kind: 'NetworkAttachmentDefinition',
      metadata: { name, namespace: 'default', annotations: { 'k8s.v1.cni.cncf.io/resourceName': 'intel.com/vf' } },
    });
    const shape = (networks: string) => pod(requests({ cpu: '100m' }), { annotations: { 'k8s.v1.cni.cncf.io/networks': networks } });
    const objects = [node('n', { 'intel.com/vf': '5' }), network('a'), network('b')];
    expect(answer(objects, shape('a'))).toMatchObject({ total: 5, bounds: ['intel.com/vf'] });
    expect(answer(objects, shape('a, default/b@eth1')).total).toBe(2);
    expect(answer(objects, shape('[{"name":"a"}]')).total).toBe(5);
    expect(answer(objects, shape('c')).refusals).toEqual({ network: 1 });
  });

  it('quota cuts the sum, of its namespace and scope only', () => {
    const quota = (spec: object, status?: object, namespace = 'default') => ({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q', namespace },
      spec,
      ...(status === undefined ? {} : { status }),
    });
    const shape = pod(requests({ cpu: '1' }));
    expect(answer([node('n'), quota({ hard: { pods: '2' } })], shape)).toMatchObject({ total: 2, exact: true, bounds: ['quota'] });
    expect(answer([node('n'), quota({ hard: { pods: '5' } }, { hard: { pods: '5' }, used: { pods: '4' } })], shape).total).toBe(1);
    expect(answer([node('n'), quota({ hard: { 'requests.cpu': '2500m' } }), held('a', {})], shape).total).toBe(1);
    expect(answer([node('n'), quota({ hard: { 'limits.cpu': '9' } })], shape)).toMatchObject({ total: 0, refusals: { quota: 1 } });
    expect(answer([node('n'), quota({ hard: { pods: '0' } }, undefined, 'other')], shape).total).toBe(4);
    expect(answer([node('n'), quota({ hard: { pods: '0' }, scopes: ['BestEffort'] })], shape).total).toBe(4);
    expect(answer([node('n'), quota({ hard: { pods: '0' }, scopes: ['NotBestEffort'] })], shape).total).toBe(0);
    expect(
      answer(
        [
          node('n'),
          quota({
            hard: { pods: '0' },
            scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] },
          }),
        ],
        shape,
      ).total,
    ).toBe(4);
  });
});

describe('conditions of nodes', () => {
  it('are told where they mean trouble, and put no node out', () => {
    const conditions = [
      { type: 'Ready', status: 'Unknown' },
      { type: 'DiskPressure', status: 'False' },
      { type: 'MemoryPressure', status: 'True' },
    ];
    const counted = (list: object[]) => fitDump([{ ...nodeWith(list) }], pod({ containers: [{ resources: { requests: { cpu: '1' } } }] }));
    const nodeWith = (list: object[]) => {
      const made = node('n', { cpu: '4', pods: '9' }) as { status: object };
      return { ...made, status: { ...made.status, conditions: list } };
    };
    expect(counted(conditions)).toMatchObject({
      ok: true,
      value: { total: 4n, exact: true, nodes: [{ name: 'n', conditions: ['Ready=Unknown', 'MemoryPressure=True'] }] },
    });
    expect(counted([{ type: 'Ready', status: 'True' }])).toMatchObject({ value: { nodes: [{ name: 'n', count: 4n, bound: 'cpu' }] } });
  });
});

describe('what the scheduler refuses already', () => {
  const zones = [
    { cpu: 4, memoryGi: 8 },
    { cpu: 4, memoryGi: 8 },
  ];
  const alone = {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } },
        ],
      },
    },
  };
  const shape = (cpu: string) => podObject([{ cpu, memory: '1Gi' }], alone, { labels: { app: 'web' } });
  const there = held('a', requests({}), { metadata: { labels: { app: 'web' } } });
  const aligned = zonedNode('n', zones, { policy: 'single-numa-node' });

  it.each<[string, unknown[], string, object]>([
    ['a pod that keeps replicas away', [...aligned, there], '6', { total: 0, refusals: { affinity: 1 } }],
    [
      'a replica that keeps the next one away',
      zonedNode(
        'n',
        [
          { cpu: 4, memoryGi: 8 },
          { cpu: 2, memoryGi: 8 },
        ],
        { policy: 'single-numa-node' },
      ),
      '3',
      { total: 1, bounds: ['affinity'] },
    ],
    ['nothing but zones', aligned, '6', { total: 0, refusals: { numa: 1 } }],
  ])('is told instead of what the kubelet would refuse: %s', (_, objects, cpu, told) => {
    expect(answer(objects, shape(cpu))).toMatchObject({ ...told, exact: true });
  });
});
