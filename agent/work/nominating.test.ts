/** @module Nodes that are nominated for pods which wait, over a real API server in memory. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { type TestServer, testServer } from '../../shared/kube/server/testing/test-server.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import { createNominations } from './nominating.ts';

let server: TestServer;
let timers: (() => void)[];
let nowMs: number;
let tried: boolean[];
beforeEach(async () => {
  server = await testServer();
  [timers, nowMs, tried] = [[], 0, []];
});
afterEach(() => server.close());

const pods = { group: '', version: 'v1', resource: 'pods' };
const web: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { replicas: 2, selector: { matchLabels: { app: 'web' } } },
};
const address = { group: 'apps', version: 'v1', resource: 'deployments', namespace: 'shop', name: 'web' };
const first = [{ node: 'n1', replicas: 1 }];

const start = (client: Pick<KubeClient, 'list' | 'patch'> = server.api.client) => {
  const env = {
    monotonicMs: () => nowMs,
    random: () => 0.5,
    setTimer: (_ms: number, run: () => void) => {
      timers.push(run);
      return () => {
        timers = timers.filter((one) => one !== run);
      };
    },
  };
  return createNominations({ client, env, onTried: (isRefused) => tried.push(isRefused) });
};
const addPod = async (name: string, more: { nodeName?: string; nominated?: string; kind?: string } = {}): Promise<void> => {
  const { nodeName, nominated, kind = 'ReplicaSet' } = more;
  const ownerReferences = [{ apiVersion: 'apps/v1', kind, name: 'web-1', uid: 'u', controller: true }];
  const made = await server.api.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', labels: { app: 'web' }, ownerReferences },
    spec: { ...(nodeName === undefined ? {} : { nodeName }), containers: [{ name: 'c', image: 'c:1' }] },
  });
  if (nominated !== undefined)
    await server.api.client.update(
      pods,
      { ...made, status: { phase: 'Pending', nominatedNodeName: nominated } },
      { subresource: 'status' },
    );
};
const nominated = async (): Promise<Record<string, unknown>> =>
  Object.fromEntries(
    (await server.api.client.list({ ...pods, namespace: 'shop' })).items.flatMap(({ metadata, status }) => {
      const { nominatedNodeName: node } = (status ?? {}) as { nominatedNodeName?: string };
      return node === undefined ? [] : [[metadata.name, node]];
    }),
  );
/** The next look is due. */
const looksAgain = async (): Promise<void> => {
  await expect.poll(() => timers.length).toBe(1);
  for (const run of timers.splice(0)) run();
};

describe('pods for which nodes are kept', () => {
  it('are nominated as they come, as many as are wanted with those that are there, and none of anybody else', async () => {
    await addPod('other', { kind: 'StatefulSet' });
    await addPod('there', { nodeName: 'n1' });
    const nominations = start();
    nominations.applied('web', address, web, [{ node: 'n1', replicas: 2 }]);
    await looksAgain();
    expect(await nominated()).toEqual({});
    await addPod('a');
    await addPod('b');
    await looksAgain();
    await expect.poll(nominated).toEqual({ a: 'n1' });
    await looksAgain();
    await expect.poll(() => timers.length).toBe(1);
    expect(await nominated()).toEqual({ a: 'n1' });
    nominations.stop();
    expect(timers).toEqual([]);
  });

  it('are nominated for another node once that is kept for them, but not where somebody else nominated one', async () => {
    await addPod('a');
    await addPod('b', { nominated: 'n9' });
    const nominations = start();
    nominations.applied('web', address, web, first);
    await expect.poll(nominated).toEqual({ a: 'n1', b: 'n9' });
    nominations.applied('web', address, web, [{ node: 'n2', replicas: 2 }]);
    await expect.poll(nominated).toEqual({ a: 'n2', b: 'n9' });
  });

  it('are looked for no more once they are bound, or after a while', async () => {
    await addPod('a', { nodeName: 'n7' });
    let looks = 0;
    const { client } = server.api;
    const nominations = start({
      patch: client.patch,
      list: (...asked) => {
        looks += 1;
        return client.list(...asked);
      },
    });
    nominations.applied('web', address, web, first);
    // One of the two that are wanted is not there, and does not come.
    nominations.applied('api', address, web, [{ node: 'n1', replicas: 2 }]);
    await looksAgain();
    await expect.poll(() => [looks, timers.length]).toEqual([3, 1]);
    nowMs = 300_000;
    await looksAgain();
    await expect.poll(() => looks).toBe(4);
    nominations.applied('last', address, web, first);
    await expect.poll(() => looks).toBe(5);
    expect(timers).toEqual([]);
  });

  it('are waited for by those who leave their nodes, but not for long', async () => {
    const nominations = start();
    const ended: string[] = [];
    const follow = (name: string, nodes: readonly string[]) => void nominations.made(nodes).then(() => ended.push(name));
    follow('none', []);
    follow('first', ['n1']);
    await addPod('a');
    await expect.poll(() => ended).toEqual(['none']);
    // Its look comes first among the timers that follow.
    timers = [];
    nominations.applied('web', address, web, first);
    await expect.poll(() => ended).toEqual(['none', 'first']);
    nominations.forget('web');
    timers = [];
    follow('late', ['n1']);
    expect([ended, timers.length]).toEqual([['none', 'first'], 1]);
    for (const run of timers.splice(0)) run();
    await expect.poll(() => ended).toEqual(['none', 'first', 'late']);
  });

  it('are nominated at the next look when they have changed since they were seen, and till then are waited for', async () => {
    await addPod('a');
    const { client } = server.api;
    let changes = 1;
    const nominations = start({
      list: client.list,
      patch: async (...asked) => {
        if (changes-- > 0)
          await client.patch({ ...pods, namespace: 'shop', name: 'a' }, 'application/merge-patch+json', {
            metadata: { labels: { seen: '' } },
          });
        return client.patch(...asked);
      },
    });
    nominations.applied('web', address, web, first);
    await expect.poll(() => timers.length).toBe(1);
    const [look] = timers.splice(0);
    let isOver = false;
    void nominations.made(['n1']).then(() => {
      isOver = true;
    });
    await expect.poll(() => timers.length).toBe(1);
    expect([isOver, await nominated()]).toEqual([false, {}]);
    look?.();
    await expect.poll(() => isOver).toBe(true);
    expect(await nominated()).toEqual({ a: 'n1' });
  });

  it('are left alone where the member forbids that, which is told', async () => {
    await addPod('a');
    const nominations = start({
      list: server.api.client.list,
      patch: () => Promise.reject(new StatusError(403, 'Forbidden', 'no')),
    });
    nominations.applied('web', address, web, first);
    await expect.poll(() => tried).toEqual([true]);
    await nominations.made(['n1']);
    expect(timers).toEqual([]);
  });
});
