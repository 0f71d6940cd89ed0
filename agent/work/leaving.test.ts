/** @module Which pods are marked to go, over a real API server in memory. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { type TestServer, testServer } from '../../shared/kube/server/testing/test-server.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import { deletionCost, markLeaving } from './leaving.ts';

let server: TestServer;
beforeEach(async () => {
  server = await testServer();
});
afterEach(() => server.close());

const pods = { group: '', version: 'v1', resource: 'pods' };
const selector = { matchLabels: { app: 'web' } };
const web: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' }, spec: { selector } };
const at = { namespace: 'shop' };
const conditions = [{ type: 'Ready', status: 'True' }];

const addPod = async (name: string, nodeName: string, kind: string, isReady: boolean): Promise<void> => {
  const ownerReferences = [{ apiVersion: 'apps/v1', kind, name: 'web-1', uid: 'u', controller: true }];
  const made = await server.api.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', labels: { app: 'web' }, ownerReferences },
    spec: { nodeName, containers: [{ name: 'c', image: 'c:1' }] },
  });
  await server.api.client.update(
    pods,
    { ...made, status: { phase: 'Running', ...(isReady ? { conditions } : {}) } },
    { subresource: 'status' },
  );
};
const marked = async (): Promise<readonly string[]> =>
  (await server.api.client.list({ ...pods, namespace: 'shop' })).items
    .filter(({ metadata }) => metadata.annotations?.[deletionCost] === '-2147483648')
    .map(({ metadata }) => metadata.name);

describe('pods that are to leave a node', () => {
  beforeEach(async () => {
    const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
    await server.api.client.create({ group: '', version: 'v1', resource: 'namespaces' }, namespace).catch(() => undefined);
    for (const name of ['a', 'b', 'c']) await addPod(name, 'n1', 'ReplicaSet', true);
    await addPod('d', 'n2', 'ReplicaSet', true);
    await addPod('other', 'n1', 'StatefulSet', true);
  });

  it('are marked so that as many stay as are to, and no more of them when that is said again', async () => {
    const leaving = [{ node: 'n1', replicas: 1 }];
    for (let time = 0; time < 2; time++) {
      expect(await markLeaving(server.api.client, at, web, leaving)).toEqual({ nodes: time === 0 ? ['n1'] : [] });
      const names = await marked();
      expect([names.length, names.every((name) => ['a', 'b', 'c'].includes(name))]).toEqual([2, true]);
    }
    await markLeaving(server.api.client, at, web, [{ node: 'n1', replicas: 0 }]);
    expect(await marked()).toEqual(['a', 'b', 'c']);
  });

  it('are told of as not chosen where the member forbids that, and tried again after any other failure', async () => {
    const failing = (status: number): Pick<KubeClient, 'list' | 'patch'> => ({
      list: server.api.client.list,
      patch: () => Promise.reject(new StatusError(status, status === 403 ? 'Forbidden' : 'InternalError', 'no')),
    });
    const leaving = [{ node: 'n1', replicas: 0 }];
    expect(await markLeaving(failing(403), at, web, leaving)).toMatchObject({ unchosen: { status: 403 } });
    await expect(markLeaving(failing(500), at, web, leaving)).rejects.toThrow('no');
  });
});
