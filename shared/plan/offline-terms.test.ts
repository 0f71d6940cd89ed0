/** @module Offline plans under requirements, spread and division: every number here is counted by hand beside its case. */
import { describe, expect, it } from 'vitest';
import { asking, deployment, gi, labelled, node, placement, policy, provider, refusals, told } from './testing.ts';

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

describe('overrides', () => {
  it('that cannot be applied to the object keep a cluster out', () => {
    const onB = {
      clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'b' } },
      patch: [{ op: 'remove', path: '/spec/template/spec/volumes/0' }],
    };
    const clusters = { a: [node('n1')], b: [node('n1')] };
    expect(told(clusters, deployment('web', 4), policy({ overrides: [onB] }))).toEqual(['web: a 0→4']);
    expect(refusals(clusters, deployment('web', 4), policy({ overrides: [onB] }))).toEqual({ b: 'override' });
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
