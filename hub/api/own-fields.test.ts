/** @module One mistake in a field of the hub's own kinds is one fault. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestServer, testServer } from '../../shared/kube/server/testing/test-server.ts';
import { createServedKinds } from './served-kinds.ts';

let server: TestServer;
beforeAll(async () => {
  const kinds = createServedKinds();
  server = await testServer({ registry: kinds.registry, schemas: kinds.schemas });
});
afterAll(() => server?.close());

const policy = (override: object) => ({
  resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }],
  overrides: [override],
});

test.each([
  ['a label that is no text', 'ClusterPlacementPolicy', policy({ labels: { x: true } }), 'spec.overrides[0].labels.x', 'of type string'],
  ['a label without a name', 'ClusterPlacementPolicy', policy({ labels: { '': 'x' } }), 'spec.overrides[0].labels', 'must be non-empty'],
  ['a taint without a name', 'Cluster', { taints: [{ key: '', effect: 'NoExecute' }] }, 'spec.taints[0].key', 'must be non-empty'],
  ['a number that is text', 'JoinToken', { maxUses: 'two' }, 'spec.maxUses', 'of type integer'],
])('%s is told once', async (_what, kind, spec, field, message) => {
  const object = { apiVersion: 'hanse.dev/v1alpha1', kind, metadata: { name: 'eu' }, spec };
  const resource = kind === 'ClusterPlacementPolicy' ? 'clusterplacementpolicies' : `${kind.toLowerCase()}s`;
  const response = await server.ask('POST', `/apis/hanse.dev/v1alpha1/${resource}`, object);
  const body = (await response.json()) as { details?: { causes?: { field: string; message: string }[] } };
  expect([response.status, body.details?.causes]).toEqual([
    422,
    [expect.objectContaining({ field, message: expect.stringContaining(message) })],
  ]);
});
