/** @module Offline plans term by term: every number here is counted by hand beside its case. */
import { describe, expect, it } from 'vitest';
import { planAnswer, planCase } from './index.ts';
import { deployment, node, placement, planned, pod, policy, told } from './testing.ts';

const gi = 'nvidia.com/gpu';
const labelled = (name: string, labels: object, more: object = {}, cpu = '8') => ({
  ...node(name, cpu),
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  status: { allocatable: { cpu, memory: '32Gi', pods: '110', ...more } },
});
const cluster = (name: string, labels: object, spec: object = {}) => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name, labels },
  spec,
});
const provider = (name: string, value: string) => cluster(name, { 'hanse.dev/provider': value });
const asking = (resources: object, replicas = 20) => {
  const made = deployment('web', replicas);
  const container = { name: 'a', image: 'b', resources: { requests: resources, limits: resources } };
  return { ...made, spec: { ...made.spec, template: { ...made.spec.template, spec: { containers: [container] } } } };
};
const refusals = (...of: Parameters<typeof planned>): Record<string, string> =>
  Object.fromEntries((planned(...of).placements[0]?.explain ?? []).filter((row) => !row.eligible).map((row) => [row.cluster, row.reason]));

describe('requirements', () => {
  const kata = {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: 'kata' },
    handler: 'kata',
    overhead: { podFixed: { cpu: '500m' } },
    scheduling: { nodeSelector: { kata: 'true' } },
  };

  it('of a runtime class count its overhead and its nodes', () => {
    // Of two nodes one has the label: 8 cores / 1.5 = 5. Cluster b has no such class.
    const clusters = { a: [labelled('n1', { kata: 'true' }), node('n2'), kata], b: [node('n1')] };
    const policies = policy({ requires: { runtimeClass: 'kata' } });
    expect(told(clusters, deployment('web', 20), policies)).toEqual(['web: a 0→5 15 unplaced']);
    expect(refusals(clusters, deployment('web', 20), policies)).toEqual({ b: 'runtimeClass' });
  });

  const network = (name: string, namespace: string, resource?: string) => ({
    apiVersion: 'k8s.cni.cncf.io/v1',
    kind: 'NetworkAttachmentDefinition',
    metadata: { name, namespace, annotations: resource === undefined ? {} : { 'k8s.v1.cni.cncf.io/resourceName': resource } },
  });

  it('of networks are looked for in the namespace of the workload, and each attachment takes its device', () => {
    const sriov = labelled('n1', {}, { 'intel.com/sriov': '3' });
    const clusters = {
      both: [sriov, network('fast', 'shop', 'intel.com/sriov'), network('slow', 'shop')],
      elsewhere: [sriov, network('fast', 'other', 'intel.com/sriov'), network('slow', 'shop')],
      one: [sriov, network('fast', 'shop', 'intel.com/sriov')],
    };
    const policies = policy({ requires: { networks: ['fast', 'slow'] } });
    expect(told(clusters, deployment('web', 5), policies)).toEqual(['web: both 0→3 2 unplaced']);
    expect(refusals(clusters, deployment('web', 5), policies)).toEqual({ elsewhere: 'network', one: 'network' });
  });

  it('of features must all be on one node', () => {
    const feature = (...names: string[]) => Object.fromEntries(names.map((name) => [`feature.node.kubernetes.io/${name}`, 'true']));
    const clusters = {
      apart: [labelled('n1', feature('cpu-cpuid.AVX512F')), labelled('n2', feature('cpu-cpuid.AMXINT8'))],
      together: [labelled('n1', feature('cpu-cpuid.AVX512F', 'cpu-cpuid.AMXINT8')), node('n2')],
    };
    const policies = policy({ requires: { features: ['cpu-cpuid.AVX512F', 'cpu-cpuid.AMXINT8'] } });
    expect(told(clusters, deployment('web', 10), policies)).toEqual(['web: together 0→8 2 unplaced']);
  });

  it('of GPUs go by the labels of the nodes: product, memory at least, sharing', () => {
    const gpu = (product: string, memory: string, replicas?: string) =>
      labelled(
        'n1',
        {
          'nvidia.com/gpu.product': product,
          'nvidia.com/gpu.memory': memory,
          ...(replicas === undefined ? {} : { 'nvidia.com/gpu.replicas': replicas }),
        },
        { [gi]: '4' },
      );
    const clusters = {
      h100: [gpu('H100', '81559')],
      small: [gpu('H100', '40000')],
      a100: [gpu('A100', '81559')],
      shared: [gpu('H100-SHARED', '81559', '4')],
      one: [gpu('H100', '81559', '1')],
    };
    const policies = policy({ requires: { gpu: { products: ['H100'], memoryMiBMin: 80_000, sharing: ['exclusive'] } } });
    expect(told(clusters, asking({ cpu: '1', [gi]: '1' }), policies)).toEqual(['web: h100 0→4 one 0→4 12 unplaced']);
  });
});

describe('spread', () => {
  const three = [provider('a', 'x'), provider('b', 'y'), provider('c', 'z')];
  const room = (a: string, b: string, c: string) => ({ a: [node('n', a)], b: [node('n', b)], c: [node('n', c)] });

  it.each([
    ['minDomains that cannot be reached leaves all unplaced', { minDomains: 4 }, room('8', '8', '8'), 6, 'web: 6 unplaced'],
    ['minDomains counts domains with room', { minDomains: 3 }, room('8', '8', '500m'), 6, 'web: 6 unplaced'],
    // 33 % of 10 is 3.3: three in each, one is left.
    ['maxShare is rounded down', { maxShare: 33 }, room('8', '8', '8'), 10, 'web: a 0→3 b 0→3 c 0→3 1 unplaced'],
    // c holds 2, so that the others may hold 3.
    ['maxSkew holds together with room', { maxSkew: 1 }, room('8', '8', '2'), 12, 'web: a 0→3 b 0→3 c 0→2 4 unplaced'],
    ['maxDomains takes those with most room', { maxDomains: 1 }, room('4', '8', '6'), 5, 'web: b 0→5'],
  ])('%s', (_, rule, clusters, replicas, expected) => {
    const spread = [{ topologyKey: 'hanse.dev/provider', whenUnsatisfiable: 'DoNotSchedule', ...rule }];
    expect(told(clusters, ...three, deployment('web', replicas), policy({ spread }))).toEqual([expected]);
  });

  it('refuses a cluster without the key', () => {
    const spread = [{ topologyKey: 'hanse.dev/provider', maxSkew: 5, whenUnsatisfiable: 'DoNotSchedule' }];
    const clusters = { a: [node('n')], d: [node('n')] };
    expect(refusals(clusters, provider('a', 'x'), deployment('web', 2), policy({ spread }))).toEqual({ d: 'spread' });
  });
});

describe('division', () => {
  const two = { a: [node('n1'), node('n2')], b: [node('n1'), node('n2')] };
  const named = (name: string) => ({ matchLabels: { 'hanse.dev/cluster': name } });
  const weights = {
    replicaScheduling: {
      strategy: 'Weighted',
      weights: [
        { clusterSelector: named('a'), weight: 3 },
        { clusterSelector: named('b'), weight: 1 },
      ],
    },
  };

  it.each<[string, object, Record<string, number> | undefined, number, string]>([
    // votes/(2s+1): 3 1 1 .6 .43 .33 .33 .27 .23 and the tie at .2 goes to the one with fewer seats.
    ['by weights is Webster', weights, undefined, 10, 'web: a 0→7 b 0→3'],
    ['by weights holds against the present state', weights, { a: 5, b: 5 }, 10, 'web: a 5→7 b 5→3'],
    [
      'within bounds: a minimum is given, above a maximum replicas move',
      {
        replicaScheduling: {
          bounds: [
            { clusterSelector: named('a'), max: 2 },
            { clusterSelector: named('b'), min: 3 },
          ],
        },
      },
      { a: 6 },
      6,
      'web: a 6→2 b 0→4',
    ],
    [
      'with a minimum that has no room places nothing',
      { replicaScheduling: { bounds: [{ clusterSelector: named('b'), min: 17 }] } },
      undefined,
      20,
      'web: 20 unplaced',
    ],
    ['with minReplicas places that many or none', { replicaScheduling: { minReplicas: 33 } }, undefined, 40, 'web: 40 unplaced'],
    [
      'with minReplicas that fit places all that fit',
      { replicaScheduling: { minReplicas: 32 } },
      undefined,
      40,
      'web: a 0→16 b 0→16 8 unplaced',
    ],
    ['of a gang is all or nothing', { replicaScheduling: { gang: true } }, undefined, 33, 'web: 33 unplaced'],
    [
      'in tiers empties the last first',
      {
        tiers: [
          { name: 'own', clusterSelector: named('a') },
          { name: 'cloud', clusterSelector: named('b') },
        ],
      },
      { a: 16, b: 4 },
      18,
      'web: a 16→16 b 4→2',
    ],
    [
      'in tiers does not move back by itself',
      {
        tiers: [
          { name: 'own', clusterSelector: named('a') },
          { name: 'cloud', clusterSelector: named('b') },
        ],
      },
      { a: 1, b: 4 },
      5,
      'web: a 1→1 b 4→4',
    ],
    ['duplicated goes whole to each', { replicaScheduling: { strategy: 'Duplicated' } }, undefined, 3, 'web: a 0→3 b 0→3'],
  ])('%s', (_, spec, present, replicas, expected) => {
    const before = present === undefined ? [] : [placement('web', present)];
    expect(told(two, deployment('web', replicas), policy(spec), ...before)).toEqual([expected]);
  });
});

describe('the ledger', () => {
  const burst = (cores: readonly [string, string], first: string, second: string) =>
    planned(
      { a: [node('n1', cores[0]), node('n2', cores[1])] },
      deployment('one', 1, { cpu: first }),
      deployment('two', 1, { cpu: second }),
      policy(),
    );

  it('binds where most is free once the pod is there, as the default scheduler does', () => {
    // One core and a half on the node of three leaves 50 % there and 25 % on the node of two: nothing of three cores is left.
    expect(burst(['2', '3'], '1500m', '3').placements.map(({ unplaced }) => unplaced)).toEqual([0, 1]);
    expect(burst(['2', '5'], '1500m', '3').placements.map(({ unplaced }) => unplaced)).toEqual([0, 0]);
  });

  it('says that a count beside pods on their way is an estimate where unlike nodes were to choose from, and exact where none were', () => {
    const exactOf = (...of: Parameters<typeof burst>): (boolean | undefined)[] =>
      burst(...of).placements.map(({ explain }) => explain[0]?.exact);
    // Two cores fit once when the one core is on the node of two, and twice when it is on the other.
    expect(exactOf(['2', '3'], '1', '2')).toEqual([true, false]);
    // A core and a half takes two places of one core wherever it is.
    expect(exactOf(['2', '3'], '1500m', '1')).toEqual([true, true]);
    expect(exactOf(['3', '3'], '1500m', '1')).toEqual([true, true]);
    expect(exactOf(['1', '3'], '1500m', '1')).toEqual([true, true]);
    expect(exactOf(['2', '3'], '1', '1')).toEqual([true, true]);
  });
});

describe('the room of those that give way', () => {
  const high = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 100 };
  const full = [node('n1', '2'), node('n2', '2'), pod('p1', 'n1'), pod('p2', 'n2'), pod('p3', 'n1'), pod('p4', 'n2')];
  const rows = (dump: readonly unknown[], gold: number, ...more: unknown[]) =>
    planned(
      { a: dump },
      deployment('web', 4),
      deployment('gold', gold, { priorityClassName: 'high' }),
      high,
      policy({ preemption: 'LowerPriority' }),
      ...more,
    ).placements.map(({ object, explain }) => [object.name, explain[0]?.fits, explain[0]?.exact]);

  it('is none, exactly, where what comes takes their very places', () => {
    expect(rows(full, 4)).toEqual([
      ['gold', 4, true],
      ['web', 0, true],
    ]);
  });

  it('leaves what was free besides to others, exactly', () => {
    const more = [...full, node('n3', '1')];
    expect(rows(more, 3, deployment('zoo', 1, { cpu: '500m' })).slice(1)).toEqual([
      ['web', 0, true],
      ['zoo', 0, true],
    ]);
  });

  it('is an estimate to those who look at the pods of others', () => {
    const shy = deployment('zoo', 1);
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'gold' } } };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    const { template } = shy.spec;
    const apart = { ...shy, spec: { ...shy.spec, template: { ...template, spec: { ...template.spec, affinity } } } };
    expect(rows([...full, node('n3', '3')], 4, apart).at(-1)?.[2]).toBe(false);
  });
});

describe('the ledger over alike nodes', () => {
  const host = 'kubernetes.io/hostname';
  const onFirst = { nodeSelector: { [host]: 'n1' } };
  const port = {
    containers: [{ name: 'a', image: 'b', ports: [{ containerPort: 80, hostPort: 80 }], resources: { requests: { cpu: '2' } } }],
  };
  const apart = (app: string) => ({
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: host, labelSelector: { matchLabels: { app } } }],
      },
    },
  });
  const even = {
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: host, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'two' } } },
    ],
  };
  const asks = (name: string, replicas: number, cpu: string, fields: object) => {
    const made = deployment(name, replicas, { cpu });
    const { template } = made.spec;
    return { ...made, spec: { ...made.spec, template: { ...template, spec: { ...template.spec, ...fields } } } };
  };
  const nodes = [node('n1', '2'), node('n2', '2'), node('n3', '2')];
  const holder = {
    ...pod('web', 'n1', { labels: {} }),
    spec: { nodeName: 'n1', containers: port.containers.map(({ ports }) => ({ ports })) },
  };

  it.each<[string, readonly unknown[], object, object, number, boolean]>([
    ['one of them asked for by name may be the one', nodes, asks('one', 1, '2', {}), asks('two', 1, '1', onFirst), 0, false],
    ['all of them are filled alike', nodes, asks('one', 3, '2', {}), asks('two', 1, '1', onFirst), 0, true],
    ['one by name has what all have', nodes, asks('one', 3, '1', {}), asks('two', 1, '1', onFirst), 1, true],
    ['a port is taken on one, which may be full', [...nodes, holder], asks('one', 1, '1', {}), asks('two', 1, '2', port), 1, false],
    ['a port is taken on none', nodes, asks('one', 1, '1', {}), asks('two', 1, '2', port), 2, true],
    ['those apart by host do not mind which', nodes, asks('one', 1, '2', {}), asks('two', 1, '1', apart('two')), 2, true],
    ['those apart from another do not mind which', nodes, asks('one', 2, '1', {}), asks('two', 1, '2', apart('one')), 1, true],
    ['those spread by host do not mind which', nodes, asks('one', 1, '1', {}), asks('two', 1, '1', even), 5, true],
  ])('%s', (_, dump, one, two, fits, exact) => {
    const [, second] = planned({ a: dump }, one, two, policy()).placements;
    expect(second?.explain[0]).toMatchObject({ fits, exact });
  });
});

describe('cost', () => {
  const halves = cluster(
    'a',
    {},
    { pricing: { currency: 'USD', cpuCoreHour: '1', nodeGroups: [{ nodeSelector: { g: 'old' }, cpuCoreHour: '0.5' }] } },
  );
  const [cheap, dear] = [labelled('x', { g: 'old' }, {}, '4'), labelled('y', { g: 'new' }, {}, '4')];
  const full = { ...pod('o', 'y', { labels: {} }), spec: { nodeName: 'y', containers: [{ resources: { requests: { cpu: '4' } } }] } };
  const onCheap = ['p1', 'p2', 'p3'].map((name) => pod(name, 'x'));

  it.each([
    ['pods that run, the nodes that they are on', [cheap, dear, ...onCheap], [deployment('web', 3)], '1.5', '1.5'],
    ['where only cheap nodes have room, these', [cheap, dear, full], [deployment('web', 4)], '0', '2'],
    ['where all nodes are filled, each its own', [cheap, dear], [deployment('web', 8)], '0', '6'],
    ['what is on its way, where the ledger has bound it', [cheap, dear], [deployment('web', 8), placement('web', { a: 8 })], '6', '6'],
    ['what is beyond the room, the dearest', [cheap, dear], [deployment('web', 9), placement('web', { a: 9 })], '7', '7'],
    ['what stays of more, the dearest of them', [cheap, dear, ...onCheap, pod('p4', 'y')], [deployment('web', 2)], '2.5', '1.5'],
  ])('counts, of %s', (_, dump, objects, before, after) => {
    expect(planAnswer(planned({ a: dump }, halves, ...objects, policy())).cost).toEqual({ before, after, currency: 'USD' });
  });

  it('Cheapest goes by the nodes that would be used', () => {
    const other = cluster('b', {}, { pricing: { currency: 'USD', cpuCoreHour: '0.7' } });
    const policies = policy({ replicaScheduling: { strategy: 'Cheapest' } });
    const clusters = (busy: readonly unknown[]) => ({ a: [cheap, dear, ...busy], b: [node('n')] });
    expect(told(clusters([full]), halves, other, deployment('web', 4), policies)).toEqual(['web: a 0→4']);
    expect(told(clusters([]), halves, other, deployment('web', 4), policies)).toEqual(['web: b 0→4']);
  });

  it('is exact to the last decimal', () => {
    // 7 * (0.25*0.0316 + 3*0.00423) = 7 * 0.02059
    const priced = cluster('a', {}, { pricing: { currency: 'USD', cpuCoreHour: '0.0316', memoryGiBHour: '0.00423' } });
    const plan = planned({ a: [node('n1')] }, priced, asking({ cpu: '250m', memory: '3Gi' }, 7), policy());
    expect(planAnswer(plan).cost).toEqual({ before: '0', after: '0.14413', currency: 'USD' });
  });

  it('of GPUs goes by the product of the nodes', () => {
    // 3 replicas of 2 GPUs at 2.499: 14.994; 3 cores at 0.01: 0.03.
    const priced = cluster('a', {}, { pricing: { currency: 'EUR', cpuCoreHour: '0.01', gpuHour: { H100: '2.499', A100: '1' } } });
    const gpus = labelled('n1', { 'nvidia.com/gpu.product': 'H100' }, { [gi]: '8' });
    const plan = planned({ a: [gpus] }, priced, asking({ cpu: '1', [gi]: '2' }, 3), policy());
    expect(planAnswer(plan).cost).toEqual({ before: '0', after: '15.024', currency: 'EUR' });
  });
});

describe('present state', () => {
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'train', namespace: 'shop' },
    spec: { parallelism: 4, template: { spec: { containers: [{ name: 'a', image: 'b', resources: { requests: { cpu: '1' } } }] } } },
  };
  const jobs = policy({ resourceSelectors: [{ apiVersion: 'batch/v1', kind: 'Job' }] });

  it.each([
    ['their owner', { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'train', uid: '1' }] }],
    ['their label', { labels: { 'batch.kubernetes.io/job-name': 'train' } }],
  ])('of Jobs is known by %s, and parallelism says how many', (_, metadata) => {
    const own = pod('p', 'n', { labels: {} });
    const mine = { ...own, metadata: { ...own.metadata, ...metadata } };
    expect(told({ a: [node('n'), mine] }, job, jobs)).toEqual(['train: a 1→4']);
  });

  it('of pods that wait for a node holds room', () => {
    // Eight cores: two wait, so that six are left for the other.
    const waiting = [pod('p', ''), pod('q', '')];
    expect(told({ a: [node('n'), ...waiting] }, deployment('web', 2), deployment('zoo', 8), policy())).toEqual([
      'web: a 2→2',
      'zoo: a 0→6 2 unplaced',
    ]);
  });

  it('goes on from answer to answer', () => {
    const clusters = { a: [node('n', '4')], b: [node('n', '4')] };
    const first = planned(clusters, deployment('web', 3), policy());
    const counts = Object.fromEntries((first.placements[0]?.clusters ?? []).map(({ cluster: name, replicas }) => [name, replicas]));
    // The pods of the first answer have come in one cluster only; the others are on their way.
    const seen = { a: [...clusters.a, ...Array.from({ length: counts.a ?? 0 }, (_, at) => pod(`p${at}`, 'n'))], b: clusters.b };
    expect(told(seen, deployment('web', 3), policy(), placement('web', counts))).toEqual([
      `web: ${Object.entries(counts)
        .map(([name, count]) => `${name} ${count}→${count}`)
        .join(' ')}`,
    ]);
    const more = planned(seen, deployment('web', 9), policy(), placement('web', counts)).placements[0];
    expect(more?.clusters.map(({ replicas }) => replicas)).toEqual([4, 4]);
    expect(more?.unplaced).toBe(1);
  });

  it('of a Placement whose object no policy selects holds its room too', () => {
    const other = { ...deployment('old', 6), metadata: { name: 'old', namespace: 'else' } };
    const held = {
      ...placement('old', { a: 6 }),
      spec: { ...placement('old', { a: 6 }).spec, workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'else', name: 'old' } },
    };
    expect(told({ a: [node('n')] }, deployment('web', 8), policy(), other, held)).toEqual(['web: a 0→2 6 unplaced']);
  });

  it('of clusters without a node is no room, said to be an estimate', () => {
    const [one] = planned({ a: [] }, deployment('web', 2), policy()).placements;
    expect(one).toMatchObject({ unplaced: 2, explain: [{ cluster: 'a', fits: 0, exact: false }] });
  });
});

it('quota of one namespace does not bind another', () => {
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'q', namespace: 'shop' },
    spec: { hard: { pods: '2' } },
    status: { hard: { pods: '2' }, used: { pods: '0' } },
  };
  const free = { ...deployment('web', 5), metadata: { name: 'web', namespace: 'free' } };
  const all = { ...policy(), kind: 'ClusterPlacementPolicy', metadata: { name: 'all' } };
  expect(told({ a: [node('n', '16'), quota] }, deployment('web', 5), free, all)).toEqual(['web: a 0→5', 'web: a 0→2 3 unplaced']);
});

describe('bad input', () => {
  const spec = (fields: object) => ({ ...deployment('web', 1), spec: { ...deployment('web', 1).spec, ...fields } });
  it.each([
    ['replicas of 10^30', [spec({ replicas: '1'.padEnd(31, '0') })], /spec\.replicas: a whole number from 0 to 2147483647 is wanted/],
    ['a selector that cannot be read', [spec({ selector: { matchExpressions: [{ key: 'a', operator: 'Near' }] } })], /spec\.selector: /],
    [
      'a minimum above the maximum',
      [policy({ replicaScheduling: { bounds: [{ clusterSelector: {}, min: 3, max: 2 }] } })],
      /spec\.replicaScheduling\.bounds\[0\]/,
    ],
    [
      '10,000 terms',
      [policy({ spread: Array.from({ length: 10_000 }, () => ({ topologyKey: 'a', maxSkew: 1 })) })],
      /spec\.spread: .*10000/,
    ],
    [
      'a workload without a pod template',
      [spec({ template: null })],
      /Deployment shop\/web: spec\.template\.spec: say what a pod is made of/,
    ],
    ['a policy without a spec', [{ ...policy(), spec: undefined }], /PlacementPolicy shop\/all: spec: say which objects it selects/],
    ['a price that is no number', [cluster('a', {}, { pricing: { cpuCoreHour: 'NaN' } })], /Cluster a: spec\.pricing\.cpuCoreHour: /],
    ['a share above the whole', [policy({ spread: [{ topologyKey: 'a', maxShare: 101 }] })], /spec\.spread\[0\]\.maxShare: /],
  ])('%s is refused with its path', (_, objects, message) => {
    const made = planCase({ clusters: {}, objects }, { nowMs: 0 });
    expect(made.ok ? 'a plan' : made.message).toMatch(message);
  });

  it('the greatest count of replicas is answered at once', () => {
    expect(told({ a: [node('n')] }, deployment('web', 2_147_483_647), policy())).toEqual(['web: a 0→8 2147483639 unplaced']);
  });

  it('amounts of 10^30 are counted exactly', () => {
    expect(told({ a: [node('n', `1${'0'.repeat(30)}`)] }, deployment('web', 200), policy())).toEqual(['web: a 0→110 90 unplaced']);
  });

  it('workloads that must be near each other in a circle are placed', () => {
    const near = (app: string, other: string) => ({
      ...policy({
        resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: app }],
        workloadAffinity: { required: [{ selector: { matchLabels: { app: other } }, topologyKey: 'hanse.dev/cluster' }] },
      }),
      metadata: { name: app, namespace: 'shop' },
    });
    const web = (name: string) => ({ ...deployment(name, 2), metadata: { name, namespace: 'shop', labels: { app: name } } });
    const plan = planned({ a: [node('n')] }, web('x'), web('y'), near('x', 'y'), near('y', 'x'));
    expect(plan.placements.map(({ unplaced }) => unplaced)).toEqual([0, 0]);
  });
});

describe('devices of claims', () => {
  const api = 'resource.k8s.io/v1';
  const slice = (on: string, count: number) => ({
    apiVersion: api,
    kind: 'ResourceSlice',
    metadata: { name: on },
    spec: {
      driver: 'gpu.example.com',
      nodeName: on,
      pool: { name: on, generation: 1, resourceSliceCount: 1 },
      devices: Array.from({ length: count }, (_, at) => ({ name: `d${at}` })),
    },
  });
  const deviceClass = {
    apiVersion: api,
    kind: 'DeviceClass',
    metadata: { name: 'gpu' },
    spec: { extendedResourceName: 'example.com/gpu' },
  };
  const template = {
    apiVersion: api,
    kind: 'ResourceClaimTemplate',
    metadata: { name: 'one', namespace: 'shop' },
    spec: { spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] } } },
  };
  const claiming = (name: string, replicas: number) => {
    const made = deployment(name, replicas);
    const { metadata, spec } = made.spec.template;
    const claims = [{ name: 'g', resourceClaimTemplateName: 'one' }];
    return { ...made, spec: { ...made.spec, template: { metadata, spec: { ...spec, resourceClaims: claims } } } };
  };
  const clusters = { a: [node('n'), slice('n', 3), deviceClass], b: [node('m'), slice('m', 2), deviceClass] };

  it('go to one workload and then to no other', () => {
    expect(told(clusters, claiming('first', 3), claiming('second', 4), template, policy())).toEqual([
      'first: a 0→2 b 0→1',
      'second: a 0→1 b 0→1 2 unplaced',
    ]);
  });

  it('stand in for an extended resource, beside claims of others', () => {
    expect(told(clusters, claiming('first', 3), { ...asking({ cpu: '1', 'example.com/gpu': '1' }, 4) }, template, policy())).toEqual([
      'first: a 0→2 b 0→1',
      'web: a 0→1 b 0→1 2 unplaced',
    ]);
  });
});
