/** @module Which waiting pods are told the node that is kept for them, over a real API server in memory. */
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { type TestServer, testServer } from '../../shared/kube/server/testing/test-server.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import { bag } from '../../shared/placement/workload-fields.ts';
import { realEnv } from '../testing/env.ts';
import { createNominating, type NominablePod, type Nominated, type Nominating, nominationsFor } from './nominating.ts';

const one = (name: string, more: Partial<NominablePod> = {}): NominablePod => ({
  name,
  uid: name,
  resourceVersion: '1',
  createdAt: `2030-01-01T00:00:0${name.length}Z`,
  on: undefined,
  nominated: undefined,
  ...more,
});

test.each<[string, readonly NominablePod[], Nominated, Readonly<Record<string, string>>, readonly string[]]>([
  ['the oldest, as many as are to come', [one('ccc'), one('bb'), one('a')], [{ node: 'n', replicas: 2 }], {}, ['a n', 'bb n']],
  ['as many as are not there yet', [one('a', { on: 'n' }), one('bb'), one('ccc')], [{ node: 'n', replicas: 2 }], {}, ['bb n']],
  ['nobody while another is told so already', [one('a'), one('bb', { nominated: 'n' })], [{ node: 'n', replicas: 1 }], {}, []],
  ['not the one that the scheduler has nominated', [one('a', { nominated: 'x' }), one('bb')], [{ node: 'n', replicas: 1 }], {}, ['bb n']],
  ['the one that was told a node which is lost', [one('a', { nominated: 'x' })], [{ node: 'n', replicas: 1 }], { a: 'x' }, ['a n']],
  [
    'each its own node',
    [one('a'), one('bb')],
    [
      { node: 'm', replicas: 1 },
      { node: 'n', replicas: 1 },
    ],
    {},
    ['a m', 'bb n'],
  ],
])('told is %s', (_rule, alive, nominated, told, expected) => {
  const found = nominationsFor(alive, nominated, new Map(Object.entries(told)));
  expect(found.map(({ pod, node }) => `${pod.name} ${node}`)).toEqual(expected);
});

const pods = { group: '', version: 'v1', resource: 'pods' };
const at = { namespace: 'shop' };
const selector = { matchLabels: { app: 'web' } };
const web: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' }, spec: { selector } };

describe('pods that a node is kept for', () => {
  let server: TestServer;
  let nominating: Nominating;
  let refused: boolean[];
  const start = (patch?: KubeClient['patch']): void => {
    const { client } = server.api;
    refused = [];
    nominating = createNominating({
      client: { list: client.list, watch: client.watch, patch: patch ?? client.patch },
      env: realEnv(),
      onTold: (isRefused) => refused.push(isRefused),
    });
  };
  const addPod = async (name: string, labels: Readonly<Record<string, string>> = { app: 'web' }): Promise<void> => {
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'u', controller: true }];
    await server.api.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'shop', labels, ownerReferences },
      spec: { containers: [{ name: 'c', image: 'c:1' }] },
    });
  };
  const told = async (): Promise<readonly string[]> =>
    (await server.api.client.list({ ...pods, namespace: 'shop' })).items.flatMap(({ metadata, status }) => {
      const node = bag(status).nominatedNodeName;
      return node === undefined ? [] : [`${metadata.name} ${String(node)}`];
    });

  beforeEach(async () => {
    server = await testServer();
    const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
    await server.api.client.create({ group: '', version: 'v1', resource: 'namespaces' }, namespace).catch(() => undefined);
  });
  afterEach(async () => {
    nominating.stop();
    await server.close();
  });

  it('are told as soon as they are made, others of the namespace are not, and another node once that one is lost', async () => {
    start();
    nominating.follow('id', at, web, [{ node: 'n1', replicas: 1 }]);
    await addPod('other', { app: 'other' });
    await addPod('a');
    await vi.waitFor(async () => expect(await told()).toEqual(['a n1']));
    nominating.follow('id', at, web, [{ node: 'n2', replicas: 1 }]);
    await vi.waitFor(async () => expect(await told()).toEqual(['a n2']));
    expect(refused).toEqual([false, false]);
  });

  it('are told again when the scheduler takes it back, but not for ever', async () => {
    start();
    nominating.follow('id', at, web, [{ node: 'n1', replicas: 1 }]);
    await addPod('a');
    const a = { ...pods, namespace: 'shop', name: 'a' };
    for (let time = 0; time < 3; time++) {
      await vi.waitFor(async () => expect(await told()).toEqual(['a n1']));
      await server.api.client.patch(a, 'application/merge-patch+json', { status: { nominatedNodeName: null } }, { subresource: 'status' });
    }
    await addPod('bb', { app: 'web' });
    nominating.follow('other', at, web, [{ node: 'n9', replicas: 1 }]);
    await vi.waitFor(async () => expect(await told()).toContainEqual(expect.stringContaining('n9')));
    expect((await told()).filter((text) => text === 'a n1')).toEqual([]);
  });

  it('are told nothing where the member forbids that, and it is said', async () => {
    start(() => Promise.reject(new StatusError(403, 'Forbidden', 'no')));
    nominating.follow('id', at, web, [{ node: 'n1', replicas: 1 }]);
    await addPod('a');
    await vi.waitFor(() => expect(refused).toContain(true));
    expect(await told()).toEqual([]);
  });

  it('are told nothing any more when the work has none kept', async () => {
    start();
    nominating.follow('id', at, web, [{ node: 'n1', replicas: 1 }]);
    nominating.follow('id', at, web, []);
    nominating.follow('witness', at, { ...web, spec: { selector: { matchLabels: { app: 'other' } } } }, [{ node: 'n1', replicas: 1 }]);
    await addPod('a');
    await addPod('b', { app: 'other' });
    await vi.waitFor(async () => expect(await told()).toEqual(['b n1']));
  });
});
