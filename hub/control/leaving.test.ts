/** @module The loops together when a cluster is lost, drained or denied, comes back, or gives an object back. */
import { describe, expect, it } from 'vitest';
import { clusters } from '../../shared/api/cluster.ts';
import { type Cluster, clusterCondition, type Placement, placementType, type StoredPlacement } from '../../shared/api/index.ts';
import type { ObjectAddress } from '../../shared/kube/client/port.ts';
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

  it('leaves in a drained cluster only as many as no other takes, and brings them changes', async () => {
    const it = await startTestHub({ home: 8, aws: 4 });
    await it.client.create(policiesType, policy({ tiers: [] }));
    await it.client.create(deployments, deployment(9));
    await until(() => expect((runningAt(it, 'home') ?? 0) + (runningAt(it, 'aws') ?? 0)).toBe(9));
    await it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: {} } });
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([5, 4]));
    await it.client.patch(web, 'application/merge-patch+json', { metadata: { labels: { changed: 'yes' } } });
    await until(() => expect(it.fleet.agent('home').objects.get(workId)?.metadata.labels).toMatchObject({ changed: 'yes' }));
    expect(runningAt(it, 'home')).toBe(5);
  });

  it('brings changes to a drained cluster of which some wait for replacements, and some find no other place', async () => {
    const it = await startTestHub({ home: 8, aws: 4 });
    it.fleet.agent('aws').readyMax = 3;
    await it.client.create(policiesType, policy({ tiers: [...tiers.slice(0, 1), { name: 'rest' }] }));
    await it.client.create(deployments, deployment(8));
    await until(() => expect(runningAt(it, 'home')).toBe(8));
    await it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: {} } });
    // Four find no place, and of the other four one has a replacement that does not get ready.
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([5, 4]));
    await it.client.patch(web, 'application/merge-patch+json', { metadata: { labels: { changed: 'yes' } } });
    await until(() => expect(it.fleet.agent('home').objects.get(workId)?.metadata.labels).toMatchObject({ changed: 'yes' }));
    expect(runningAt(it, 'home')).toBe(5);
  });

  it.each<[kind: string, workload: KubeObject, id: string]>([
    ['Deployment', deployment(4), workId],
    [
      'Job',
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'web', namespace: 'shop' },
        spec: { parallelism: 2, completions: 9, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } } },
      },
      'batch=jobs=shop=web',
    ],
  ])('stops nothing when the drain of a cluster that has a pinned %s is taken back', async (kind, workload, id) => {
    const it = await startTestHub({ home: 4, aws: 4 });
    const own = [{ name: 'own', clusterSelector: { matchLabels: { 'hanse.dev/provider': 'onprem' } } }];
    const { apiVersion } = workload;
    await it.client.create(policiesType, policy({ resourceSelectors: [{ apiVersion, kind }], tiers: own }));
    await it.client.create({ ...deployments, group: apiVersion.slice(0, -3), resource: `${kind.toLowerCase()}s` }, workload);
    const isThere = (): boolean => it.fleet.agent('home').objects.has(id);
    const placement = (): StoredPlacement | undefined =>
      it.store.get(`hanse.dev/placements/shop/web-${kind.toLowerCase()}`)?.object as StoredPlacement | undefined;
    const staying = (): unknown => placement()?.status?.staying?.map(({ name, reason }) => [name, reason]);
    await until(() => expect(isThere()).toBe(true));
    await it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: {} } });
    await until(() => expect([placement()?.spec.clusters, staying()]).toEqual([[], [['home', 'Drained']]]));
    await until(() => expect(it.control().pending()).toBe(0));
    await it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: null } });
    await until(() => expect([placement()?.spec.clusters.length, staying()]).toEqual([1, undefined]));
    await until(() => expect(it.control().pending()).toBe(0));
    expect(it.fleet.agent('home').taken.filter(({ op }) => op === 'withdraw')).toEqual([]);
  });

  it('leaves the part of a divided Job in a drained cluster until it is done, says so, and counts it', async () => {
    const it = await startTestHub({ home: 4, aws: 4 });
    const selector = { apiVersion: 'batch/v1', kind: 'Job' };
    await it.client.create(policiesType, policy({ resourceSelectors: [selector], replicaScheduling: { strategy: 'Weighted' } }));
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } };
    const jobs = { group: 'batch', version: 'v1', resource: 'jobs' };
    const metadata = { name: 'web', namespace: 'shop' };
    await it.client.create(jobs, { ...selector, metadata, spec: { parallelism: 2, completions: 8, template } });
    const id = 'batch=jobs=shop=web';
    const partAt = (cluster: string): unknown =>
      (it.fleet.agent(cluster).objects.get(id)?.spec as { completions?: number } | undefined)?.completions;
    await until(() => expect([partAt('home'), partAt('aws')]).toEqual([4, 4]));
    await it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: {} } });
    const status = () => (it.store.get('hanse.dev/placements/shop/web-job')?.object as StoredPlacement | undefined)?.status;
    const staying = [{ name: 'home', replicas: 1, completions: 4, reason: 'Drained' }];
    await until(() => expect([status()?.unplaced, status()?.staying]).toEqual([1, staying]));
    const drain = async () => ((await it.client.get(clusterAt('home'))) as Cluster | undefined)?.status?.drain;
    const why = expect.stringContaining('4 of 8 completions wait for a cluster that has no part of the Job');
    await until(async () => expect((await drain())?.staying).toMatchObject([{ kind: 'Job', name: 'web', replicas: 1, why }]));
    await until(() => expect(it.control().pending()).toBe(0));
    expect(it.fleet.agent('home').taken.filter(({ op }) => op === 'withdraw')).toEqual([]);
    for (const cluster of ['home', 'aws'])
      it.fleet.tell(cluster, id, { succeeded: 4, conditions: [{ type: 'Complete', status: 'True', reason: 'CompletionsReached' }] });
    await until(async () => expect((await it.client.get({ ...jobs, ...metadata }))?.status).toMatchObject({ succeeded: 8 }));
    await until(async () => expect(await drain()).toMatchObject({ objects: 0 }));
  });

  it.each([
    ['at once', 0],
    ['after an hour', 3_600],
  ])(
    'leaves in a cluster whose drain is taken back what is ready and has no ready replacement, though a surplus goes %s',
    async (_, surplusSeconds) => {
      const it = await startTestHub({ home: 8, aws: 8 });
      it.fleet.agent('aws').readyMax = 4;
      await it.client.create(policiesType, policy({ failover: { surplusSeconds } }));
      await it.client.create(deployments, deployment(6));
      await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([3, 3]));
      const drain = (value: object | null): Promise<KubeObject> =>
        it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: value } });
      await drain({});
      await until(() => expect([placedAt(it), runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([{ aws: 6 }, 2, 6]));
      it.fleet.beat();
      const { length } = it.fleet.agent('home').taken;
      await drain(null);
      await until(() => expect([placedAt(it), runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([{ home: 2, aws: 4 }, 2, 4]));
      await until(() => expect(it.control().pending()).toBe(0));
      const told = it.fleet.agent('home').taken.slice(length);
      expect(told.map(({ object }) => (object?.spec as { replicas?: number } | undefined)?.replicas)).toEqual(told.map(() => 2));
    },
  );

  it('stops nothing when a drain is taken back of which the last report of the cluster says that it is bound to no node yet', async () => {
    const it = await startTestHub({ home: 4, aws: 4 });
    it.fleet.agent('home').isBinding = false;
    await it.client.create(policiesType, policy({ tiers: tiers.slice(0, 1) }));
    await it.client.create(deployments, deployment(3));
    await until(() => expect(runningAt(it, 'home')).toBe(3));
    it.fleet.beat();
    const drain = (value: object | null): Promise<KubeObject> =>
      it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: value } });
    await drain({});
    await until(() => expect(placedAt(it)).toEqual({}));
    await until(() => expect(it.control().pending()).toBe(0));
    const { length } = it.fleet.agent('home').taken;
    await drain(null);
    await until(() => expect(placedAt(it)).toEqual({ home: 3 }));
    await until(() => expect(it.control().pending()).toBe(0));
    expect(it.fleet.agent('home').taken.slice(length)).toEqual([]);
  });

  it('brings nothing back to a cluster whose drain is taken back when all of it has left', async () => {
    const it = await startTestHub({ home: 8, aws: 8 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(6));
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([3, 3]));
    await it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: {} } });
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([undefined, 6]));
    it.fleet.beat();
    await it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: null } });
    const owed = (): unknown =>
      (it.store.get('hanse.dev/placements/shop/web-deployment')?.object as StoredPlacement | undefined)?.status?.owed;
    await until(() => expect(owed()).toBeUndefined());
    await until(() => expect(it.control().pending()).toBe(0));
    expect([placedAt(it), runningAt(it, 'aws')]).toEqual([{ aws: 6 }, 6]);
  });

  it('counts what stays in a drained cluster as what it is: wanted, brought up to date, available', async () => {
    const it = await startTestHub({ home: 4, aws: 4 });
    await it.client.create(policiesType, policy({ tiers: tiers.slice(0, 1) }));
    await it.client.create(deployments, deployment(4));
    await until(() => expect(runningAt(it, 'home')).toBe(4));
    await it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: {} } });
    await until(() => expect(placedAt(it)).toEqual({}));
    await it.client.patch(web, 'application/merge-patch+json', { metadata: { labels: { changed: 'yes' } } });
    await until(async () => {
      const status = (await it.client.get(web))?.status as { updatedReplicas?: number; conditions?: { type: string; status: string }[] };
      expect([status.updatedReplicas, status.conditions?.map(({ type, status }) => `${type} ${status}`)]).toEqual([
        4,
        ['Available True', 'Progressing True'],
      ]);
    });
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

  it('leaves a CronJob in a drained cluster while it has no other place', async () => {
    const it = await startTestHub({ home: 4, aws: 4 });
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
    // It is brought changes there, and sent anew where the broker lost it.
    await it.client.patch({ ...cronJobs, namespace: 'shop', name: 'tick' }, 'application/merge-patch+json', { spec: { suspend: true } });
    const there = (): KubeObject | undefined => it.fleet.agent('home').objects.get('batch=cronjobs=shop=tick');
    await until(() => expect(there()?.spec).toMatchObject({ suspend: true }));
    it.fleet.damage('home', 'batch=cronjobs=shop=tick');
    await until(() => expect(it.fleet.published().map(({ cluster, op }) => [cluster, op])).toEqual([['home', 'apply']]));
    await it.client.patch({ ...policiesType, namespace: 'shop', name: 'web' }, 'application/merge-patch+json', { spec: { tiers: [] } });
    await until(() => expect(it.fleet.agent('aws').objects.has('batch=cronjobs=shop=tick')).toBe(true));
    await until(() => expect(isThere()).toBe(false));
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

  it('withdraws again what was overwritten at the broker while no hub ran', async () => {
    const it = await startTestHub({ home: 4 });
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

  it('sends again what was overwritten at the broker of a cluster that waits for replacements', async () => {
    const it = await startTestHub({ home: 4, aws: 4 });
    it.fleet.agent('aws').readyMax = 0;
    await it.client.create(policiesType, policy({ tiers }));
    await it.client.create(deployments, deployment(3));
    await until(() => expect(runningAt(it, 'home')).toBe(3));
    await it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: {} } });
    await until(() => expect([placedAt(it), runningAt(it, 'aws')]).toEqual([{ aws: 3 }, 3]));
    await until(() => expect(it.control().pending()).toBe(0));
    it.fleet.damage('home', workId);
    const atHome = (): unknown =>
      it.fleet.published().flatMap(({ cluster, id, object }) => (cluster === 'home' && id === workId ? [object?.spec] : []));
    await until(() => expect(atHome()).toMatchObject([{ replicas: 3 }]));
  });

  it('removes from the broker what can be no work', async () => {
    const it = await startTestHub({ home: 4 });
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespace: 'shop', name: 'a' };
    await it.fleet.bus.publishWork({ v: 1, cluster: 'away', id: 'nonsense', seq: 1, op: 'withdraw', ref, adopt: 'Never' });
    it.fleet.damage('away', 'nonsense');
    expect(it.fleet.forgotten).toEqual(['away.nonsense']);
  });

  it('leaves a claim and its data in a cluster that its workload has left, until the claim is deleted', async () => {
    const it = await startTestHub({ home: 4, aws: 4 });
    const claims = { group: '', version: 'v1', resource: 'persistentvolumeclaims' };
    const claim: ObjectAddress = { ...claims, namespace: 'shop', name: 'data' };
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
    await it.client.create(policiesType, policy({ tiers: tiers.slice(0, 1) }));
    await it.client.create(claims, {
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'shop' } },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    await it.client.create(deployments, deployment(1, { volumes }));
    const isThere = (): boolean => it.fleet.agent('home').objects.has('=persistentvolumeclaims=shop=data');
    await until(() => expect([isThere(), runningAt(it, 'home')]).toEqual([true, 1]));
    await it.client.delete(web);
    await until(() => expect(runningAt(it, 'home')).toBeUndefined());
    await until(() => expect(it.control().pending()).toBe(0));
    expect(isThere()).toBe(true);
    // What it says there is its status here still.
    for (const phase of ['Bound', 'Lost']) {
      it.fleet.tell('home', '=persistentvolumeclaims=shop=data', { phase });
      await until(async () => expect((await it.client.get(claim))?.status).toMatchObject({ phase }));
    }
    await it.client.delete(claim);
    await until(() => expect(isThere()).toBe(false));
    await until(async () => expect(await it.client.get(claim)).toBeUndefined());
  });

  it('leaves copies in the clusters when the object says so', async () => {
    const it = await startTestHub({ home: 4 });
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
    const it = await startTestHub({ home: 4 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(1));
    await until(() => expect(runningAt(it, 'home')).toBe(1));
    await it.client.delete({ ...policiesType, namespace: 'shop', name: 'web' });
    const reason = (): unknown =>
      (it.store.get('hanse.dev/placements/shop/web-deployment')?.object.status as { reason?: string } | undefined)?.reason;
    await until(() => expect(reason()).toBe('NoPolicy'));
    expect(runningAt(it, 'home')).toBe(1);
  });
});
