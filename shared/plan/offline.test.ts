/** @module Offline plans: cost, quotas and bad input; every number here is counted by hand beside its case. */
import { describe, expect, it } from 'vitest';
import { planAnswer, planCase } from './index.ts';
import { asking, cluster, deployment, gi, labelled, node, placement, planned, pod, policy, told } from './testing.ts';

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
