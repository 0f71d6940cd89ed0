/** @module The loops together, over a real store and API server, with agents in the small: from a policy to replicas. */
import { describe, expect, it } from 'vitest';
import type { Placement, StoredPlacement } from '../../shared/api/index.ts';
import { startTestHub } from './testing/test-hub.ts';
import {
  deployment,
  deployments,
  placedAt,
  policiesType,
  policy,
  runningAt,
  scale,
  tiers,
  until,
  web,
  webPlacement,
  workId,
} from './testing/web-story.ts';

describe('control', () => {
  it('returns replicas to an earlier tier when room has been there for the calm time, and tells so', async () => {
    const it = await startTestHub({ home: 4, aws: 20 });
    await it.client.create(policiesType, policy({ tiers, rebalance: { calmSeconds: 0, maxMovesPercent: 100 } }));
    await it.client.create(deployments, deployment(6));
    await until(() => expect(placedAt(it)).toEqual({ home: 4, aws: 2 }));
    it.fleet.agent('home').cores = 9;
    await until(() => expect(placedAt(it)).toEqual({ home: 6 }));
    await until(() => {
      const events = it.store.list('/events/shop/').map(({ object }) => object as unknown as { reason: string; message: string });
      expect(events.find(({ reason }) => reason === 'Rebalanced')?.message).toBe('2 from aws to home (returns to tier idc)');
    });
  });

  it('tells where kubectl describe shows it, once, that no policy selects a workload, or that none does any more', async () => {
    const it = await startTestHub({ home: 4 });
    await it.client.create(deployments, deployment(1));
    const told = async () => {
      const uid = (await it.client.get(web))?.metadata.uid;
      const { items } = await it.client.list({ group: '', version: 'v1', resource: 'events', namespace: 'shop' });
      const ours = items.filter(({ involvedObject }) => (involvedObject as { uid?: string }).uid === uid);
      return new Map(ours.map(({ reason, count, message }) => [`${String(reason)}: ${String(message).slice(0, 22)}`, count]));
    };
    await until(async () => expect(await told()).toEqual(new Map([['NoPolicy: no policy selects it, ', 1]])));
    await scale(it, 2);
    const seen = async () => {
      const object = await it.client.get(web);
      const status = object?.status as { observedGeneration?: number; conditions?: { reason: string }[] } | undefined;
      const isTold = status?.conditions?.some(({ reason }) => reason === 'NoPolicy') === true;
      return [status?.observedGeneration === object?.metadata.generation, isTold];
    };
    await until(async () => expect(await seen()).toEqual([true, true]));
    await it.client.create(policiesType, policy());
    await until(() => expect(runningAt(it, 'home')).toBe(2));
    await until(async () => expect(await seen()).toEqual([true, false]));
    await it.client.delete({ ...policiesType, namespace: 'shop', name: 'web' });
    await until(async () => expect([...(await told())]).toContainEqual(['NoPolicy: no policy selects the ', 1]));
    expect((await told()).get('NoPolicy: no policy selects it, ')).toBe(1);
  });

  it('places a Deployment by its policy, sends each cluster its share, and shows the sum as its status', async () => {
    const it = await startTestHub({ home: 4, aws: 20 });
    await it.client.create(policiesType, policy({ tiers }));
    await it.client.create(deployments, deployment(6));
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([4, 2]));
    expect(placedAt(it)).toEqual({ home: 4, aws: 2 });
    await until(async () => {
      const status = (await it.client.get(web))?.status as {
        replicas?: number;
        availableReplicas?: number;
        observedGeneration?: number;
        conditions?: unknown[];
      };
      expect(status).toMatchObject({ replicas: 6, availableReplicas: 6, observedGeneration: 1 });
      expect(status.conditions).toMatchObject([
        { type: 'Available', status: 'True' },
        { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
      ]);
    });
    const decided = (await it.client.get(webPlacement)) as Placement | undefined;
    expect(decided?.status?.explanation?.map(({ cluster, got, tier }) => [cluster, got, tier])).toEqual([
      ['aws', 2, 'cloud'],
      ['home', 4, 'idc'],
    ]);
    const events = await it.client.list({ group: '', version: 'v1', resource: 'events', namespace: 'shop' });
    expect(events.items.map(({ reason }) => reason)).toContain('Placed');
  });

  it('keeps a workload that is scaled to nothing where it was, without replicas, and in no other cluster than before', async () => {
    const it = await startTestHub({ home: 4, aws: 4 });
    await it.client.create(policiesType, policy({ tiers }));
    await it.client.create(deployments, deployment(6));
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([4, 2]));
    await scale(it, 0);
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([0, 0]));
    await until(() => expect(it.control().pending()).toBe(0));
    expect(placedAt(it)).toEqual({ home: 0, aws: 0 });
    // The clusters have said since that their pods are gone.
    const reported = it.control().directory.get('home')?.report?.seq ?? 0;
    await until(() => expect(it.control().directory.get('home')?.report?.seq).toBeGreaterThan(reported + 2));
    await scale(it, 3);
    await until(() => expect([placedAt(it), runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([{ home: 3 }, 3, undefined]));
    expect(it.fleet.agent('home').taken.filter(({ op }) => op === 'withdraw')).toEqual([]);
  });

  it('empties the last tier first when it is scaled down, and takes the object back from a cluster without replicas', async () => {
    const it = await startTestHub({ home: 4, aws: 20 });
    await it.client.create(policiesType, policy({ tiers }));
    await it.client.create(deployments, deployment(6));
    await until(() => expect(runningAt(it, 'aws')).toBe(2));
    await scale(it, 3);
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([3, undefined]));
    await until(() => expect(it.fleet.published().map(({ cluster }) => cluster)).toEqual(['home']));
  });

  it('sends what a workload names and the Service that selects it along, and takes them back with it', async () => {
    const it = await startTestHub({ home: 4 });
    const core = (resource: string) => ({ group: '', version: 'v1', resource });
    const meta = (name: string) => ({ name, namespace: 'shop' });
    await it.client.create(core('configmaps'), { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta('settings'), data: { a: '1' } });
    await it.client.create(core('configmaps'), { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta('unrelated'), data: {} });
    await it.client.create(core('services'), {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta('front'),
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(1, { volumes: [{ name: 'v', configMap: { name: 'settings' } }] }));
    const ids = (): string[] => [...it.fleet.agent('home').objects.keys()].sort();
    await until(() => expect(ids()).toEqual(['=configmaps=shop=settings', '=services=shop=front', workId]));
    await it.client.patch({ ...core('configmaps'), namespace: 'shop', name: 'settings' }, 'application/merge-patch+json', {
      data: { a: '2' },
    });
    await until(() => expect(it.fleet.agent('home').objects.get('=configmaps=shop=settings')?.data).toEqual({ a: '2' }));
    await it.client.delete(web);
    await until(async () => {
      expect(ids()).toEqual([]);
      expect(await it.client.get(web)).toBeUndefined();
    });
    await until(() => expect(placedAt(it)).toEqual({}));
    expect(it.store.get('hanse.dev/placements/shop/web-deployment')).toBeUndefined();
  });

  it('applies the overrides of each cluster', async () => {
    const it = await startTestHub({ home: 4, aws: 4 });
    const overrides = [
      {
        clusterSelector: { matchLabels: { 'hanse.dev/provider': 'aws' } },
        image: { registry: 'mirror.example' },
        patch: [{ op: 'add', path: '/metadata/labels/cloud', value: 'aws' }],
      },
    ];
    await it.client.create(policiesType, policy({ overrides }));
    await it.client.create(deployments, deployment(2));
    await until(() => expect(runningAt(it, 'aws')).toBe(1));
    const image = (name: string): unknown => JSON.stringify(it.fleet.agent(name).objects.get(workId)).match(/"image":"([^"]*)"/)?.[1];
    expect([image('home'), image('aws')]).toEqual(['nginx:1', 'mirror.example/nginx:1']);
    expect(it.fleet.agent('aws').objects.get(workId)?.metadata.labels).toEqual({ cloud: 'aws' });
  });

  it('never gives the same room to two workloads', async () => {
    const it = await startTestHub({ home: 5 });
    await it.client.create(policiesType, policy({ resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }] }));
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((name) => it.client.create(deployments, { ...deployment(2), metadata: { name, namespace: 'shop' } })));
    const total = (): number =>
      names.reduce(
        (sum, name) =>
          sum + ((it.fleet.agent('home').objects.get(`apps=deployments=shop=${name}`)?.spec as { replicas?: number })?.replicas ?? 0),
        0,
      );
    await until(() => expect(total()).toBe(5));
    const unplaced = (): number =>
      it.store.list('hanse.dev/placements/shop/').reduce((sum, { object }) => sum + ((object as StoredPlacement).status?.unplaced ?? 0), 0);
    await until(() => expect(unplaced()).toBe(3));
    await it.client.patch({ ...deployments, namespace: 'shop', name: 'a' }, 'application/merge-patch+json', { spec: { replicas: 0 } });
    await it.client.patch({ ...deployments, namespace: 'shop', name: 'b' }, 'application/merge-patch+json', { spec: { replicas: 0 } });
    await until(() => expect(total()).toBe(4));
  });

  it('sends again what the broker lost', async () => {
    const it = await startTestHub({ home: 4 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(1));
    await until(() => expect(runningAt(it, 'home')).toBe(1));
    it.fleet.damage('home', workId);
    await until(() => expect(it.fleet.published().map(({ id, op }) => [id, op])).toEqual([[workId, 'apply']]));
  });

  it('writes nothing while nothing changes', async () => {
    const it = await startTestHub({ home: 4, aws: 4 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(4));
    await until(async () =>
      expect(((await it.client.get(web))?.status as { availableReplicas?: number } | undefined)?.availableReplicas).toBe(4),
    );
    let last = -1;
    await until(() => {
      const before = last;
      last = it.store.revision();
      expect(last).toBe(before);
    });
    const taken = it.fleet.agent('aws').taken.length;
    const beats = 20;
    for (let count = 0; count < beats; count++) it.fleet.beat();
    expect([it.store.revision(), it.fleet.agent('aws').taken.length]).toEqual([last, taken]);
  });
});
