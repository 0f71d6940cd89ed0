/** @module Moves through the loops together: what is taken away when, and what has to wait for what. */
import { describe, expect, it, vi } from 'vitest';
import { type Cluster, clusters } from '../../../shared/api/cluster.ts';
import { drainTaint, type StoredPlacement } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { fencedReason } from '../../../shared/wire/index.ts';
import { startTestHub, type TestHub } from '../testing/test-hub.ts';
import { placedAt } from '../testing/web-story.ts';

const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const policies = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placementpolicies' };
const workId = 'apps=deployments=shop=web';

const web: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    replicas: 4,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'nginx:1', resources: { requests: { cpu: '1' } } }] },
    },
  },
};
const policy = (failover: object): KubeObject => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }],
    tiers: [
      { name: 'first', clusterSelector: { matchLabels: { 'hanse.dev/provider': 'onprem' } } },
      { name: 'second', clusterSelector: { matchLabels: { 'hanse.dev/provider': 'gcp' } } },
      { name: 'rest', clusterSelector: { matchLabels: { 'hanse.dev/provider': 'aws' } } },
    ],
    failover,
  },
});

const until = (look: () => void | Promise<void>): Promise<void> => vi.waitFor(look, { timeout: 10_000, interval: 20 });

/** A hub with the workload in `home`. */
const settledAtHome = async (failover: object): Promise<TestHub> => {
  const it = await startTestHub({ home: 8, aws: 8 });
  await it.client.create(policies, policy(failover));
  await it.client.create(deployments, web);
  await until(() => expect(replicasIn(it, 'home')).toBe(4));
  return it;
};
const replicasIn = (it: TestHub, name: string): number =>
  (it.fleet.agent(name).objects.get(workId)?.spec as { replicas?: number } | undefined)?.replicas ?? 0;
const storedStatus = (it: TestHub): StoredPlacement['status'] =>
  (it.store.get('hanse.dev/placements/shop/web-deployment')?.object as StoredPlacement | undefined)?.status;
const sentTo = (it: TestHub, name: string): string | undefined =>
  it.fleet.published().findLast(({ cluster, id }) => cluster === name && id === workId)?.op;
const evict = (it: TestHub, name: string): Promise<KubeObject> =>
  it.client.patch({ ...clusters, name }, 'application/merge-patch+json', { spec: { taints: [{ key: 'out', effect: 'NoExecute' }] } });

describe('a move', () => {
  it('takes nothing away before its replacement is ready elsewhere', async () => {
    const it = await settledAtHome({});
    it.fleet.agent('aws').foreign.add(workId);
    await evict(it, 'home');
    await until(() => expect(sentTo(it, 'aws')).toBe('apply'));
    it.fleet.beat();
    expect([sentTo(it, 'home'), replicasIn(it, 'home')]).toEqual(['apply', 4]);
    it.fleet.agent('aws').foreign.clear();
    it.fleet.beat();
    await until(() => expect([replicasIn(it, 'home'), replicasIn(it, 'aws')]).toEqual([0, 4]));
  });

  it('out of a cluster that is drained tells there what it waits for, and on the Placement what is not ready', async () => {
    const it = await settledAtHome({});
    it.fleet.agent('aws').foreign.add(workId);
    await it.client.patch({ ...clusters, name: 'home' }, 'application/merge-patch+json', { spec: { drain: {} } });
    await until(async () => {
      const cluster = (await it.client.get({ ...clusters, name: 'home' })) as Cluster | undefined;
      expect(cluster?.status?.drain?.waiting).toEqual([
        {
          kind: 'Deployment',
          namespace: 'shop',
          name: 'web',
          replicas: 4,
          why: '4 replicas wait for replacements that are not Ready: aws 0 of 4 (Deployment web is not ours)',
        },
      ]);
    });
    await until(() => {
      const status = storedStatus(it);
      expect(status?.unready).toMatchObject([{ name: 'aws', replicas: 4, ready: 0 }]);
    });
    it.fleet.agent('aws').foreign.clear();
    it.fleet.beat();
    await until(() => {
      const status = storedStatus(it);
      expect([replicasIn(it, 'home'), replicasIn(it, 'aws'), status?.unready]).toEqual([0, 4, undefined]);
    });
  });

  it('for another reason than a drain that its policy tolerates is not held by that drain', async () => {
    const bounded = (max: number): object => ({
      tolerations: [{ key: drainTaint, operator: 'Exists' }],
      replicaScheduling: { bounds: [{ clusterSelector: { matchLabels: { 'hanse.dev/provider': 'onprem' } }, max }] },
    });
    const it = await startTestHub({ home: 8, aws: 8 });
    const merge = 'application/merge-patch+json';
    const of = policy({});
    await it.client.create(policies, { ...of, spec: { ...(of.spec as object), ...bounded(3) } });
    await it.client.create(deployments, web);
    await until(() => expect([replicasIn(it, 'home'), replicasIn(it, 'aws')]).toEqual([3, 1]));
    await it.client.patch({ ...clusters, name: 'aws' }, merge, { spec: { taints: [{ key: 'full', effect: 'NoSchedule' }] } });
    await it.client.patch({ ...clusters, name: 'home' }, merge, { spec: { drain: {} } });
    await it.client.patch({ ...policies, namespace: 'shop', name: 'web' }, merge, { spec: bounded(1) });
    await until(() => expect([replicasIn(it, 'home'), storedStatus(it)?.unplaced]).toEqual([1, 2]));
  });

  it('waits for its replacement no longer than the policy says', async () => {
    const it = await settledAtHome({ surplusSeconds: 0 });
    it.fleet.agent('aws').foreign.add(workId);
    await evict(it, 'home');
    await until(() => expect(replicasIn(it, 'home')).toBe(0));
    expect(replicasIn(it, 'aws')).toBe(0);
  });

  it('waits no longer than the policy says because another cluster is drained, and the drain waits on', async () => {
    const it = await startTestHub({ home: 2, gcp: 2, aws: 8 });
    await it.client.create(policies, policy({ surplusSeconds: 0 }));
    await it.client.create(deployments, web);
    await until(() => expect([replicasIn(it, 'home'), replicasIn(it, 'gcp')]).toEqual([2, 2]));
    it.fleet.agent('aws').foreign.add(workId);
    await it.client.patch({ ...clusters, name: 'gcp' }, 'application/merge-patch+json', { spec: { drain: {} } });
    await until(() => expect(placedAt(it)).toEqual({ home: 2, aws: 2 }));
    await evict(it, 'home');
    await until(() => expect([placedAt(it), replicasIn(it, 'home')]).toEqual([{ aws: 4 }, 0]));
    expect([replicasIn(it, 'gcp'), replicasIn(it, 'aws')]).toEqual([2, 0]);
  });

  it('of a singleton begins only when the cluster that had it says that it is gone', async () => {
    const it = await settledAtHome({ class: 'Singleton' });
    it.fleet.agent('home').cutOff = true;
    await evict(it, 'home');
    await until(() => expect(sentTo(it, 'home')).toBe('withdraw'));
    await until(() => {
      const events = it.store.list('/events/shop/').map(({ object }) => (object as { reason?: string }).reason);
      expect(events).toContain('SingletonWaits');
    });
    expect([sentTo(it, 'aws'), replicasIn(it, 'home')]).toEqual([undefined, 4]);
    it.fleet.agent('home').cutOff = false;
    it.fleet.beat();
    await until(() => expect([replicasIn(it, 'home'), replicasIn(it, 'aws')]).toEqual([0, 4]));
  });

  it('does not end for a singleton because a cluster is silent: without votes a person decides', async () => {
    const it = await settledAtHome({ class: 'Singleton' });
    it.fleet.agent('home').cutOff = true;
    await until(() => expect(it.control().directory.get('home')?.health.phase).toBe('Lost'));
    await until(() => expect(it.control().directory.liveness('home').is).toBe('Dead'));
    it.fleet.beat();
    expect(sentTo(it, 'aws')).toBeUndefined();
    await it.client.delete({ ...clusters, name: 'home' });
    await until(() => expect(replicasIn(it, 'aws')).toBe(4));
  });

  it('of a singleton that never began elsewhere is taken back when the silent cluster returns, without a stop', async () => {
    const it = await settledAtHome({ class: 'Singleton' });
    it.fleet.agent('home').cutOff = true;
    await until(() => expect(storedStatus(it)?.unready).toMatchObject([{ name: 'aws', ready: 0 }]));
    it.fleet.agent('home').cutOff = false;
    await until(() => expect([placedAt(it), storedStatus(it)?.owed]).toEqual([{ home: 4 }, undefined]));
    expect([it.fleet.agent('home').taken.map(({ op }) => op), sentTo(it, 'aws')]).toEqual([['apply'], undefined]);
  });

  it.each([
    ['by the same hub', false],
    ['by a hub that has started anew', true],
  ])(
    'of a singleton that finds no place tells it anew, above the fence, where it stays, when that drained cluster was lost and is back: %s',
    async (_, isRestarted) => {
      const it = await settledAtHome({ class: 'Singleton' });
      const home = { ...clusters, name: 'home' };
      const merge = 'application/merge-patch+json';
      await it.client.patch({ ...clusters, name: 'aws' }, merge, { spec: { taints: [{ key: 'full', effect: 'NoSchedule' }] } });
      await it.client.patch(home, merge, { spec: { drain: {} } });
      await until(() => expect(storedStatus(it)?.staying).toMatchObject([{ name: 'home', reason: 'Drained' }]));
      it.fleet.agent('home').cutOff = true;
      await until(() => expect(it.control().directory.get('home')?.health.phase).toBe('Lost'));
      // As the verdict of the other clusters writes it.
      const fence = it.store.revision();
      await it.client.patch(home, merge, { status: { fence } }, { subresource: 'status' });
      if (isRestarted) await it.restart();
      it.fleet.agent('home').cutOff = false;
      // As an agent says when it starts again: above its fence nothing was sent.
      it.fleet.tell('home', workId, { replicas: 0 }, fencedReason);
      await until(() => {
        const { op, seq = 0, singleton } = it.fleet.agent('home').taken.findLast(({ id }) => id === workId) ?? {};
        expect([op, singleton, seq > fence, replicasIn(it, 'home')]).toEqual(['apply', true, true, 4]);
      });
      expect(it.fleet.agent('aws').taken).toEqual([]);
    },
  );
});
