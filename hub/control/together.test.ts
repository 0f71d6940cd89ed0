/** @module Workloads that compete for room, decided by the running loops over a real store: priority, giving way, waiting for room. */
import { describe, expect, it, vi } from 'vitest';
import type { Placement, StoredPlacement } from '../../shared/api/index.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { startTestHub, type TestHub } from './testing/test-hub.ts';

const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const policiesType = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placementpolicies' };
const placements = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placements' };
const classesType = { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' };

const policy = (spec: object = {}, name = 'all', selector: object = {}): KubeObject => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: { name, namespace: 'shop' },
  spec: { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', ...selector }], ...spec },
});
const deployment = (name: string, replicas: number, priorityClassName?: string, cpu = '1'): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'shop', labels: { app: name } },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        ...(priorityClassName === undefined ? {} : { priorityClassName }),
        containers: [{ name: 'web', image: 'nginx:1', resources: { requests: { cpu } } }],
      },
    },
  },
});
const priorityClass = (name: string, value: number, more: object = {}): KubeObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
  ...more,
});
const until = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 30_000, interval: 20 });
const placementOf = ({ store }: TestHub, name: string): StoredPlacement | undefined =>
  store.get(`hanse.dev/placements/shop/${name}-deployment`)?.object as StoredPlacement | undefined;
const placed = (it: TestHub, name: string): number =>
  (placementOf(it, name)?.spec.clusters ?? []).reduce((sum, { replicas = 0 }) => sum + replicas, 0);
const eventsOf = ({ store }: TestHub, name: string): readonly string[] =>
  store
    .list('/events/shop/')
    .filter(({ object }) => (object.involvedObject as { name?: string }).name === name)
    .map(({ object }) => `${String(object.reason)}: ${String(object.message)}`);

describe('workloads that compete for room', () => {
  it('are placed by priority: of fifteen over ten places the ten of highest priority run, and five wait and say why', async () => {
    const it = await startTestHub({ home: 6, aws: 4 });
    const names = Array.from({ length: 15 }, (_, at) => `w${String(at).padStart(2, '0')}`);
    for (const [at, name] of names.entries()) {
      await it.client.create(classesType, priorityClass(`p${at}`, at * 10));
      await it.client.create(deployments, deployment(name, 1, `p${at}`));
    }
    // One whose turn is under way when the policy comes is decided on before the others.
    await until(() => expect(it.control().pending()).toBe(0));
    await it.client.create(policiesType, policy());
    await until(() => expect(names.map((name) => placed(it, name))).toEqual(names.map((_, at) => (at < 5 ? 0 : 1))));
    const waiting = { unplaced: 1, reason: 'Unplaced', message: '1 of 1 replicas unplaced: capacity in 2 clusters (cpu)' };
    await until(() => {
      for (const name of names.slice(0, 5)) expect(placementOf(it, name)?.status).toMatchObject(waiting);
    });
    // Room appears for two: the two of highest priority that wait take it.
    // Whoever is decided on while it appears goes by the room of that moment, so nobody's turn is under way.
    await until(() => expect(it.control().pending()).toBe(0));
    it.fleet.agent('aws').cores = 6;
    await until(() => expect(names.map((name) => placed(it, name))).toEqual(names.map((_, at) => (at < 3 ? 0 : 1))));
  });

  it('make those of lower priority give way where their policy says so, in one commit, and both are told', async () => {
    const it = await startTestHub({ home: 4 });
    await it.client.create(classesType, priorityClass('gold', 100));
    await it.client.create(policiesType, policy());
    await it.client.create(
      policiesType,
      policy({ preemption: 'LowerPriority' }, 'urgent', { labelSelector: { matchLabels: { app: 'urgent' } } }),
    );
    await it.client.create(deployments, deployment('usual', 4));
    await until(() => expect(it.fleet.agent('home').objects.size).toBe(1));
    await it.client.create(deployments, deployment('urgent', 3, 'gold'));
    await until(() => expect([placed(it, 'urgent'), placed(it, 'usual')]).toEqual([3, 1]));
    const total = (): number =>
      [...it.fleet.agent('home').objects.values()].reduce((sum, { spec }) => sum + (spec as { replicas: number }).replicas, 0);
    await until(() => expect(total()).toBe(4));
    expect(placementOf(it, 'urgent')?.status?.message).toBe('placed in 1 cluster; 3 of usual in home on home-node-0 gave way');
    expect(placementOf(it, 'usual')?.status).toMatchObject({ unplaced: 3, reason: 'Unplaced' });
    expect(placementOf(it, 'usual')?.status?.message).toContain('3 in home on home-node-0 gave way to shop/urgent');
    await until(() => {
      expect(eventsOf(it, 'usual')).toContain('Preempted: gave way to higher priority: 3 in home on home-node-0 to shop/urgent');
      expect(eventsOf(it, 'urgent')).toContain('Placed: home=3 by policy shop/urgent; 3 of usual in home on home-node-0 gave way');
    });
    await it.client.delete({ ...deployments, namespace: 'shop', name: 'urgent' });
    await until(() => expect(placed(it, 'usual')).toBe(4));
  });

  it('that are gangs run whole or not at all, and leave their room to others until they fit', async () => {
    const it = await startTestHub({ home: 4 });
    await it.client.create(classesType, priorityClass('gold', 100));
    await it.client.create(policiesType, policy({ replicaScheduling: { gang: true } }));
    await it.client.create(deployments, deployment('small', 2));
    await until(() => expect(placed(it, 'small')).toBe(2));
    await it.client.create(deployments, deployment('gang', 4, 'gold'));
    await until(() => expect(placementOf(it, 'gang')?.status?.reason).toBe('AllOrNothing'));
    expect([placed(it, 'gang'), placed(it, 'small')]).toEqual([0, 2]);
    it.fleet.agent('home').cores = 6;
    await until(() => expect([placed(it, 'gang'), placed(it, 'small')]).toEqual([4, 2]));
  });

  it('never hold more than there is, however many come at once and whoever gives way', async () => {
    const it = await startTestHub({ home: 5, aws: 3 });
    const classes = [0, 50, 100];
    for (const value of classes) await it.client.create(classesType, priorityClass(`p${value}`, value));
    await it.client.create(policiesType, policy({ preemption: 'LowerPriority' }));
    const names = Array.from({ length: 12 }, (_, at) => `w${at}`);
    await Promise.all(names.map((name, at) => it.client.create(deployments, deployment(name, 1 + (at % 3), `p${classes[at % 3]}`))));
    const settled = (): number[] => names.map((name) => placed(it, name));
    await until(() => expect(settled().reduce((sum, count) => sum + count, 0)).toBe(8));
    // Four of priority 100 ask for three replicas each: they have all eight places between them.
    await until(() => expect(names.filter((_, at) => at % 3 !== 2).map((name) => placed(it, name))).toEqual([0, 0, 0, 0, 0, 0, 0, 0]));
  });

  it('are kept out by one that is placed and must be apart from them, until it leaves', async () => {
    const it = await startTestHub({ home: 4 });
    const required = [{ selector: { matchLabels: { app: 'web' } }, topologyKey: 'hanse.dev/cluster' }];
    await it.client.create(policiesType, policy());
    await it.client.create(policiesType, policy({ workloadAntiAffinity: { required } }, 'shy', { name: 'shy' }));
    await it.client.create(deployments, deployment('shy', 1));
    await until(() => expect(placed(it, 'shy')).toBe(1));
    await it.client.create(deployments, deployment('web', 1));
    await until(() => expect(placementOf(it, 'web')?.status?.reason).toBe('NoClusterFits'));
    const decided = (await it.client.get({ ...placements, namespace: 'shop', name: 'web-deployment' })) as Placement | undefined;
    expect(decided?.status?.explanation).toMatchObject([{ cluster: 'home', eligible: false, reason: 'workloadAntiAffinity' }]);
    await it.client.delete({ ...deployments, namespace: 'shop', name: 'shy' });
    await until(() => expect(placed(it, 'web')).toBe(1));
  });

  it('have the room of a Job as soon as it has ended', async () => {
    const it = await startTestHub({ home: 2 });
    const jobs = { group: 'batch', version: 'v1', resource: 'jobs' };
    await it.client.create(policiesType, policy());
    await it.client.create(policiesType, {
      ...policy({}, 'jobs'),
      spec: { resourceSelectors: [{ apiVersion: 'batch/v1', kind: 'Job' }] },
    });
    const { spec } = deployment('count', 1) as unknown as { spec: { template: { spec: object } } };
    const template = { spec: { ...spec.template.spec, restartPolicy: 'Never' } };
    await it.client.create(jobs, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'count', namespace: 'shop' },
      spec: { parallelism: 2, completions: 2, template },
    });
    await until(() => expect(it.fleet.agent('home').objects.size).toBe(1));
    await it.client.create(deployments, deployment('web', 2));
    await until(() => expect(placementOf(it, 'web')?.status?.unplaced).toBe(2));
    const conditions = [{ type: 'Complete', status: 'True' }];
    it.fleet.tell('home', 'batch=jobs=shop=count', { succeeded: 2, completionTime: '2030-01-01T00:01:00Z', conditions });
    await until(() => expect(placed(it, 'web')).toBe(2));
  });
});

describe('a cluster whose pods wait for their scheduler', () => {
  it('gets no more than it holds, though a tainted node beside is empty', async () => {
    const it = await startTestHub({ home: 4, aws: 64 });
    Object.assign(it.fleet.agent('home'), { taintedCores: 64, isBinding: false });
    const tier = (name: string, provider: string) => ({ name, clusterSelector: { matchLabels: { 'hanse.dev/provider': provider } } });
    await it.client.create(policiesType, policy({ tiers: [tier('idc', 'onprem'), tier('cloud', 'aws')] }));
    await it.client.create(deployments, deployment('full', 4));
    await until(() => expect(it.fleet.agent('home').objects.size).toBe(1));
    it.fleet.beat();
    const names = Array.from({ length: 10 }, (_, at) => `small-${at}`);
    for (const name of names) await it.client.create(deployments, deployment(name, 1, undefined, '100m'));
    await until(() => expect(names.map((name) => placed(it, name))).toEqual(names.map(() => 1)));
    const clusters = names.flatMap((name) => (placementOf(it, name)?.spec.clusters ?? []).map((one) => one.name));
    expect(new Set(clusters)).toEqual(new Set(['aws']));
  });
});
