/** @module What was taken over is given back: over a real API server in memory. */
import { afterEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../shared/kube/object.ts';
import { type TestServer, testServer } from '../../shared/kube/server/testing/test-server.ts';
import { applyItem, configMap } from '../testing/items.ts';
import { FIELD_MANAGER } from './marks.ts';
import { render, renderRelease } from './render.ts';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const configMaps = { group: '', version: 'v1', resource: 'configmaps' };
const address = { ...configMaps, namespace: 'shop', name: 'a' };
const theirs: KubeObject = { ...configMap('a', { a: '1', own: 'kept' }), metadata: { name: 'a', namespace: 'shop', labels: { app: 'x' } } };

describe('an object that was taken over and is released', () => {
  test('keeps its content and its other owners, and bears no mark of ours', async () => {
    server = await testServer();
    const { client } = server.api;
    await client.create(configMaps, theirs, { fieldManager: 'kubectl' });
    const item = applyItem(1, configMap('a', { a: '2' }));
    const ours = render({ ...item, object: configMap('a', { a: '2' }) }, { created: false });
    const taken = await client.patch(address, 'application/apply-patch+yaml', ours, { fieldManager: FIELD_MANAGER, force: true });
    expect(taken.metadata.annotations).toHaveProperty(['hanse.dev/work-id']);
    const left = await client.patch(address, 'application/merge-patch+json', renderRelease(taken), { fieldManager: FIELD_MANAGER });
    expect(left).toMatchObject({ data: { a: '2', own: 'kept' }, metadata: { uid: taken.metadata.uid, labels: { app: 'x' } } });
    expect(Object.keys({ ...left.metadata.labels, ...left.metadata.annotations })).toEqual(['app']);
    expect(left.metadata.managedFields?.map(({ manager }) => manager)).toEqual(['kubectl']);
  });

  test('is not written over when somebody wrote it meanwhile', async () => {
    server = await testServer();
    const { client } = server.api;
    const before = await client.create(configMaps, theirs);
    await client.patch(address, 'application/merge-patch+json', { data: { a: '3' } });
    await expect(client.patch(address, 'application/merge-patch+json', renderRelease(before))).rejects.toMatchObject({ code: 409 });
  });
});
