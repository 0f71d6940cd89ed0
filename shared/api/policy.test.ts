/** @module What a policy may say, and how each mistake is told. */
import { describe, expect, it } from 'vitest';
import { hanseSchemas, hanseTypes } from './index.ts';
import { validatePolicySpec } from './placement-policy.ts';
import { strategies } from './policy.ts';

const base = { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }] };
const faults = (spec: unknown, clusterScoped = false): string[] =>
  validatePolicySpec(spec, clusterScoped).map(({ field, message }) => `${field}: ${message}`);

/** What is wrong, the change that makes it so, the field that is named, and the words. */
type Mistake = [string, Record<string, unknown>, string, RegExp];

describe('validatePolicySpec', () => {
  it('takes every form that an API version, a kind and a name can have', () => {
    const selectors = [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'kube-root-ca.crt' },
      { apiVersion: 'v1beta1', kind: 'X' },
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', name: 'system:Reader' },
      { apiVersion: 'k8s.cni.cncf.io/v1alpha2', kind: 'NetworkAttachmentDefinition', name: 'a.b' },
    ];
    expect(faults({ resourceSelectors: selectors })).toEqual([]);
  });

  it('takes weights with every strategy', () => {
    for (const strategy of strategies) expect(faults({ ...base, replicaScheduling: { strategy, weights: [{ weight: 2 }] } })).toEqual([]);
    expect(faults({ ...base, replicaScheduling: { weights: [{ weight: 0 }] } })).toEqual([]);
  });

  it('takes tolerations as a pod has them, with what is empty', () => {
    const empty = { key: 'a', operator: '', value: 'b', effect: '' };
    expect(faults({ ...base, tolerations: [empty, { key: '', operator: 'Exists' }] })).toEqual([]);
    expect(faults({ ...base, tolerations: [{ key: '', operator: '' }] })).toEqual([
      expect.stringContaining('spec.tolerations[0].operator: '),
    ]);
  });

  it('takes the policy of the documentation', () => {
    const spec = {
      priority: 0,
      ...base,
      propagateDependencies: true,
      tiers: [
        { name: 'idc', clusterSelector: { matchLabels: { 'hanse.dev/provider': 'onprem' } } },
        { name: 'cloud', clusterSelector: { matchExpressions: [{ key: 'hanse.dev/provider', operator: 'In', values: ['aws', 'gcp'] }] } },
      ],
      tolerations: [{ key: 'hanse.dev/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }],
      spread: [{ topologyKey: 'hanse.dev/provider', minDomains: 2, maxDomains: 3, maxSkew: 2, whenUnsatisfiable: 'DoNotSchedule' }],
      replicaScheduling: { strategy: 'Weighted', weights: [{ clusterSelector: { matchLabels: { tier: 'gold' } }, weight: 2 }] },
      overrides: [
        {
          clusterSelector: { matchLabels: { 'hanse.dev/provider': 'aws' } },
          image: { registry: 'mirror.example' },
          patch: [{ op: 'add', path: '/metadata/labels/cloud', value: 'aws' }],
        },
      ],
    };
    expect(faults(spec)).toEqual([]);
  });

  it.each<Mistake>([
    [
      'an unknown strategy',
      { replicaScheduling: { strategy: 'Random' } },
      'spec.replicaScheduling.strategy',
      /Unsupported value: "Random": supported values: "Duplicated", "Weighted"/,
    ],
    [
      'a minimum above the maximum',
      { replicaScheduling: { bounds: [{ min: 3, max: 2 }] } },
      'spec.replicaScheduling.bounds[0].min',
      /above max \(2\)/,
    ],
    [
      'fewer domains at most than at least',
      { spread: [{ topologyKey: 'a/b', minDomains: 3, maxDomains: 2 }] },
      'spec.spread[0].minDomains',
      /above maxDomains \(2\)/,
    ],
    [
      'a skew of 0',
      { spread: [{ topologyKey: 'a/b', maxSkew: 0 }] },
      'spec.spread[0].maxSkew',
      /Invalid value: 0: must be greater than or equal to 1/,
    ],
    ['a share above 100', { spread: [{ topologyKey: 'a/b', maxShare: 101 }] }, 'spec.spread[0].maxShare', /percentage from 1 to 100/],
    [
      'a topology key that is no label key',
      { spread: [{ topologyKey: 'a b' }] },
      'spec.spread[0].topologyKey',
      /name part must consist of/,
    ],
    [
      'the same topology key twice',
      { spread: [{ topologyKey: 'a' }, { topologyKey: 'a' }] },
      'spec.spread[1].topologyKey',
      /Duplicate value: "a"/,
    ],
    ['a tier without a name', { tiers: [{}] }, 'spec.tiers[0].name', /^[^ ]+ Required value: set it \(name of the tier/],
    ['two tiers of one name', { tiers: [{ name: 'a' }, { name: 'a' }] }, 'spec.tiers[1].name', /Duplicate value/],
    [
      'a bad selector operator',
      { tiers: [{ name: 'a', clusterSelector: { matchExpressions: [{ key: 'x', operator: 'Is' }] } }] },
      'spec.tiers[0].clusterSelector.matchExpressions[0].operator',
      /supported values: "In", "NotIn"/,
    ],
    [
      'In without values',
      { tiers: [{ name: 'a', clusterSelector: { matchExpressions: [{ key: 'x', operator: 'In' }] } }] },
      'spec.tiers[0].clusterSelector.matchExpressions[0].values',
      /must be specified/,
    ],
    [
      'name and labels together',
      { resourceSelectors: [{ ...base.resourceSelectors[0], labelSelector: {} }] },
      'spec.resourceSelectors[0].labelSelector',
      /together with `name`/,
    ],
    ...['foo', 'v1x', 'apps/', '/v1', 'apps/v1/x', 'Apps/v1', 'a b/v1', ''].map(
      (apiVersion): Mistake => [
        `the API version ${JSON.stringify(apiVersion)}`,
        { resourceSelectors: [{ apiVersion, kind: 'Deployment' }] },
        'spec.resourceSelectors[0].apiVersion',
        /must be a group and version such as apps\/v1/,
      ],
    ),
    ...['deployment', 'deployments.apps', 'My Kind', ''].map(
      (kind): Mistake => [
        `the kind ${JSON.stringify(kind)}`,
        { resourceSelectors: [{ apiVersion: 'apps/v1', kind }] },
        'spec.resourceSelectors[0].kind',
        /must be a kind in CamelCase such as Deployment/,
      ],
    ),
    ...['A B', 'Web', 'a/b'].map(
      (name): Mistake => [
        `the name ${JSON.stringify(name)}`,
        { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name }] },
        'spec.resourceSelectors[0].name',
        /lowercase RFC 1123 subdomain/,
      ],
    ),
    [
      'an empty name',
      { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: '' }] },
      'spec.resourceSelectors[0].name',
      /remove the field to select all/,
    ],
    ['no resource selector', { resourceSelectors: [] }, 'spec.resourceSelectors', /at least one is needed/],
    [
      "the hub's own kinds",
      { resourceSelectors: [{ apiVersion: 'hanse.dev/v1alpha1', kind: 'Cluster' }] },
      'spec.resourceSelectors[0].apiVersion',
      /not distributed/,
    ],
    [
      'a negative weight',
      { replicaScheduling: { strategy: 'Weighted', weights: [{ weight: -1 }] } },
      'spec.replicaScheduling.weights[0].weight',
      /greater than or equal to 0/,
    ],
    [
      'seconds on a toleration that evicts nothing',
      { tolerations: [{ key: 'a', operator: 'Exists', tolerationSeconds: 3 }] },
      'spec.tolerations[0].effect',
      /must be NoExecute/,
    ],
    ['an override that changes nothing', { overrides: [{}] }, 'spec.overrides[0]', /changes nothing/],
    [
      'a patch of the replicas',
      { overrides: [{ patch: [{ op: 'replace', path: '/spec/replicas', value: 3 }] }] },
      'spec.overrides[0].patch[0].path',
      /decided by the placement/,
    ],
    [
      'a patch of all metadata',
      { overrides: [{ patch: [{ op: 'add', path: '/metadata', value: { name: 'evil' } }] }] },
      'spec.overrides[0].patch[0].path',
      /decided by the placement/,
    ],
    [
      'a patch that moves the name away',
      { overrides: [{ patch: [{ op: 'move', from: '/metadata/name', path: '/metadata/labels/name' }] }] },
      'spec.overrides[0].patch[0].from',
      /decided by the placement/,
    ],
    [
      'weights that are all 0',
      { replicaScheduling: { strategy: 'Weighted', weights: [{ weight: 0 }] } },
      'spec.replicaScheduling.weights',
      /every weight is 0/,
    ],
    [
      '10,000 terms',
      { preferredClusters: Array(10_000).fill({ clusterSelector: {}, weight: 1 }) },
      'spec.preferredClusters',
      /Too many: 10000/,
    ],
    ['residency without values', { residency: { topologyKey: 'region', values: [] } }, 'spec.residency.values', /at least one value/],
    ['an empty list of products', { requires: { gpu: { products: [] } } }, 'spec.requires.gpu.products', /at least one/],
    [
      'an unknown way of sharing',
      { requires: { gpu: { sharing: ['half'] } } },
      'spec.requires.gpu.sharing[0]',
      /supported values: "exclusive"/,
    ],
    ['GPU memory with a unit', { requires: { gpu: { memoryMiBMin: '12x' } } }, 'spec.requires.gpu.memoryMiBMin', /must be of type integer/],
    ['an unknown NUMA word', { requires: { numa: 'AllNodes' } }, 'spec.requires.numa', /supported values: "SingleNode"/],
    ['a feature that is no label', { requires: { features: ['a b'] } }, 'spec.requires.features[0]', /name part must consist of/],
    ['an affinity without terms', { workloadAffinity: {} }, 'spec.workloadAffinity.required', /set `required`, `preferred` or both/],
    [
      'being near and apart from the same',
      {
        workloadAffinity: { required: [{ selector: {}, topologyKey: 'a' }] },
        workloadAntiAffinity: { required: [{ selector: {}, topologyKey: 'a' }] },
      },
      'spec.workloadAntiAffinity.required[0]',
      /no cluster can hold both/,
    ],
    ['a move budget of 0', { rebalance: { maxMovesPercent: 0 } }, 'spec.rebalance.maxMovesPercent', /mode Off moves nothing/],
    ['a number where text belongs', { tiers: [{ name: 5 }] }, 'spec.tiers[0].name', /must be of type string: "integer"/],
    ['a list where an object belongs', { replicaScheduling: [] }, 'spec.replicaScheduling', /must be of type object: "array"/],
  ])('refuses %s and names the field', (_, change, field, message) => {
    const said = faults({ ...base, ...change });
    expect(said).toHaveLength(1);
    expect(said[0]?.startsWith(`${field}: `)).toBe(true);
    expect(said[0]).toMatch(message);
  });

  it('answers faults, never throws, on any JSON', () => {
    for (const junk of [
      null,
      5,
      'x',
      [],
      { resourceSelectors: null },
      { resourceSelectors: [null, 5, {}] },
      { ...base, spread: [[]], tiers: {} },
    ]) {
      expect(faults(junk).length).toBeGreaterThan(0);
    }
  });

  it('lets only a ClusterPlacementPolicy name namespaces', () => {
    const property = (kind: string): unknown =>
      JSON.stringify(hanseSchemas[`dev.hanse.v1alpha1.${kind}`]).includes(
        '"namespace":{"type":"string","description":"Only objects of this namespace',
      );
    expect([property('PlacementPolicy'), property('ClusterPlacementPolicy')]).toEqual([false, true]);
  });
});

describe('the kinds', () => {
  it('describe every field for kubectl explain', () => {
    const bare: string[] = [];
    const visit = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      const node = schema as { description?: string; properties?: Record<string, unknown>; items?: unknown };
      if (node.description === undefined || node.description === '') bare.push(path);
      for (const [name, inner] of Object.entries(node.properties ?? {})) visit(inner, `${path}.${name}`);
      if (node.items !== undefined) visit(node.items, `${path}[]`);
    };
    for (const [name, schema] of Object.entries(hanseSchemas)) visit(schema, name);
    expect(bare).toEqual([]);
  });

  it('have a schema and a cell for each column', () => {
    const object = { apiVersion: 'hanse.dev/v1alpha1', kind: 'X', metadata: { name: 'x' }, spec: {} };
    for (const type of hanseTypes()) {
      expect(Object.keys(hanseSchemas)).toContain(type.schemaName);
      expect(type.cells(object, 0)).toHaveLength(type.columns.length);
    }
  });
});
