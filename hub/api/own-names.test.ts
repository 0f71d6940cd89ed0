/** @module A name that one of the hub's own kinds cannot have: told once, with what the name is for. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestServer, testServer } from '../../shared/kube/server/testing/test-server.ts';
import { createServedKinds } from './served-kinds.ts';

let server: TestServer;
beforeAll(async () => {
  const kinds = createServedKinds();
  server = await testServer({ registry: kinds.registry, schemas: kinds.schemas });
});
afterAll(() => server?.close());

const own = '/apis/hanse.dev/v1alpha1';
const kinds: readonly [kind: string, path: string, object: { apiVersion: string; spec: object }, why: string][] = [
  ['Cluster', `${own}/clusters`, { apiVersion: 'hanse.dev/v1alpha1', spec: {} }, "a cluster's name is part of subjects on the bus"],
  ['JoinToken', `${own}/jointokens`, { apiVersion: 'hanse.dev/v1alpha1', spec: { secretHash: 'a'.repeat(64) } }, 'NAME.SECRET'],
  [
    'ServiceExport',
    '/apis/multicluster.x-k8s.io/v1alpha1/namespaces/shop/serviceexports',
    { apiVersion: 'multicluster.x-k8s.io/v1alpha1', spec: {} },
    'the name of the Service to export',
  ],
];

const make = async (path: string, object: object) => {
  const response = await server.ask('POST', path, object);
  return { code: response.status, body: (await response.json()) as { details?: { causes?: { field: string; message: string }[] } } };
};

test.each(kinds)('%s: one mistake in the name is one fault, with what the name is for', async (kind, path, object, why) => {
  for (const name of ['Eu_West', 'eu.west']) {
    const { code, body } = await make(path, { ...object, kind, metadata: { name } });
    expect([code, body.details?.causes]).toEqual([
      422,
      [expect.objectContaining({ field: 'metadata.name', message: expect.stringContaining(why) })],
    ]);
  }
});

test.each(kinds)('%s: a name may be drawn from a prefix that ends with a dash', async (kind, path, object) => {
  expect((await make(path, { ...object, kind, metadata: { generateName: 'eu-' } })).code).toBe(201);
});
