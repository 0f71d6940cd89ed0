/** @module What the hub answers to a policy or an object that would have no effect: a fault where it never can, a warning where it has none now. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestServer, testServer } from '../../shared/kube/server/testing/test-server.ts';
import { createServedKinds } from './served-kinds.ts';

let server: TestServer;
beforeAll(async () => {
  const kinds = createServedKinds();
  server = await testServer({ registry: kinds.registry, schemas: kinds.schemas });
});
afterAll(() => server?.close());

const policies = '/apis/hanse.dev/v1alpha1/namespaces/shop/placementpolicies';
const clusterPolicies = '/apis/hanse.dev/v1alpha1/clusterplacementpolicies';
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' };

/** Creates an object; its faults as `field: message`, its warnings. */
const make = async (path: string, object: object, name: string) => {
  const response = await server.ask('POST', path, { ...object, metadata: { name } });
  const body = (await response.json()) as { details?: { causes?: { field: string; message: string }[] } };
  const faults = (body.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
  return { code: response.status, faults, warning: response.headers.get('Warning') };
};
const policy = (spec: object, kind = 'PlacementPolicy') => ({ apiVersion: 'hanse.dev/v1alpha1', kind, spec });
const selecting = (selector: object, kind?: string) => policy({ resourceSelectors: [selector] }, kind);

describe('a policy', () => {
  test('of a namespace that selects a kind without namespaces is refused, and told where that is selected', async () => {
    for (const [apiVersion, kind] of [
      ['v1', 'Namespace'],
      ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
    ] as const) {
      const made = await make(policies, selecting({ apiVersion, kind }), 'never');
      expect(made.faults).toEqual([expect.stringMatching(/^spec.resourceSelectors\[0\].kind: .*select it in a ClusterPlacementPolicy$/)]);
      expect((await make(clusterPolicies, selecting({ apiVersion, kind }, 'ClusterPlacementPolicy'), kind.toLowerCase())).code).toBe(201);
    }
  });

  test('that names a namespace for a kind without namespaces is refused', async () => {
    const selector = { apiVersion: 'v1', kind: 'Namespace', namespace: 'shop' };
    const made = await make(clusterPolicies, selecting(selector, 'ClusterPlacementPolicy'), 'never');
    expect(made.faults).toEqual([expect.stringMatching(/^spec.resourceSelectors\[0\].namespace: .*remove the field$/)]);
  });

  test('of failover that is not the one in force is taken with a warning', async () => {
    const made = (name: string) => make('/apis/hanse.dev/v1alpha1/failoverpolicies', policy({ mode: 'Manual' }, 'FailoverPolicy'), name);
    expect((await made('default')).warning).toBeNull();
    expect(await made('mine')).toMatchObject({
      code: 201,
      warning: expect.stringMatching(/only the FailoverPolicy named default is in force/),
    });
  });

  test('that selects a kind that nobody serves yet is taken with a warning; one of a served kind without', async () => {
    const foo = await make(policies, selecting({ apiVersion: 'acme.dev/v1', kind: 'Foo' }), 'foo');
    expect([foo.code, foo.warning]).toEqual([
      201,
      expect.stringMatching(/^299 - .*neither the hub nor a member serves Foo of acme.dev\/v1/),
    ]);
    const old = await make(policies, selecting({ apiVersion: 'apps/v1beta1', kind: 'Deployment' }), 'old');
    expect([old.code, old.warning]).toEqual([201, expect.stringContaining('served is apps/v1: write that')]);
    expect(await make(policies, selecting(deployment), 'web')).toEqual({ code: 201, faults: [], warning: null });
  });

  test.each([
    ['PlacementPolicy', policies],
    ['ClusterPlacementPolicy', clusterPolicies],
  ])(
    '(%s) with weights that its strategy does not use is taken with a warning, when it is made and when it is changed',
    async (kind, path) => {
      const weights = [{ clusterSelector: { matchLabels: { tier: 'gold' } }, weight: 2 }];
      const weighted = (replicaScheduling: object) => policy({ resourceSelectors: [deployment], replicaScheduling }, kind);
      const warning = (strategy: string) => `299 - "spec.replicaScheduling.weights: not used by strategy ${strategy}"`;
      expect(await make(path, weighted({ weights }), 'default')).toEqual({ code: 201, faults: [], warning: warning('Capacity') });
      expect(await make(path, weighted({ strategy: 'Weighted', weights }), 'weighted')).toEqual({ code: 201, faults: [], warning: null });
      const patch = { spec: { replicaScheduling: { strategy: 'Aggregated' } } };
      const changed = await server.ask('PATCH', `${path}/weighted`, patch, { 'Content-Type': 'application/merge-patch+json' });
      expect([changed.status, changed.headers.get('Warning')]).toEqual([200, warning('Aggregated')]);
    },
  );

  test.each<[string, object, string[]]>([
    [
      'a number where text belongs',
      { overrides: [{ env: [{ name: 'A', value: 5 }] }] },
      [
        'spec.overrides[0].env[0].value: Invalid value: "integer": spec.overrides[0].env[0].value in body must be of type string: "integer"',
      ],
    ],
    ['two tiers of one name', { tiers: [{ name: 'a' }, { name: 'a' }] }, ['spec.tiers[1].name: Duplicate value: "a"']],
    ['a tier without a name', { tiers: [{}] }, ['spec.tiers[0].name: Required value: set it (name of the tier, shown by explanations)']],
    [
      'a share that is none',
      { failover: { class: 'Often' } },
      ['spec.failover.class: Unsupported value: "Often": supported values: "Stateless", "Singleton"'],
    ],
  ])('tells %s once, with the mend', async (_, spec, faults) => {
    expect((await make(policies, policy({ resourceSelectors: [deployment], ...spec }), 'faulty')).faults).toEqual(faults);
  });

  test('without a spec is told what to write', async () => {
    const made = await make(policies, { apiVersion: 'hanse.dev/v1alpha1', kind: 'PlacementPolicy' }, 'bare');
    expect(made.faults).toEqual(['spec: Required value: set it (which objects go to which clusters, and how)']);
  });
});

describe('an object that the hub stores and does not act on', () => {
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    spec: {
      group: 'acme.dev',
      names: { plural: 'foos', singular: 'foo', kind: 'Foo', listKind: 'FooList' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  };
  test.each<[string, string, object, RegExp]>([
    [
      'foos.acme.dev',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      crd,
      /CustomResourceDefinition foos.acme.dev is stored and not served: the hub serves the kinds that its members serve; apply it to the members/,
    ],
  ])('%s says so when it is made, and not at each change', async (name, path, object, warning) => {
    const made = await make(path, object, name);
    expect([made.code, made.warning]).toEqual([201, expect.stringMatching(warning)]);
    const patch = { metadata: { labels: { a: 'b' } } };
    const changed = await server.ask('PATCH', `${path}/${name}`, patch, { 'Content-Type': 'application/merge-patch+json' });
    expect([changed.status, changed.headers.get('Warning')]).toEqual([200, null]);
  });

  test('a quota is taken in the words of a Kubernetes API server: none', async () => {
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', spec: { hard: { pods: '1' } } };
    const made = await make('/api/v1/namespaces/shop/resourcequotas', quota, 'quota');
    expect([made.code, made.warning]).toEqual([201, null]);
  });
});
