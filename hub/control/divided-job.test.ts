/** @module The loops together for a Job that runs in several clusters: each has a part of its completions, or all of them. */
import { describe, expect, it } from 'vitest';
import type { Placement } from '../../shared/api/index.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { startTestHub, type TestHub } from './testing/test-hub.ts';
import { policiesType, policy, until } from './testing/web-story.ts';

const jobs = { group: 'batch', version: 'v1', resource: 'jobs' };
const selector = { apiVersion: 'batch/v1', kind: 'Job' };
const address = { ...jobs, namespace: 'shop', name: 'web' };
/** One that gives each cluster all of a Job looks at no tiers. */
const under = (strategy: string): KubeObject =>
  policy({ resourceSelectors: [selector], replicaScheduling: { strategy }, ...(strategy === 'Duplicated' ? { tiers: [] } : {}) });
const id = 'batch=jobs=shop=web';

const partAt = ({ fleet }: TestHub, cluster: string): number | undefined =>
  (fleet.agent(cluster).objects.get(id)?.spec as { completions?: number } | undefined)?.completions;
const finish = ({ fleet }: TestHub, cluster: string, succeeded: number): void =>
  fleet.tell(cluster, id, { succeeded, conditions: [{ type: 'Complete', status: 'True', reason: 'CompletionsReached' }] });
const isComplete = async ({ client }: TestHub): Promise<boolean> => {
  const { conditions = [] } = ((await client.get(address))?.status ?? {}) as { conditions?: { type: string; status: string }[] };
  return conditions.some(({ type, status }) => type === 'Complete' && status === 'True');
};

const container = { name: 'c', image: 'x', resources: { requests: { cpu: '1' } } };
const startJob = async (capacity: Record<string, number>, strategy = 'Weighted', parallelism = 2): Promise<TestHub> => {
  const hub = await startTestHub(capacity);
  const template = { spec: { restartPolicy: 'Never', containers: [container] } };
  await hub.client.create(policiesType, under(strategy));
  await hub.client.create(jobs, {
    ...selector,
    metadata: { name: 'web', namespace: 'shop' },
    spec: { parallelism, completions: 8, template },
  });
  return hub;
};

describe('a divided Job', () => {
  it('completes after it was suspended and resumed: what moves none of its parts has been seen', async () => {
    const hub = await startJob({ home: 4, aws: 4 });
    await until(() => expect([partAt(hub, 'home'), partAt(hub, 'aws')]).toEqual([4, 4]));
    for (const suspend of [true, false]) await hub.client.patch(address, 'application/merge-patch+json', { spec: { suspend } });
    await until(() => expect(hub.control().pending()).toBe(0));
    for (const cluster of ['home', 'aws']) finish(hub, cluster, 4);
    await until(async () => expect(await isComplete(hub)).toBe(true));
  });

  it('completes after its policy went and came again', async () => {
    const hub = await startJob({ home: 4, aws: 4 });
    await until(() => expect([partAt(hub, 'home'), partAt(hub, 'aws')]).toEqual([4, 4]));
    const reason = (): unknown =>
      (hub.store.get('hanse.dev/placements/shop/web-job')?.object.status as { reason?: string } | undefined)?.reason;
    await hub.client.delete({ ...policiesType, namespace: 'shop', name: 'web' });
    await until(() => expect(reason()).toBe('NoPolicy'));
    await hub.client.create(policiesType, under('Weighted'));
    await until(() => expect(reason()).toBe('Placed'));
    expect([partAt(hub, 'home'), partAt(hub, 'aws')]).toEqual([4, 4]);
  });

  it('gives a cluster that was lost for a while its part back when nobody took it', async () => {
    const hub = await startJob({ home: 4, aws: 4 });
    await until(() => expect([partAt(hub, 'home'), partAt(hub, 'aws')]).toEqual([4, 4]));
    hub.fleet.agent('aws').cutOff = true;
    await until(() => expect(hub.control().directory.view('aws')?.taints.length).toBeGreaterThan(0));
    hub.fleet.agent('aws').cutOff = false;
    await until(() => expect(hub.control().pending()).toBe(0));
    // Nobody could take it: it has its part still.
    expect(partAt(hub, 'aws')).toBe(4);
    for (const cluster of ['home', 'aws']) finish(hub, cluster, 4);
    await until(async () => expect(await isComplete(hub)).toBe(true));
  });

  it('keeps the part with its taker over the return of the cluster that had it', async () => {
    const hub = await startJob({ home: 4, aws: 4, gcp: 4 });
    const given = (): string[] => ['home', 'aws', 'gcp'].filter((name) => partAt(hub, name) !== undefined);
    await until(() => expect(given()).toHaveLength(2));
    const [stays = '', lost = ''] = given();
    const taker = ['home', 'aws', 'gcp'].find((name) => name !== stays && name !== lost) ?? '';
    hub.fleet.agent(lost).cutOff = true;
    await until(() => expect(partAt(hub, taker)).toBe(4));
    hub.fleet.agent(lost).cutOff = false;
    await until(() => expect(given().toSorted()).toEqual([stays, taker].toSorted()));
    expect(hub.fleet.agent(taker).taken.filter(({ op }) => op === 'withdraw')).toEqual([]);
    for (const cluster of [stays, taker]) finish(hub, cluster, 4);
    await until(async () => expect(await isComplete(hub)).toBe(true));
    expect((await hub.client.get(address))?.status).toMatchObject({ succeeded: 8 });
  });
});

describe('a divided Job of which not all pods find room', () => {
  const classes = { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' };
  const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
  const podsAt = ({ fleet }: TestHub, cluster: string): number | undefined =>
    (fleet.agent(cluster).objects.get(id)?.spec as { parallelism?: number } | undefined)?.parallelism;
  const messageOf = ({ store }: TestHub): string | undefined =>
    (store.get('hanse.dev/placements/shop/web-job')?.object as unknown as Placement | undefined)?.status?.message;
  const withdrawals = ({ fleet }: TestHub): number =>
    ['home', 'aws'].flatMap((name) => fleet.agent(name).taken.filter((item) => item.id === id && item.op === 'withdraw')).length;
  /** Makes all of the Job in `home` give way. */
  const preempt = async ({ client }: TestHub): Promise<void> => {
    await client.create(classes, { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'gold' }, value: 100 });
    const { metadata, spec, ...rest } = policy({
      resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }],
      preemption: 'LowerPriority',
      residency: { topologyKey: 'hanse.dev/cluster', values: ['home'] },
    });
    await client.create(policiesType, { ...rest, metadata: { ...metadata, name: 'gold' }, spec });
    const template = { metadata: { labels: { app: 'gold' } }, spec: { priorityClassName: 'gold', containers: [container] } };
    await client.create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'gold', namespace: 'shop' },
      spec: { replicas: 4, selector: { matchLabels: { app: 'gold' } }, template },
    });
  };

  it('keeps the part that gives way, without pods, and goes on with it when there is room again', async () => {
    const hub = await startJob({ home: 4, aws: 4 }, 'Weighted', 8);
    await until(() => expect([podsAt(hub, 'home'), podsAt(hub, 'aws')]).toEqual([4, 4]));
    hub.fleet.tell('home', id, { active: 4, succeeded: 3 });
    await preempt(hub);
    await until(() => expect([podsAt(hub, 'home'), podsAt(hub, 'aws')]).toEqual([0, 4]));
    expect([partAt(hub, 'home'), partAt(hub, 'aws')]).toEqual([4, 4]);
    expect(messageOf(hub)).toContain('the part of home waits there for room, with what was done of it');
    await hub.client.delete({ ...deployments, namespace: 'shop', name: 'gold' });
    await until(() => expect([podsAt(hub, 'home'), podsAt(hub, 'aws')]).toEqual([4, 4]));
    expect([partAt(hub, 'home'), partAt(hub, 'aws'), withdrawals(hub)]).toEqual([4, 4, 0]);
  });

  it('is complete once its parts are, though fewer run at once than it asks for', async () => {
    const hub = await startJob({ home: 2, aws: 4 }, 'Capacity', 8);
    await until(() => expect([podsAt(hub, 'home'), podsAt(hub, 'aws')]).toEqual([2, 4]));
    const [home = 0, aws = 0] = [partAt(hub, 'home'), partAt(hub, 'aws')];
    expect(home + aws).toBe(8);
    finish(hub, 'home', home);
    finish(hub, 'aws', aws);
    await until(async () => expect(await isComplete(hub)).toBe(true));
  });

  it('is not complete while a part waits for room', async () => {
    const hub = await startJob({ home: 4, aws: 4 }, 'Weighted', 8);
    await until(() => expect([podsAt(hub, 'home'), podsAt(hub, 'aws')]).toEqual([4, 4]));
    await preempt(hub);
    await until(() => expect(podsAt(hub, 'home')).toBe(0));
    finish(hub, 'aws', 4);
    await until(async () => expect((await hub.client.get(address))?.status).toMatchObject({ succeeded: 4 }));
    expect(await isComplete(hub)).toBe(false);
  });

  it('keeps its parts over a pause in which others take the room', async () => {
    const hub = await startJob({ home: 4, aws: 4 }, 'Weighted', 8);
    await until(() => expect([podsAt(hub, 'home'), podsAt(hub, 'aws')]).toEqual([4, 4]));
    await hub.client.patch(address, 'application/merge-patch+json', { spec: { parallelism: 0 } });
    await until(() => expect([podsAt(hub, 'home'), podsAt(hub, 'aws')]).toEqual([0, 0]));
    await until(() => expect(messageOf(hub)).toBe('no replicas are asked for'));
    await preempt(hub);
    await until(() => expect(hub.fleet.agent('home').objects.size).toBe(2));
    await hub.client.patch(address, 'application/merge-patch+json', { spec: { parallelism: 4 } });
    await until(() => expect([podsAt(hub, 'home'), podsAt(hub, 'aws')]).toEqual([0, 4]));
    expect([partAt(hub, 'home'), partAt(hub, 'aws'), withdrawals(hub)]).toEqual([4, 4, 0]);
  });
});

describe('a Job that runs whole in each cluster', () => {
  it('runs on in a cluster that was lost for a while, whatever was changed meanwhile', async () => {
    const hub = await startJob({ home: 4, aws: 4 }, 'Duplicated');
    const placed = (): string[] =>
      (hub.store.get('hanse.dev/placements/shop/web-job')?.object as unknown as Placement | undefined)?.spec.clusters.map(
        ({ name }) => name,
      ) ?? [];
    await until(() => expect([partAt(hub, 'home'), partAt(hub, 'aws')]).toEqual([8, 8]));
    hub.fleet.agent('home').cutOff = true;
    await until(() => expect(placed()).toEqual(['aws']));
    await hub.client.patch(address, 'application/merge-patch+json', { spec: { parallelism: 3 } });
    await until(() => expect(hub.fleet.agent('aws').objects.get(id)?.spec).toMatchObject({ parallelism: 3 }));
    hub.fleet.agent('home').cutOff = false;
    await until(() => expect(placed()).toEqual(['aws', 'home']));
    await until(() => expect(hub.fleet.agent('home').objects.get(id)?.spec).toMatchObject({ parallelism: 3 }));
    expect(new Set(hub.fleet.agent('home').taken.map(({ op }) => op))).toEqual(new Set(['apply']));
  });
});
