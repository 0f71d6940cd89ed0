/** @module Offline plans beside what is there already, and claims of devices: every number here is counted by hand beside its case. */
import { describe, expect, it } from 'vitest';
import { asking, deployment, node, placement, planned, pod, policy, told } from './testing.ts';

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

  it.each<[string, Record<string, number>, number, string]>([
    ['what runs stands in for what is only told of elsewhere', { a: 2, b: 2 }, 4, 'web: a 4→4 b 2→0'],
    ['the most that are only told of go first', { a: 2, b: 1, c: 3 }, 6, 'web: a 4→4 b 1→1 c 3→1'],
    ['what is asked for besides stays on its way', { a: 2, b: 2 }, 6, 'web: a 4→4 b 2→2'],
    ['what is told of no cluster with too many stays', { a: 4, b: 2 }, 6, 'web: a 4→4 b 2→2'],
  ])('of more pods than the Placement says: %s', (_, decided, replicas, expected) => {
    const running = Array.from({ length: 4 }, (__, at) => pod(`p${at}`, 'n'));
    const clusters = { a: [node('n', '4'), ...running], b: [node('n')], c: [node('n')] };
    expect(told(clusters, deployment('web', replicas), policy(), placement('web', decided))).toEqual([expected]);
  });

  it('of more pods than the Placement says takes no copy from another cluster', () => {
    const running = Array.from({ length: 4 }, (_, at) => pod(`p${at}`, 'n'));
    const copied = policy({ replicaScheduling: { strategy: 'Duplicated' } });
    expect(told({ a: [node('n'), ...running], b: [node('n')] }, deployment('web', 3), copied, placement('web', { a: 3, b: 3 }))).toEqual([
      'web: a 4→3 b 3→3',
    ]);
  });

  it('of a Placement without its object and its pods makes estimates, and is told', () => {
    const lone = placement('old', { a: 3 });
    const plan = planned({ a: [node('n')], b: [node('n')] }, deployment('web', 2), policy(), lone);
    expect(plan.placements[0]?.explain.map(({ cluster, exact }) => [cluster, exact])).toEqual([
      ['a', false],
      ['b', true],
    ]);
    expect(plan.doubts).toEqual([expect.stringMatching(/^cluster a: what 3 of Deployment shop\/old hold is not known/)]);
  });

  it('of a Placement without its object is known where its pods are seen', () => {
    const owned = ['p', 'q'].map((name) => {
      const one = pod(name, 'n', { labels: { 'pod-template-hash': 'abc' } });
      return { ...one, metadata: { ...one.metadata, ownerReferences: [{ kind: 'ReplicaSet', name: 'old-abc' }] } };
    });
    const plan = planned({ a: [node('n'), ...owned] }, deployment('web', 2), policy(), placement('old', { a: 2 }));
    expect(plan.placements[0]?.explain[0]).toMatchObject({ exact: true });
    expect(plan.doubts).toEqual([]);
  });

  it('of clusters without a node is no room, said to be an estimate', () => {
    const [one] = planned({ a: [] }, deployment('web', 2), policy()).placements;
    expect(one).toMatchObject({ unplaced: 2, explain: [{ cluster: 'a', fits: 0, exact: false }] });
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
