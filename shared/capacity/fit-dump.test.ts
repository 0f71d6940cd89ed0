/** @module Rules of reading a dump and a shape. */
import { describe, expect, it } from 'vitest';
import { fitDump } from './fit-dump.ts';
import { podObject, topologyObject, zonedNode } from './testing-dump.ts';

const node = (name: string, allocatable: object = {}, more: { spec?: object; metadata?: object; status?: object } = {}): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name }, ...more.metadata },
  spec: more.spec ?? {},
  status: { allocatable: { cpu: '4', memory: '8Gi', pods: '10', ...allocatable }, ...more.status },
});
const requests = (amounts: object, more: object = {}): object => ({
  containers: [{ name: 'c', resources: { requests: amounts }, ...more }],
});
const pod = (spec: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'shape', ...metadata },
  spec,
});
const held = (name: string, spec: object, more: { status?: object; metadata?: object } = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', ...more.metadata },
  spec: { nodeName: 'n', ...requests({ cpu: '1' }), ...spec },
  status: more.status ?? { phase: 'Running' },
});
const answer = (objects: readonly unknown[], shape: unknown) => {
  const read = fitDump(objects, shape);
  if (!read.ok) return { error: read.message };
  const { total, exact, refusals, nodes } = read.value;
  return { total: Number(total), exact, refusals, bounds: nodes.map(({ bound }) => bound) };
};
const oneCpu = pod(requests({ cpu: '1' }));

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

describe('shapes', () => {
  const template = { spec: requests({ cpu: '2' }) };
  it.each<[string, object]>([
    ['a Deployment', { kind: 'Deployment', spec: { template } }],
    ['a CronJob', { kind: 'CronJob', spec: { jobTemplate: { spec: { template } } } }],
    ['a PodTemplate', { kind: 'PodTemplate', template }],
    ['a Pod', { kind: 'Pod', ...template }],
    ['a Pod that runs elsewhere', { kind: 'Pod', spec: { ...template.spec, nodeName: 'other' }, status: { phase: 'Running' } }],
  ])('%s is one', (_, shape) => {
    expect(answer([node('n')], shape).total).toBe(2);
  });

  it.each<[string, object, RegExp]>([
    ['no template', { kind: 'Service', spec: {} }, /no pod template/],
    ['no containers', pod({}), /spec\.containers/],
    ['a request that is no quantity', pod(requests({ cpu: '12x' })), /^spec\.containers\[0\]\.resources\.requests\[cpu\]: "12x"/],
    ['a negative request', pod(requests({ cpu: '-1' })), /is negative/],
    ['a skew of zero', pod({ ...requests({}), topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 0 }] }), /maxSkew/],
    [
      'an operator that is none',
      pod({
        ...requests({}),
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'zone', labelSelector: { matchExpressions: [{ key: 'a', operator: 'Near' }] } },
            ],
          },
        },
      }),
      /Near/,
    ],
  ])('%s is an error', (_, shape, message) => {
    expect(answer([node('n')], shape).error).toMatch(message);
  });

  it('with claims or volumes are estimates', () => {
    expect(answer([node('n')], pod({ ...requests({ cpu: '1' }), resourceClaims: [{ name: 'gpu' }] })).exact).toBe(false);
    expect(
      answer([node('n')], pod({ ...requests({ cpu: '1' }), volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'x' } }] })).exact,
    ).toBe(false);
  });

  it('are asked by 10,000 terms in reasonable time', () => {
    const matchExpressions = Array.from({ length: 10_000 }, (_, at) => ({ key: `k${at}`, operator: 'DoesNotExist' }));
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } } };
    expect(answer([node('n')], pod({ ...requests({ cpu: '1' }), affinity })).total).toBe(4);
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

describe('shared GPUs', () => {
  const old = 'GPU-a,10,16000,100,NVIDIA-T4,0,true:GPU-b,10,16000,100,NVIDIA-T4,0,true:';
  const json = JSON.stringify(
    ['GPU-a', 'GPU-b'].map((id, index) => ({
      id,
      index,
      count: 10,
      devmem: 16_000,
      devcore: 100,
      type: 'NVIDIA-T4',
      numa: 0,
      health: true,
    })),
  );
  const gpuNode = (register: string) =>
    node(
      'n',
      { cpu: '64', 'nvidia.com/gpu': '20', pods: '99' },
      { metadata: { annotations: { 'hami.io/node-nvidia-register': register } } },
    );
  const vgpu = (amounts: object) => pod({ containers: [{ resources: { limits: { cpu: '100m', ...amounts } } }] });
  const user = (allocated: string) =>
    held('u', requests({ 'nvidia.com/gpu': '1' }), { metadata: { annotations: { 'hami.io/vgpu-devices-allocated': allocated } } });

  it.each([old, json])('are read in either form of the register', (register) => {
    expect(answer([gpuNode(register)], vgpu({ 'nvidia.com/gpu': 1, 'nvidia.com/gpumem': 3000 }))).toMatchObject({
      total: 10,
      exact: true,
      bounds: ['gpu'],
    });
    expect(answer([gpuNode(register)], vgpu({ 'nvidia.com/gpu': 1, 'nvidia.com/gpumem-percentage': 50 })).total).toBe(4);
    expect(answer([gpuNode(register)], vgpu({ 'nvidia.com/gpu': 2, 'nvidia.com/gpumem': 1000, 'nvidia.com/gpucores': 30 })).total).toBe(3);
    expect(answer([gpuNode(register)], vgpu({ 'nvidia.com/gpu': 1 })).total).toBe(2);
    expect(answer([gpuNode(register)], vgpu({ 'nvidia.com/gpu': 3, 'nvidia.com/gpumem': 1 })).total).toBe(0);
  });

  it('what pods hold counts, also from an irregular annotation', () => {
    const shape = vgpu({ 'nvidia.com/gpu': 1, 'nvidia.com/gpumem': 4000 });
    expect(answer([gpuNode(json), user('GPU-a,NVIDIA,8000,50:;')], shape).total).toBe(6);
    expect(
      answer(
        [gpuNode(json), user(';GPU-a,NVIDIA,8000,50:;;')],
        vgpu({ 'nvidia.com/gpu': 1, 'nvidia.com/gpucores': 100, 'nvidia.com/gpumem': 1 }),
      ).total,
    ).toBe(1);
    expect(answer([gpuNode(json), held('u', requests({ 'nvidia.com/gpu': '1' }))], shape).exact).toBe(false);
  });

  it('memory of GPUs is asked only of nodes that share them', () => {
    expect(answer([node('n', { 'nvidia.com/gpu': '8' })], vgpu({ 'nvidia.com/gpu': 1, 'nvidia.com/gpumem': 1000 })).refusals).toEqual({
      gpu: 1,
    });
    expect(answer([gpuNode(json)], vgpu({ 'nvidia.com/gpumem': 8000 })).total).toBe(4);
  });
});

describe('zones of a dump', () => {
  it('count widths of CPUs and devices by capacity, of memory by allocatable, and take what is available as it is told', () => {
    const zone = (id: number, cpu: [string, string, string], memory: [string, string, string]): object => ({
      name: `node-${id}`,
      type: 'Node',
      resources: [
        { name: 'cpu', capacity: cpu[0], allocatable: cpu[1], available: cpu[2] },
        { name: 'memory', capacity: memory[0], allocatable: memory[1], available: memory[2] },
      ],
    });
    const topology = (zones: object[]): object => ({
      ...topologyObject('n', [], { policy: 'restricted', memoryManager: 'Static' }),
      zones,
    });
    const zones = [0, 1].map((id) => zone(id, ['8', '7', '7'], ['16Gi', '14Gi', '14Gi']));
    const objects = [node('n', { cpu: '14', memory: '28Gi' }), topology(zones)];
    const shape = (cpu: string, memory: string) => podObject([{ cpu, memory }]);
    expect(answer(objects, shape('7', '14Gi'))).toMatchObject({ total: 2, exact: true });
    // Eight CPUs fit one zone by capacity and are free in none; 15Gi need two zones by allocatable.
    expect(answer(objects, shape('8', '1Gi'))).toMatchObject({ total: 0, exact: true, refusals: { numa: 1 } });
    expect(answer(objects, shape('1500m', '15Gi'))).toMatchObject({ total: 1, exact: true });
  });

  it('the lesser of node and zones wins', () => {
    const objects = zonedNode('n', [{ cpu: 8, memoryGi: 32, freeCpu: 2 }], { policy: 'none' });
    const roomy = objects.map((object) => ('status' in object ? node('n', { cpu: '8', memory: '32Gi' }) : object));
    expect(answer(roomy, podObject([{ cpu: '1', memory: '1Gi' }]))).toMatchObject({ total: 2, bounds: ['numa'] });
  });

  it('an unknown policy, or managers that are not told, make an estimate where it matters', () => {
    const zones = [
      { cpu: 5, memoryGi: 32 },
      { cpu: 5, memoryGi: 32 },
    ];
    const [n, topology] = zonedNode('n', zones, { policy: 'single-numa-node' }) as [object, { attributes: { name: string }[] }];
    const untold = { ...topology, attributes: topology.attributes.filter(({ name }) => name !== 'cpuManagerPolicy') };
    expect(answer([n, untold], podObject([{ cpu: '3', memory: '1Gi' }]))).toMatchObject({ total: 2, exact: false });
    expect(answer([n, untold], podObject([{ cpu: '5', memory: '1Gi' }]))).toMatchObject({ total: 2, exact: true });
    expect(answer(zonedNode('n', zones, { policy: 'strict' }), podObject([{ cpu: '3', memory: '1Gi' }])).exact).toBe(false);
  });

  it('an unknown scope counts as the worse of both, and a policy that is left out beside a CPU manager as the worst of all', () => {
    const zones = [0, 1].map(() => ({ cpu: 2, memoryGi: 32 }));
    const [n, topology] = zonedNode('n', zones, { policy: 'single-numa-node' }) as [
      object,
      { attributes: { name: string; value: string }[] },
    ];
    const changed = (name: string, value: string | undefined): object => ({
      ...topology,
      attributes: topology.attributes.flatMap((one) => (one.name !== name ? [one] : value === undefined ? [] : [{ name, value }])),
    });
    const two = podObject([{ cpu: '2' }, { cpu: '1' }].map((amounts) => ({ ...amounts, memory: '1Gi' })));
    expect(answer([n, changed('topologyManagerScope', 'foo')], two)).toMatchObject({ total: 0, exact: false });
    expect(answer([n, changed('topologyManagerScope', 'Pod')], two)).toMatchObject({ total: 0, exact: false });
    const untold = changed('topologyManagerPolicy', undefined);
    expect(answer([n, untold], podObject([{ cpu: '3', memory: '1Gi' }]))).toMatchObject({ total: 0, exact: false });
    expect(answer([n, untold], podObject([{ cpu: '1', memory: '1Gi' }]))).toMatchObject({ total: 4, exact: true });
  });
});

describe('a shape that no API server takes', () => {
  const shape = (resources: object) => pod({ containers: [{ resources }] });

  it.each([
    [
      'half a device',
      { limits: { 'nvidia.com/gpu': '500m' } },
      /spec\.containers\[0\]\.resources\.limits\[nvidia\.com\/gpu\]: "500m" is no whole number/,
    ],
    [
      'a request above its limit',
      { requests: { cpu: '2' }, limits: { cpu: '1' } },
      /resources\.requests\[cpu\]: "2" is more than the limit "1"/,
    ],
    ['fewer devices than their limit', { requests: { 'a/b': '1' }, limits: { 'a/b': '2' } }, /requests\[a\/b\]: "1" is not the limit "2"/],
  ])('is refused with its field: %s', (_, resources, message) => {
    const counted = fitDump([node('n')], shape(resources));
    expect(counted).toMatchObject({ ok: false, message: expect.stringMatching(message) });
  });

  it('is told from one that is odd and taken: spaces around an amount, a limit written otherwise', () => {
    expect(fitDump([node('n')], shape({ requests: { cpu: ' 1' }, limits: { cpu: '1000m' } })).ok).toBe(true);
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
