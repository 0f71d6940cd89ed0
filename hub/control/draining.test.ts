/** @module The loops together when a cluster is drained, and when the drain is taken back. */
import { describe, expect, it } from 'vitest';
import type { Cluster, StoredPlacement } from '../../shared/api/index.ts';
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
  workId,
} from './testing/web-story.ts';
import type { Observed } from './verdict/relation.ts';

const drainOf = async ({ client }: TestHub, name: string) => ((await client.get(clusterAt(name))) as Cluster | undefined)?.status?.drain;
const agreed = (cause: Observed['cause'], phase: Observed['phase']): Observed => ({
  ...{ cause, phase, sinceMs: 0, message: 'agreed', votes: '2/2/2', voters: ['aws', 'gcp'], epoch: 1, isReplicasTurn: false },
});

describe('a drain', () => {
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

  it('is done in a cluster that is not heard when all it had has its place elsewhere, not while some finds none', async () => {
    const it = await startTestHub({ home: 8, aws: 4 });
    await it.client.create(policiesType, policy({ tiers: [] }));
    await it.client.create(deployments, deployment(6));
    await until(() => expect((runningAt(it, 'home') ?? 0) + (runningAt(it, 'aws') ?? 0)).toBe(6));
    it.fleet.agent('home').cutOff = true;
    await until(() => expect(placedAt(it)).toEqual({ aws: 4 }));
    await it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: {} } });
    const drain = () => drainOf(it, 'home');
    await until(async () => expect((await drain())?.staying).toMatchObject([{ kind: 'Deployment', name: 'web' }]));
    expect(await drain()).not.toHaveProperty('kept');
    await it.client.patch(web, 'application/merge-patch+json', { spec: { replicas: 4 } });
    await until(async () => expect(await drain()).toMatchObject({ objects: 1, kept: 1 }));
    expect(await drain()).not.toHaveProperty('staying');
  });

  it('of a cluster that is dead leaves the data of what has its place elsewhere, and says of each claim all that need it', async () => {
    const it = await startTestHub({ home: 8, aws: 8 });
    const claims = { group: '', version: 'v1', resource: 'persistentvolumeclaims' };
    const volumes = (name: string) => [{ name, persistentVolumeClaim: { claimName: name } }];
    for (const name of ['data', 'shared'])
      await it.client.create(claims, {
        ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: 'shop' } },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      });
    const moving = [...tiers.slice(0, 1), { name: 'rest' }];
    const selectors = ['api', 'batch'].map((name) => ({ apiVersion: 'apps/v1', kind: 'Deployment', name }));
    const pinned = {
      ...policy({ tiers: tiers.slice(0, 1), resourceSelectors: selectors }),
      metadata: { name: 'pinned', namespace: 'shop' },
    };
    await it.client.create(policiesType, policy({ tiers: moving }));
    await it.client.create(policiesType, pinned);
    await it.client.create(deployments, deployment(1, { volumes: volumes('data') }));
    for (const name of ['api', 'batch'])
      await it.client.create(deployments, { ...deployment(1, { volumes: volumes('shared') }), metadata: { name, namespace: 'shop' } });
    await until(() => expect(it.fleet.agent('home').objects.size).toBe(5));
    it.control().directory.of('home').observed = agreed('Cluster', 'Standing');
    await it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: {} } });
    await until(() => expect(placedAt(it)).toEqual({ aws: 1 }));
    const claimsIn = async () => (await drainOf(it, 'home'))?.staying?.filter(({ kind }) => kind === 'PersistentVolumeClaim');
    await until(async () =>
      expect((await claimsIn())?.map(({ name, why }) => [name, why])).toEqual([
        ['data', 'it holds data, and stays until it is deleted on the hub'],
        ['shared', 'Deployment api, Deployment batch need it'],
      ]),
    );
    await until(async () => expect(await drainOf(it, 'home')).toMatchObject({ objects: 5, kept: 1 }));
  });

  it('is done in a cluster of which only the agent is dead when all it had has its place elsewhere', async () => {
    const it = await startTestHub({ home: 8, aws: 8 });
    await it.client.create(policiesType, policy({ tiers: [...tiers.slice(0, 1), { name: 'rest' }] }));
    await it.client.create(deployments, deployment(3));
    await until(() => expect(runningAt(it, 'home')).toBe(3));
    it.control().directory.of('home').observed = agreed('Agent', 'Standing');
    it.fleet.agent('home').cutOff = true;
    await until(() => expect(it.control().directory.liveness('home').is).toBe('Doubtful'));
    await it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: {} } });
    await until(async () => expect(await drainOf(it, 'home')).toMatchObject({ objects: 1, kept: 1 }));
    expect([placedAt(it), it.fleet.agent('home').objects.size]).toEqual([{ aws: 3 }, 1]);
  });

  it('of a cluster that is back and held down waits for the end of that, and says so', async () => {
    const it = await startTestHub({ home: 8, aws: 8 });
    await it.client.create(policiesType, policy({ tiers: [...tiers.slice(0, 1), { name: 'rest' }] }));
    await it.client.create(deployments, deployment(3));
    await until(() => expect(runningAt(it, 'home')).toBe(3));
    const record = it.control().directory.of('home');
    record.observed = agreed('Cluster', 'Returning');
    await it.client.patch(clusterAt('home'), 'application/merge-patch+json', { spec: { drain: {} } });
    const why = 'the cluster is back and held down: nothing is taken from it before that is over';
    await until(async () => expect((await drainOf(it, 'home'))?.waiting).toMatchObject([{ kind: 'Deployment', name: 'web', why }]));
    expect(await drainOf(it, 'home')).not.toHaveProperty('kept');
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
});
