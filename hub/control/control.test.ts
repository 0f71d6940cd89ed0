/** @module The loops together, over a real store and API server, with agents in the small: from a policy to replicas and back. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { clusterCondition, type Placement, placementType, type StoredPlacement } from '../../shared/api/index.ts';
import type { ObjectAddress } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { startTestHub, type TestHub } from './testing/test-hub.ts';

const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const policiesType = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placementpolicies' };
const webPlacement = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placements', namespace: 'shop', name: 'web-deployment' };
const clusterAt = (name: string): ObjectAddress => ({ group: 'hanse.dev', version: 'v1alpha1', resource: 'clusters', name });
const web: ObjectAddress = { ...deployments, namespace: 'shop', name: 'web' };

const deployment = (replicas: number, more: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'nginx:1', resources: { requests: { cpu: '1' } } }], ...more },
    },
  },
});

const policy = (spec: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }], ...spec },
});

const tiers = [
  { name: 'idc', clusterSelector: { matchLabels: { 'hanse.dev/provider': 'onprem' } } },
  { name: 'cloud', clusterSelector: { matchExpressions: [{ key: 'hanse.dev/provider', operator: 'In', values: ['aws', 'gcp'] }] } },
];

let hub: TestHub | undefined;
afterEach(async () => {
  await hub?.stop();
  hub = undefined;
});

const started = async (sizes: Readonly<Record<string, number>>): Promise<TestHub> => {
  hub = await startTestHub(sizes);
  return hub;
};
const soon = { timeout: 30_000, interval: 20 };
const until = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, soon);
const workId = 'apps=deployments=shop=web';
const placedAt = ({ store }: TestHub): Record<string, number | undefined> => {
  const placement = store.get('hanse.dev/placements/shop/web-deployment')?.object as StoredPlacement | undefined;
  return Object.fromEntries((placement?.spec.clusters ?? []).map(({ name, replicas }) => [name, replicas]));
};
const runningAt = ({ fleet }: TestHub, name: string): number | undefined =>
  (fleet.agent(name).objects.get(workId)?.spec as { replicas?: number } | undefined)?.replicas;
const scale = ({ client }: TestHub, replicas: number): Promise<KubeObject> =>
  client.patch(web, 'application/merge-patch+json', { spec: { replicas } });

describe('control', () => {
  it('returns replicas to an earlier tier when room has been there for the calm time, and tells so', async () => {
    const it = await started({ home: 4, aws: 20 });
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
    const it = await started({ home: 4 });
    await it.client.create(deployments, deployment(1));
    const told = async () => {
      const uid = (await it.client.get(web))?.metadata.uid;
      const { items } = await it.client.list({ group: '', version: 'v1', resource: 'events', namespace: 'shop' });
      const ours = items.filter(({ involvedObject }) => (involvedObject as { uid?: string }).uid === uid);
      return new Map(ours.map(({ reason, count, message }) => [`${String(reason)}: ${String(message).slice(0, 22)}`, count]));
    };
    await until(async () => expect(await told()).toEqual(new Map([['NoPolicy: no policy selects it, ', 1]])));
    await scale(it, 2);
    await it.client.create(policiesType, policy());
    await until(() => expect(runningAt(it, 'home')).toBe(2));
    await it.client.delete({ ...policiesType, namespace: 'shop', name: 'web' });
    await until(async () => expect([...(await told())]).toContainEqual(['NoPolicy: no policy selects the ', 1]));
    expect((await told()).get('NoPolicy: no policy selects it, ')).toBe(1);
  });

  it('places a Deployment by its policy, sends each cluster its share, and shows the sum as its status', async () => {
    const it = await started({ home: 4, aws: 20 });
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

  it('empties the last tier first when it is scaled down, and takes the object back from a cluster without replicas', async () => {
    const it = await started({ home: 4, aws: 20 });
    await it.client.create(policiesType, policy({ tiers }));
    await it.client.create(deployments, deployment(6));
    await until(() => expect(runningAt(it, 'aws')).toBe(2));
    await scale(it, 3);
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([3, undefined]));
    await until(() => expect(it.fleet.published().map(({ cluster }) => cluster)).toEqual(['home']));
  });

  it('moves the replicas of a silent cluster to others, deletes nothing there, and gives them back when it returns', async () => {
    const it = await started({ home: 8, aws: 8, gcp: 8 });
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

  it('gives a cluster that was full its share back though its own pods still fill it, and stops none of them', async () => {
    const it = await started({ home: 4, aws: 8 });
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
    const it = await started({ home: 8, aws: 8 });
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
      const it = await started({ home: 4, aws: 4 });
      await it.client.create(policiesType, policy({ tiers: [tiers[0]] }));
      await it.client.create(deployments, deployment(3));
      await until(() => expect(runningAt(it, 'home')).toBe(3));
      await lose(it);
      const placement = async (): Promise<Placement> => (await it.client.get(webPlacement)) as unknown as Placement;
      await until(async () => expect((await placement()).status?.message).toMatch(new RegExp(`^${where}; no cluster is eligible`)));
      const told = await placement();
      expect(clusterCondition(told as never, 'Applied')?.message).toBe(where);
      expect(placementType.cells(told as unknown as KubeObject, 0)[2]).toBe(mark);
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

  it('leaves in a drained cluster only as many as no other takes, and brings them changes', async () => {
    const it = await started({ home: 8, aws: 4 });
    await it.client.create(policiesType, policy({ tiers: [] }));
    await it.client.create(deployments, deployment(9));
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')].sort()).not.toContain(0));
    await it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: {} } });
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([5, 4]));
    await it.client.patch(web, 'application/merge-patch+json', { metadata: { labels: { changed: 'yes' } } });
    await until(() => expect(it.fleet.agent('home').objects.get(workId)?.metadata.labels).toMatchObject({ changed: 'yes' }));
    expect(runningAt(it, 'home')).toBe(5);
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
    const it = await started({ home: 4, aws: 4 });
    await it.client.create(policiesType, policy({ tiers }));
    await it.client.create(deployments, deployment(4));
    await until(() => expect(runningAt(it, 'home')).toBe(4));
    await letGo(it);
    await until(() => expect([placedAt(it), runningAt(it, 'aws')]).toEqual([{ aws: 4 }, 4]));
    await until(() => expect(it.control().pending()).toBe(0));
    expect(runningAt(it, 'home')).toBe(4);
  });

  it('counts no Cluster whose member counts under another name, until its own agent is in', async () => {
    const it = await started({ home: 4, aws: 4 });
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

  it('leaves a CronJob in a drained cluster while it has no other place', async () => {
    const it = await started({ home: 4, aws: 4 });
    const selector = { apiVersion: 'batch/v1', kind: 'CronJob' };
    const own = [{ name: 'own', clusterSelector: { matchLabels: { 'hanse.dev/provider': 'onprem' } } }];
    await it.client.create(policiesType, policy({ resourceSelectors: [selector], tiers: own }));
    const cronJobs = { group: 'batch', version: 'v1', resource: 'cronjobs' };
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } };
    await it.client.create(cronJobs, {
      ...selector,
      metadata: { name: 'tick', namespace: 'shop' },
      spec: { schedule: '* * * * *', jobTemplate: { spec: { template } } },
    });
    const isThere = (): boolean => it.fleet.agent('home').objects.has('batch=cronjobs=shop=tick');
    await until(() => expect(isThere()).toBe(true));
    const home = { group: 'hanse.dev', version: 'v1alpha1', resource: 'clusters', name: 'home' };
    await it.client.patch(home, 'application/merge-patch+json', { spec: { drain: {} } });
    const placed = (): number | undefined =>
      (it.store.get('hanse.dev/placements/shop/tick-cronjob')?.object as StoredPlacement | undefined)?.spec.clusters.length;
    await until(() => expect(placed()).toBe(0));
    await until(() => expect(it.control().pending()).toBe(0));
    expect(isThere()).toBe(true);
    await it.client.patch({ ...policiesType, namespace: 'shop', name: 'web' }, 'application/merge-patch+json', { spec: { tiers: [] } });
    await until(() => expect(it.fleet.agent('aws').objects.has('batch=cronjobs=shop=tick')).toBe(true));
    await until(() => expect(isThere()).toBe(false));
  });

  it('withdraws nothing from a cluster that comes back after the hub was restarted without it', async () => {
    const it = await started({ home: 8, aws: 8 });
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

  it('sends what a workload names and the Service that selects it along, and takes them back with it', async () => {
    const it = await started({ home: 4 });
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
    const it = await started({ home: 4, aws: 4 });
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
    const it = await started({ home: 5 });
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
    const it = await started({ home: 4 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(1));
    await until(() => expect(runningAt(it, 'home')).toBe(1));
    it.fleet.damage('home', workId);
    await until(() => expect(it.fleet.published().map(({ id, op }) => [id, op])).toEqual([[workId, 'apply']]));
  });

  it('withdraws again what was overwritten at the broker while no hub ran', async () => {
    const it = await started({ home: 4 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(1));
    await until(() => expect(runningAt(it, 'home')).toBe(1));
    it.fleet.agent('home').cutOff = true;
    await it.client.delete(web);
    await until(() => expect(it.fleet.published().map(({ op }) => op)).toEqual(['withdraw']));
    // The record is another's bytes now, and this hub knows nothing of what it said.
    await it.fleet.bus.forgetWork('home', workId);
    await it.restart();
    it.fleet.damage('home', workId);
    await until(() => expect(it.fleet.published().map(({ op }) => op)).toEqual(['withdraw']));
    it.fleet.agent('home').cutOff = false;
    await until(() => expect(it.fleet.agent('home').objects.size).toBe(0));
    await until(() => expect(it.fleet.published()).toEqual([]));
  });

  it('removes from the broker what can be no work', async () => {
    const it = await started({ home: 4 });
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespace: 'shop', name: 'a' };
    await it.fleet.bus.publishWork({ v: 1, cluster: 'away', id: 'nonsense', seq: 1, op: 'withdraw', ref, adopt: 'Never' });
    it.fleet.damage('away', 'nonsense');
    expect(it.fleet.forgotten).toEqual(['away.nonsense']);
  });

  it('leaves copies in the clusters when the object says so', async () => {
    const it = await started({ home: 4 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, {
      ...deployment(1),
      metadata: { name: 'web', namespace: 'shop', annotations: { 'hanse.dev/on-delete': 'Orphan' } },
    });
    await until(() => expect(runningAt(it, 'home')).toBe(1));
    await it.client.delete(web);
    await until(async () => expect(await it.client.get(web)).toBeUndefined());
    expect(it.fleet.published()).toEqual([]);
    expect(runningAt(it, 'home')).toBe(1);
  });

  it('leaves an object where it is when its policy goes', async () => {
    const it = await started({ home: 4 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(1));
    await until(() => expect(runningAt(it, 'home')).toBe(1));
    await it.client.delete({ ...policiesType, namespace: 'shop', name: 'web' });
    const reason = (): unknown =>
      (it.store.get('hanse.dev/placements/shop/web-deployment')?.object.status as { reason?: string } | undefined)?.reason;
    await until(() => expect(reason()).toBe('NoPolicy'));
    expect(runningAt(it, 'home')).toBe(1);
  });

  it('writes nothing while nothing changes', async () => {
    const it = await started({ home: 4, aws: 4 });
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
