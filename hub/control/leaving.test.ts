/** @module The loops together when a cluster is lost or denied, and when it comes back. */
import { describe, expect, it } from 'vitest';
import { clusters } from '../../shared/api/cluster.ts';
import { clusterCondition, type Placement, placementType } from '../../shared/api/index.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { startTestHub, type TestHub } from './testing/test-hub.ts';
import {
  clusterAt,
  deployment,
  deployments,
  placedAt,
  policiesType,
  policy,
  runningAt,
  tiers,
  until,
  web,
  webPlacement,
  workId,
} from './testing/web-story.ts';

describe('what leaves a cluster', () => {
  it('moves the replicas of a silent cluster to others, deletes nothing there, and gives them back when it returns', async () => {
    const it = await startTestHub({ home: 8, aws: 8, gcp: 8 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(9));
    await until(() => expect(placedAt(it)).toEqual({ home: 3, aws: 3, gcp: 3 }));
    await until(() => expect(runningAt(it, 'gcp')).toBe(3));
    it.fleet.agent('gcp').cutOff = true;
    await until(() => expect((runningAt(it, 'home') ?? 0) + (runningAt(it, 'aws') ?? 0)).toBe(9));
    expect(placedAt(it)).not.toHaveProperty('gcp');
    const gcp = { group: 'hanse.dev', version: 'v1alpha1', resource: 'clusters', name: 'gcp' };
    const readiness = async (): Promise<string | undefined> => {
      const object = await it.client.get(gcp);
      return object === undefined ? undefined : clusterCondition(object, 'Ready')?.status;
    };
    await until(async () => expect(await readiness()).toBe('Unknown'));
    it.fleet.agent('gcp').cutOff = false;
    await until(() => expect(placedAt(it)).toEqual({ home: 3, aws: 3, gcp: 3 }));
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws'), runningAt(it, 'gcp')]).toEqual([3, 3, 3]));
    expect(it.fleet.agent('gcp').taken.filter(({ op }) => op === 'withdraw')).toEqual([]);
  });

  it('is nothing when none is heard any more: they are not called ready, and their replicas stay', async () => {
    const it = await startTestHub({ home: 8, aws: 8 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(6));
    await until(() => expect(placedAt(it)).toEqual({ home: 3, aws: 3 }));
    const ready = async (): Promise<unknown[]> => {
      const conditions = (await it.client.list(clusters)).items.map((object) => clusterCondition(object, 'Ready'));
      return conditions.map((condition) => [condition?.status, condition?.reason]);
    };
    const turn = (cutOff: boolean): void => {
      for (const name of ['home', 'aws']) it.fleet.agent(name).cutOff = cutOff;
    };
    turn(true);
    await until(async () => expect(await ready()).toEqual(Array(2).fill(['Unknown', 'AgentNotHeard'])));
    turn(false);
    await until(async () => expect(await ready()).toEqual(Array(2).fill(['True', 'AgentReady'])));
    expect(placedAt(it)).toEqual({ home: 3, aws: 3 });
  });

  it('gives a cluster that was full its share back though its own pods still fill it, and stops none of them', async () => {
    const it = await startTestHub({ home: 4, aws: 8 });
    await it.client.create(
      policiesType,
      policy({ tiers: [{ name: 'own', clusterSelector: { matchLabels: { 'hanse.dev/provider': 'onprem' } } }, { name: 'rest' }] }),
    );
    await it.client.create(deployments, deployment(6));
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([4, 2]));
    it.fleet.agent('home').cutOff = true;
    await until(() => expect(runningAt(it, 'aws')).toBe(6));
    expect([placedAt(it), runningAt(it, 'home')]).toEqual([{ aws: 6 }, 4]);
    it.fleet.agent('home').cutOff = false;
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([4, 2]));
    expect(placedAt(it)).toEqual({ home: 4, aws: 2 });
    expect(it.fleet.agent('home').taken.filter(({ op }) => op === 'withdraw')).toEqual([]);
  });

  it('shows the replicas that still run while the cluster that shall have them takes none', async () => {
    const it = await startTestHub({ home: 8, aws: 8 });
    const only = (provider: string): Record<string, unknown> => ({
      tiers: [{ name: 'only', clusterSelector: { matchLabels: { 'hanse.dev/provider': provider } } }],
    });
    it.fleet.agent('aws').foreign.add(workId);
    const { metadata } = await it.client.create(policiesType, policy(only('onprem')));
    await it.client.create(deployments, deployment(3));
    const ready = async (): Promise<unknown> =>
      ((await it.client.get(web))?.status as { readyReplicas?: number } | undefined)?.readyReplicas;
    await until(async () => expect(await ready()).toBe(3));
    await it.client.patch({ ...policiesType, namespace: 'shop', name: metadata.name }, 'application/merge-patch+json', {
      spec: only('aws'),
    });
    const applied = async (): Promise<string | undefined> => {
      const object = await it.client.get(webPlacement);
      return object === undefined ? undefined : clusterCondition(object, 'Applied')?.status;
    };
    await until(async () => expect(await applied()).toBe('False'));
    expect([placedAt(it), runningAt(it, 'home'), await ready()]).toEqual([{ aws: 3 }, 3, 3]);
  });

  it.each<[rule: string, lose: (it: TestHub) => Promise<unknown>, where: string, mark: string]>([
    [
      'drained',
      ({ client }) => client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: {} } }),
      'stays on home, which is drained, until another cluster takes it',
      'home=3(drained)',
    ],
    [
      'lost',
      async ({ fleet }) => {
        fleet.agent('home').cutOff = true;
      },
      'stays on home, which is lost and where nothing is deleted, until another cluster takes it',
      'home=3(lost)',
    ],
  ])(
    'tells of a workload that no other cluster takes that it stays in the one that is %s, until another does',
    async (_, lose, where, mark) => {
      const it = await startTestHub({ home: 4, aws: 4 });
      await it.client.create(policiesType, policy({ tiers: [tiers[0]] }));
      await it.client.create(deployments, deployment(3));
      await until(() => expect(runningAt(it, 'home')).toBe(3));
      await lose(it);
      const placement = async (): Promise<Placement> => (await it.client.get(webPlacement)) as unknown as Placement;
      await until(async () => expect((await placement()).status?.message).toMatch(new RegExp(`^${where}; no cluster is eligible`)));
      await until(async () => {
        const told = await placement();
        expect(clusterCondition(told as never, 'Applied')?.message).toBe(where);
        expect(placementType.cells(told as unknown as KubeObject, 0)[2]).toBe(mark);
      });
      expect(runningAt(it, 'home')).toBe(3);
      await it.client.patch({ ...policiesType, namespace: 'shop', name: 'web' }, 'application/merge-patch+json', { spec: { tiers: [] } });
      await until(async () => {
        const { spec, status } = await placement();
        expect([spec.clusters, status?.message, status?.staying]).toEqual([
          [{ name: 'aws', replicas: 3 }],
          'placed in 1 cluster',
          undefined,
        ]);
      });
    },
  );

  it('tells of a workload whose only cluster came back that it runs on there, until it is placed there again', async () => {
    const it = await startTestHub({ home: 4, aws: 4 });
    await it.client.create(policiesType, policy({ tiers: [tiers[0]] }));
    await it.client.create(deployments, deployment(3));
    await until(() => expect(runningAt(it, 'home')).toBe(3));
    const seen: string[] = [];
    const stop = it.store.watch('hanse.dev/placements/', it.store.revision(), ({ current: { object } }) => {
      const cell = String(placementType.cells(object, 0)[2]);
      if (seen.at(-1) !== cell) seen.push(cell);
    });
    it.fleet.agent('home').cutOff = true;
    await until(() => expect(seen.at(-1)).toBe('home=3(lost)'));
    it.fleet.agent('home').cutOff = false;
    await until(() => expect(seen.at(-1)).toBe('home=3'));
    stop();
    // Between the two, it was never said to run nowhere.
    expect(seen.slice(seen.indexOf('home=3(lost)'))).toEqual(['home=3(lost)', 'home=3(returning)', 'home=3']);
  });

  it.each<[rule: string, letGo: (it: TestHub) => Promise<unknown>]>([
    ['denied', ({ client }) => client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { admission: 'Denied' } })],
    [
      'deleted',
      async ({ client }) => {
        // As the one that revokes its key holds it for a moment.
        await client.patch(clusterAt('home'), 'application/merge-patch+json', { metadata: { finalizers: ['example.com/revoked'] } });
        await client.delete(clusterAt('home'));
      },
    ],
  ])('leaves a Cluster that is %s all that it has, and places it elsewhere', async (_, letGo) => {
    const it = await startTestHub({ home: 4, aws: 4 });
    await it.client.create(policiesType, policy({ tiers }));
    await it.client.create(deployments, deployment(4));
    await until(() => expect(runningAt(it, 'home')).toBe(4));
    await letGo(it);
    await until(() => expect([placedAt(it), runningAt(it, 'aws')]).toEqual([{ aws: 4 }, 4]));
    await until(() => expect(it.control().pending()).toBe(0));
    expect(runningAt(it, 'home')).toBe(4);
  });

  it('counts no Cluster whose member counts under another name, until its own agent is in', async () => {
    const it = await startTestHub({ home: 4, aws: 4 });
    const refused = (status: 'True' | 'False') => {
      const condition = {
        type: 'JoinRefused',
        status,
        reason: 'ClusterTaken',
        message: 'this cluster is joined as aws already',
        lastTransitionTime: '',
      };
      return it.client.patch(
        clusterAt('home'),
        'application/merge-patch+json',
        { status: { conditions: [condition] } },
        { subresource: 'status' },
      );
    };
    await refused('True');
    await until(() => expect(it.control().directory.view('home')?.closed?.reason).toBe('double'));
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(6));
    await until(() => expect(placedAt(it)).toEqual({ aws: 4 }));
    await refused('False');
    await until(() => expect(placedAt(it)).toEqual({ aws: 4, home: 2 }));
  });

  it('withdraws nothing from a cluster that comes back after the hub was restarted without it', async () => {
    const it = await startTestHub({ home: 8, aws: 8 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(4));
    await until(() => expect(runningAt(it, 'aws')).toBe(2));
    it.fleet.agent('aws').cutOff = true;
    await until(() => expect(placedAt(it)).toEqual({ home: 4 }));
    await it.restart();
    it.fleet.agent('aws').cutOff = false;
    await until(() => expect(placedAt(it)).toEqual({ home: 2, aws: 2 }));
    await until(() => expect(runningAt(it, 'home')).toBe(2));
    expect(it.fleet.agent('aws').taken.filter(({ op }) => op === 'withdraw')).toEqual([]);
  });
});
