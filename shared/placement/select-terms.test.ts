/** @module The terms that select clusters, as tables: requirements, residency, affinities, preferences, prices. */
import { describe, expect, it } from 'vitest';
import { type ClusterPricing, explanationRows, type PolicySpec, type Requires } from '../api/index.ts';
import { type CapacityReport, createRoom, plainShape, podShapeOf } from '../capacity/index.ts';
import { reportOf, type TestNode } from '../capacity/testing.ts';
import { compilePolicy } from './compiled-policy.ts';
import type { ClusterView, OtherWorkload, Workload } from './model.ts';
import { place } from './place.ts';
import { policyFor } from './select-policy.ts';
import { asMap, clusterWith, policyOf, workloadOf } from './testing.ts';

const env = { nowMs: 0 };
const gpuNode = (name: string, labels: Record<string, string>): TestNode => ({
  name,
  labels,
  allocatable: { cpu: 8_000, memory: 32_768, 'nvidia.com/gpu': 4, 'intel.com/vf': 2 },
});
const view = (name: string, nodes: readonly TestNode[], more: Partial<CapacityReport> = {}, pricing?: ClusterPricing): ClusterView => ({
  name,
  labels: { 'hanse.dev/cluster': name },
  taints: [],
  served: undefined,
  room: createRoom(reportOf(nodes, more), []),
  ...(pricing === undefined ? {} : { pricing }),
});
const product = (name: string, memory: number, extra: Record<string, string> = {}) => ({
  'nvidia.com/gpu.product': name,
  'nvidia.com/gpu.memory': String(memory),
  ...extra,
});
const gpuShape = plainShape({ cpu: 1_000, 'nvidia.com/gpu': 1 });
const gpuWork = (replicas: number, current: Record<string, number> = {}): Workload => ({
  ...workloadOf(replicas, current),
  shape: gpuShape,
});

/** What each cluster got, or the term that refused it. */
const outcome = (spec: Partial<PolicySpec>, clusters: readonly ClusterView[], workload: Workload, others: readonly OtherWorkload[] = []) =>
  Object.fromEntries(
    explanationRows(place({ policy: policyOf(spec), clusters, others }, workload, env).explained).map((row) => [
      row.cluster,
      row.eligible ? row.got : row.reason,
    ]),
  );

describe('a cluster that the decision fills', () => {
  const node = (name: string, cpu: number, more: Partial<TestNode> = {}): TestNode => ({
    name,
    allocatable: { cpu, memory: 65_536 },
    ...more,
  });
  const gpuOnly = { taints: [{ key: 'gpu', value: '', effect: 'NoSchedule' }] } as const;
  const workload = (replicas: number): Workload => ({ ...workloadOf(replicas), shape: plainShape({ cpu: 1_000 }, []) });

  it.each<[string, readonly TestNode[], string]>([
    ['one node', [node('a', 8_000)], 'cpu on 1 node'],
    ['beside tainted nodes', [node('a', 8_000), node('t', 8_000, gpuOnly), node('u', 8_000, gpuOnly)], 'taint on 2 nodes, cpu on 1 node'],
    ['beside a node without room', [node('a', 8_000), node('b', 500)], 'cpu on 2 nodes'],
  ])('names what one more replica lacks: %s', (_, nodes, why) => {
    const clusters = [view('full', nodes), view('other', [node('a', 64_000, gpuOnly)])];
    const first = place({ policy: policyOf(), clusters }, workload(20), env);
    expect(first).toMatchObject({ unplaced: 12, binding: 'capacity in 2 clusters (cpu in 1, taint in 1)' });
    const [row] = explanationRows(first.explained);
    expect(row).toMatchObject({ cluster: 'full', got: 8, reason: 'capacity', message: `no more replicas fit: ${why}`, bound: 'cpu' });
  });

  it('names the same when it is full already, and nothing while it has room', () => {
    const room = createRoom(reportOf([node('a', 8_000), node('t', 8_000, gpuOnly), node('u', 8_000, gpuOnly)]), []);
    room.assume({ shape: plainShape({ cpu: 1_000 }, []), count: 8 });
    const clusters = [{ ...view('full', []), room }];
    const told = (replicas: number) =>
      explanationRows(
        place({ policy: policyOf(), clusters }, { ...workload(replicas), current: new Map([['full', 8]]) }, env).explained,
      )[0];
    expect(told(9)).toMatchObject({ got: 8, bound: 'cpu', message: 'no more replicas fit: taint on 2 nodes, cpu on 1 node' });
    const open = place({ policy: policyOf(), clusters: [view('open', [node('a', 8_000)])] }, workload(4), env);
    expect(explanationRows(open.explained)[0]?.bound).toBeUndefined();
  });
});

describe('requires', () => {
  const h100 = product('H100', 81_559);
  const fleet = [
    view('big', [gpuNode('n', h100)]),
    view('small', [gpuNode('n', product('T4', 15_360))]),
    view('shared', [gpuNode('n', product('H100', 81_559, { 'nvidia.com/gpu.replicas': '4' }))]),
    view('mig', [gpuNode('n', product('H100-MIG-1g.10gb', 9_856, { 'nvidia.com/mig.strategy': 'single' }))]),
    view('plain', [{ name: 'n', allocatable: { cpu: 8_000, memory: 32_768 } }]),
  ];

  it.each<[string, Requires, Record<string, unknown>]>([
    ['products: one of, exactly', { gpu: { products: ['H100'] } }, { big: 4, shared: 4, small: 'gpu', mig: 'gpu', plain: 'gpu' }],
    ['memory: at least', { gpu: { memoryMiBMin: 15_360 } }, { big: 4, shared: 4, small: 4, mig: 'gpu', plain: 'gpu' }],
    ['memory: a MiB more is too much', { gpu: { memoryMiBMin: 15_361 } }, { big: 4, shared: 4, small: 'gpu', mig: 'gpu', plain: 'gpu' }],
    [
      'exclusive: replicas 1 or none',
      { gpu: { products: ['H100'], sharing: ['exclusive'] } },
      { big: 4, shared: 'gpu', small: 'gpu', mig: 'gpu', plain: 'gpu' },
    ],
    ['timeSlicing', { gpu: { sharing: ['timeSlicing'] } }, { big: 'gpu', shared: 4, small: 'gpu', mig: 'gpu', plain: 'gpu' }],
    ['mig', { gpu: { sharing: ['mig'] } }, { big: 'gpu', shared: 'gpu', small: 'gpu', mig: 4, plain: 'gpu' }],
    ['one way of several', { gpu: { sharing: ['mig', 'timeSlicing'] } }, { big: 'gpu', shared: 4, small: 'gpu', mig: 4, plain: 'gpu' }],
    ['numa: zones must be reported', { numa: 'SingleNode' }, { big: 'numa', shared: 'numa', small: 'numa', mig: 'numa', plain: 'numa' }],
  ])('gpu %s', (_, requires, expected) => {
    expect(outcome({ requires, replicaScheduling: { strategy: 'Duplicated' } }, fleet, gpuWork(4))).toEqual(expected);
  });

  it('numa: a replica that takes nothing of zones runs on nodes that tell of none', () => {
    const requires: Requires = { numa: 'SingleNode' };
    const shape = (resources: object) => podShapeOf({ containers: [{ resources }] });
    const got = (resources: object) =>
      outcome({ requires }, [view('plain', [gpuNode('n', {})])], { ...workloadOf(4), shape: shape(resources) });
    expect(got({ requests: { cpu: '1' } })).toEqual({ plain: 4 });
    expect(got({ limits: { cpu: '500m', memory: '1Gi' } })).toEqual({ plain: 4 });
    expect(got({ limits: { cpu: '1', memory: '1Gi' } })).toEqual({ plain: 'numa' });
    expect(got({ requests: { cpu: '1' }, limits: { 'nvidia.com/gpu': '1' } })).toEqual({ plain: 'numa' });
  });

  it('features: all on one node, and only such nodes count', () => {
    const has = (...names: string[]) => Object.fromEntries(names.map((name) => [`feature.node.kubernetes.io/${name}`, 'true']));
    const clusters = [
      view('both', [gpuNode('1', has('cpu-cpuid.AVX512F', 'pci-1')), gpuNode('2', has('pci-1'))]),
      view('apart', [gpuNode('1', has('cpu-cpuid.AVX512F')), gpuNode('2', has('pci-1'))]),
    ];
    const requires = { features: ['cpu-cpuid.AVX512F', 'pci-1'] };
    const decision = place({ policy: policyOf({ requires }), clusters }, gpuWork(9), env);
    expect(asMap(decision.clusters)).toEqual({ both: 4 });
    expect(explanationRows(decision.explained).map(({ cluster, reason }) => [cluster, reason])).toEqual([
      ['apart', 'features'],
      ['both', 'capacity'],
    ]);
  });

  it('runtimeClass: the member has it, and its overhead counts', () => {
    const kata = { name: 'kata', handler: 'kata', overhead: { cpu: 1_000 }, nodeSelector: {} };
    const clusters = [view('with', [gpuNode('n', {})], { runtimeClasses: [kata] }), view('without', [gpuNode('n', {})])];
    const workload: Workload = { ...workloadOf(8), shape: plainShape({ cpu: 1_000 }) };
    const decision = place({ policy: policyOf({ requires: { runtimeClass: 'kata' } }), clusters }, workload, env);
    expect(asMap(decision.clusters)).toEqual({ with: 4 });
    expect(explanationRows(decision.explained)[1]).toMatchObject({ cluster: 'without', eligible: false, reason: 'runtimeClass' });
  });

  it('networks: in the namespace of the workload, and the device of each is asked for', () => {
    const network = { namespace: 'shop', name: 'sriov-a', resource: 'intel.com/vf' };
    const clusters = [
      view('here', [gpuNode('n', {})], { networks: [network] }),
      view('elsewhere', [gpuNode('n', {})], { networks: [{ ...network, namespace: 'other' }] }),
    ];
    const decision = place({ policy: policyOf({ requires: { networks: ['sriov-a'] } }), clusters }, gpuWork(4), env);
    expect(asMap(decision.clusters)).toEqual({ here: 2 });
    expect(explanationRows(decision.explained)[0]).toMatchObject({ cluster: 'elsewhere', eligible: false, reason: 'network' });
  });

  it('keeps what runs in a cluster that no longer has what is required, and adds none', () => {
    const clusters = [view('big', [gpuNode('n', h100)]), view('small', [gpuNode('n', product('T4', 15_360))])];
    const spec = { requires: { gpu: { products: ['H100'] } } };
    expect(outcome(spec, clusters, gpuWork(3, { small: 1 }))).toEqual({ big: 2, small: 1 });
  });
});

describe('residency', () => {
  const eu = { topologyKey: 'region', values: ['eu'] };
  const clusters = [clusterWith('a', 9, { region: 'eu' }), clusterWith('b', 9, { region: 'us' }), clusterWith('c', 9)];

  it('refuses clusters outside and without the label, and moves what is there', () => {
    expect(outcome({ residency: eu }, clusters, workloadOf(6, { b: 4 }))).toEqual({ a: 6, b: 'residency', c: 'residency' });
  });

  it.each([
    ['a PlacementPolicy without one', undefined],
    ['a PlacementPolicy with a wider one', { topologyKey: 'region', values: ['eu', 'us'] }],
  ])('of a ClusterPlacementPolicy binds %s', (_, residency) => {
    const selectors = { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }] };
    const mine = compilePolicy('shop', 'web', { ...selectors, ...(residency === undefined ? {} : { residency }), priority: 100 });
    const above = compilePolicy('', 'data', { ...selectors, residency: eu });
    const workload = workloadOf(4);
    const policy = policyFor([mine, above], { ...workload.ref, labels: {} });
    expect(policy?.id).toBe('shop/web');
    expect(policyFor([above, mine], { ...workload.ref, labels: {} })).toBe(policy);
    expect(policy === undefined ? undefined : asMap(place({ policy, clusters }, workload, env).clusters)).toEqual({ a: 4 });
  });
});

describe('affinities between workloads', () => {
  const clusters = [clusterWith('a', 9, { region: 'eu' }), clusterWith('b', 9, { region: 'eu' }), clusterWith('c', 9, { region: 'us' })];
  const db: OtherWorkload = {
    ref: { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: 'shop', name: 'db' },
    labels: { app: 'db' },
    clusters: ['a'],
  };
  const term = { selector: { matchLabels: { app: 'db' } }, topologyKey: 'region' };

  it('required: only the domain of the other', () => {
    const spec = { workloadAffinity: { required: [term] } };
    expect(outcome(spec, clusters, workloadOf(4), [db])).toEqual({ a: 2, b: 2, c: 'workloadAffinity' });
  });
  it('required: waits while none is placed, unless its own labels match or it breaks a circle', () => {
    const spec = { workloadAffinity: { required: [term] } };
    expect(outcome(spec, clusters, workloadOf(3))).toEqual({ a: 'workloadAffinity', b: 'workloadAffinity', c: 'workloadAffinity' });
    expect(outcome(spec, clusters, { ...workloadOf(3), labels: { app: 'db' } })).toEqual({ a: 1, b: 1, c: 1 });
    expect(outcome(spec, clusters, { ...workloadOf(3), breaksCircle: true })).toEqual({ a: 1, b: 1, c: 1 });
  });
  it('anti: every other domain, and what runs stays', () => {
    const spec = { workloadAntiAffinity: { required: [term] } };
    expect(outcome(spec, clusters, workloadOf(4), [db])).toEqual({ a: 'workloadAntiAffinity', b: 'workloadAntiAffinity', c: 4 });
    expect(outcome(spec, clusters, workloadOf(4, { b: 1 }), [db])).toEqual({ a: 'workloadAntiAffinity', b: 1, c: 3 });
  });
  it('others of another namespace do not count', () => {
    const spec = { workloadAntiAffinity: { required: [term] } };
    const elsewhere = { ...db, ref: { ...db.ref, namespace: 'other' } };
    expect(outcome(spec, clusters, workloadOf(3), [elsewhere])).toEqual({ a: 1, b: 1, c: 1 });
  });
  it('preferred: the score goes before the division, as long as there is room', () => {
    const spec = { workloadAntiAffinity: { preferred: [{ ...term, weight: 10 }] } };
    expect(outcome(spec, clusters, workloadOf(11), [db])).toEqual({ a: 1, b: 1, c: 9 });
  });
  it('preferredClusters add up, and the explanation names each', () => {
    const policy = policyOf({
      preferredClusters: [
        { clusterSelector: { matchLabels: { region: 'eu' } }, weight: 5 },
        { clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'b' } }, weight: 2 },
      ],
    });
    const decision = place({ policy, clusters }, workloadOf(10), env);
    expect(asMap(decision.clusters)).toEqual({ a: 1, b: 9 });
    expect(explanationRows(decision.explained)[1]?.scores).toEqual([
      { term: 'preferredClusters[0]', score: 5 },
      { term: 'preferredClusters[1]', score: 2 },
    ]);
  });
});

describe('prices', () => {
  const node = (name: string, labels: Record<string, string> = {}): TestNode => ({
    name,
    labels,
    allocatable: { cpu: 4_000, memory: 8_192 },
  });
  const work = (replicas: number, current: Record<string, number> = {}): Workload => ({
    ...workloadOf(replicas, current),
    shape: plainShape({ cpu: 1_000, memory: 512 }),
  });
  const cheap = { currency: 'USD', cpuCoreHour: '0.03', memoryGiBHour: '0.004' };
  const dear = { currency: 'USD', cpuCoreHour: '0.040000001', memoryGiBHour: '0.004' };
  const cheapest: Partial<PolicySpec> = { replicaScheduling: { strategy: 'Cheapest' } };
  const clusters = [view('a', [node('1')], {}, dear), view('b', [node('1')], {}, cheap), view('c', [node('1')])];

  it('Cheapest fills the cheapest first; a cluster without a price goes last', () => {
    expect(outcome(cheapest, clusters, work(9))).toEqual({ a: 4, b: 4, c: 1 });
  });
  it('Cheapest gives up the dearest first and moves nothing by itself', () => {
    expect(outcome(cheapest, clusters, work(5, { a: 3, b: 3 }))).toEqual({ a: 2, b: 3, c: 0 });
    expect(outcome(cheapest, clusters, work(3, { a: 3 }))).toEqual({ a: 3, b: 0, c: 0 });
  });
  it('costs are exact decimals, before and after', () => {
    const decision = place({ policy: policyOf(cheapest), clusters }, work(6, { a: 1 }), env);
    expect(asMap(decision.clusters)).toEqual({ a: 2, b: 4 });
    // a: 0.040000001 + 0.002; b: 0.03 + 0.002
    expect(decision.cost).toEqual({ before: '0.042000001', after: '0.212000002', currency: 'USD' });
    expect(explanationRows(decision.explained).map(({ price }) => price)).toEqual(['0.042000001', '0.032', undefined]);
  });
  it('GPUs cost by product, spot nodes apart, groups before both', () => {
    const pricing: ClusterPricing = {
      currency: 'EUR',
      cpuCoreHour: '1',
      gpuHour: { H100: '2.5' },
      spot: { cpuCoreHour: '0.25', gpuHour: { H100: '0.9' } },
      nodeGroups: [{ nodeSelector: { pool: 'old' }, cpuCoreHour: '0.1', gpuHour: { H100: '0.5' } }],
    };
    const priceOn = (labels: Record<string, string>): string | undefined => {
      const cluster = view('a', [gpuNode('n', product('H100', 81_559, labels))], {}, pricing);
      return place({ policy: policyOf(), clusters: [cluster] }, gpuWork(1), env).cost?.after;
    };
    expect([priceOn({}), priceOn({ 'karpenter.sh/capacity-type': 'spot' }), priceOn({ pool: 'old' })]).toEqual(['3.5', '1.15', '0.6']);
  });
  it('a cluster that prices GPUs alone has no price for what asks for none: it is not the cheapest, and not free', () => {
    const gpusAlone = { currency: 'USD', gpuHour: { H100: '2.5' } };
    const withGpus = [...clusters, view('d', [node('1')], {}, gpusAlone)];
    expect(outcome(cheapest, withGpus, work(9))).toMatchObject({ a: 4, b: 4 });
    const alone = place({ policy: policyOf(), clusters: [view('d', [node('1')], {}, gpusAlone)] }, work(1), env);
    expect([alone.cost, explanationRows(alone.explained)[0]?.price]).toEqual([undefined, undefined]);
  });
  it('what is priced counts, and what is not is free beside it', () => {
    const gpuOnly = view('a', [gpuNode('n', product('H100', 81_559, {}))], {}, { currency: 'EUR', gpuHour: { H100: '2.5' } });
    expect(place({ policy: policyOf(), clusters: [gpuOnly] }, gpuWork(1), env).cost?.after).toBe('2.5');
    const cpuOnly = view('b', [node('1')], {}, { currency: 'EUR', cpuCoreHour: '0.5' });
    expect(place({ policy: policyOf(), clusters: [cpuOnly] }, work(2), env).cost?.after).toBe('1');
  });
  it('prices in another currency than most are not compared', () => {
    const foreign = { currency: 'JPY', cpuCoreHour: '0.001' };
    expect(outcome(cheapest, [...clusters, view('d', [node('1')], {}, foreign)], work(9))).toMatchObject({ a: 4, b: 4 });
  });
});

describe('Tightest', () => {
  it('fills the cluster with the fewest further fits, then the next', () => {
    const clusters = [clusterWith('a', 9), clusterWith('b', 3), clusterWith('c', 5), clusterWith('d', 0)];
    expect(outcome({ replicaScheduling: { strategy: 'Tightest' } }, clusters, workloadOf(7))).toEqual({ a: 0, b: 3, c: 4, d: 0 });
  });
});

describe('bounds and shares', () => {
  it('bounds that ask for more than there are name it', () => {
    const clusters = [clusterWith('a', 9), clusterWith('b', 9)];
    const decision = place({ policy: policyOf({ replicaScheduling: { bounds: [{ min: 3 }] } }), clusters }, workloadOf(5), env);
    expect([decision.reason, decision.unplaced]).toEqual(['BoundsUnsatisfiable', 5]);
    expect(decision.message).toContain('at least 6 replicas in all, the workload has 5');
  });
  it('millions of replicas are divided without a step for each', () => {
    const clusters = [clusterWith('a', 2_000_000_000), clusterWith('b', 1_000_000_000)];
    expect(asMap(place({ policy: policyOf(), clusters }, workloadOf(2_100_000_000), env).clusters)).toEqual({
      a: 1_400_000_000,
      b: 700_000_000,
    });
  });
  it('a spread of more replicas than are spread at once is refused with the limit', () => {
    const clusters = [clusterWith('a', 2_000_000_000)];
    const policy = policyOf({ spread: [{ topologyKey: 'hanse.dev/cluster', maxSkew: 1 }] });
    expect(place({ policy, clusters }, workloadOf(2_000_000_000), env).message).toContain('200000');
  });
});
