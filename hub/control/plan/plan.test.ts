/** @module Plans over the hub's state: what is told is what the loops then do, and nothing is written. */
import { describe, expect, it, vi } from 'vitest';
import { clusters } from '../../../shared/api/cluster.ts';
import type { PlanReviewSpec, StoredPlacement } from '../../../shared/api/index.ts';
import { type Loss, type PlanAnswer, planExitCode } from '../../../shared/plan/index.ts';
import { deployment, policy } from '../../../shared/plan/testing.ts';
import { startTestHub, type TestHub } from '../testing/test-hub.ts';

const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const policies = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placementpolicies' };

const byProvider = (value: string) => ({ matchLabels: { 'hanse.dev/provider': value } });
const ownFirst = {
  tiers: [
    { name: 'own', clusterSelector: byProvider('onprem') },
    { name: 'cloud', clusterSelector: byProvider('aws') },
  ],
};
const taint = (name: string) => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name },
  spec: { taints: [{ key: 'maintenance', effect: 'NoExecute' }] },
});

const placedAt = ({ store }: TestHub, name = 'web'): Record<string, number | undefined> => {
  const placement = store.get(`hanse.dev/placements/shop/${name}-deployment`)?.object as StoredPlacement | undefined;
  return Object.fromEntries((placement?.spec.clusters ?? []).map(({ name: cluster, replicas }) => [cluster, replicas]));
};
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 8_000, interval: 20 });

const asked = async (of: TestHub, spec: PlanReviewSpec): Promise<PlanAnswer> => {
  const made = await of.control().plan(spec);
  if (!made.ok) throw new Error(made.field === undefined ? made.message : `${made.field}: ${made.message}`);
  return made.value as PlanAnswer;
};
const thenAt = ({ placements }: PlanAnswer, name = 'web'): Record<string, number> | undefined => {
  const found = placements.find(({ object }) => object.name === name);
  return found === undefined
    ? undefined
    : Object.fromEntries(found.clusters.flatMap(({ cluster, replicas }) => (replicas > 0 ? [[cluster, replicas]] : [])));
};

/** A hub with six replicas of web: four in the own data centre, which is full then, and two in the cloud. */
const burst = async (): Promise<TestHub> => {
  const it = await startTestHub({ home: 4, aws: 20 });
  await it.client.create(policies, policy(ownFirst));
  await it.client.create(deployments, deployment('web', 6));
  await until(() => expect(placedAt(it)).toEqual({ home: 4, aws: 2 }));
  return it;
};

describe('a plan of the hub', () => {
  it('says of what a workload of the hub or of the files names that it follows, not that no policy selects it', async () => {
    const it = await startTestHub({ home: 4 });
    const web = deployment('web', 1);
    const [container] = web.spec.template.spec.containers;
    const named = { ...container, envFrom: [{ configMapRef: { name: 'cfg' } }] };
    await it.client.create(policies, policy());
    await it.client.create(deployments, {
      ...web,
      spec: { ...web.spec, template: { ...web.spec.template, spec: { containers: [named] } } },
    });
    const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' } });
    const { following, unselected } = await asked(it, { objects: [map('cfg'), map('stray')] });
    expect(following?.map((one) => [one.object.name, one.with.name])).toEqual([['cfg', 'web']]);
    expect(unselected?.map(({ name }) => name)).toEqual(['stray']);
  });

  it('tells what then happens, for a new policy with its workload, and writes nothing', async () => {
    const it = await startTestHub({ home: 4, aws: 20 });
    await until(() =>
      expect(
        it
          .control()
          .directory.views()
          .every(({ room }) => room !== undefined),
      ).toBe(true),
    );
    const objects = [policy(ownFirst), deployment('web', 6)];
    const before = it.store.list('').length;
    const plan = await asked(it, { objects });
    expect(thenAt(plan)).toEqual({ home: 4, aws: 2 });
    expect(it.store.list('').length).toBe(before);
    await it.client.create(policies, policy(ownFirst));
    await it.client.create(deployments, deployment('web', 6));
    await until(() => expect(placedAt(it)).toEqual(thenAt(plan)));
  });

  it('of a taint tells what then moves; the other fields of the Cluster stay', async () => {
    const it = await burst();
    const plan = await asked(it, { objects: [taint('home')] });
    expect(thenAt(plan)).toEqual({ aws: 6 });
    await it.client.patch({ ...clusters, name: 'home' }, 'application/merge-patch+json', taint('home'));
    await until(() => expect(placedAt(it)).toEqual({ aws: 6 }));
  });

  it('does not touch the room of the loops: what is planned twice comes out the same', async () => {
    const it = await burst();
    const ask = () => asked(it, { objects: [deployment('api', 18)] });
    const first = await ask();
    expect(thenAt(first, 'api')).toEqual({ aws: 18 });
    expect(await ask()).toEqual(first);
  });

  it('tells of what changes only, unless all is asked for', async () => {
    const it = await burst();
    expect(await asked(it, {})).toMatchObject({ placements: [], unchanged: 1 });
    expect((await asked(it, { all: true })).placements).toMatchObject([{ object: { name: 'web' }, unplaced: 0 }]);
  });

  it('leaves an Indexed Job that was divided before its parts, as the decision does', async () => {
    const hub = await startTestHub({ home: 4, aws: 4 });
    const job = (completionMode: string) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'work', namespace: 'shop' },
      spec: {
        parallelism: 6,
        completions: 6,
        completionMode,
        template: { spec: { ...deployment('work', 1).spec.template.spec, restartPolicy: 'Never' } },
      },
    });
    await hub.client.create(policies, policy({ resourceSelectors: [{ apiVersion: 'batch/v1', kind: 'Job' }] }));
    await hub.client.create({ group: 'batch', version: 'v1', resource: 'jobs' }, job('NonIndexed'));
    const parts = () => (hub.store.get('hanse.dev/placements/shop/work-job')?.object as StoredPlacement | undefined)?.spec.clusters.length;
    await until(() => expect(parts()).toBe(2));
    const answer = await asked(hub, { objects: [job('Indexed')], all: true });
    expect(thenAt(answer, 'work')).toEqual({ home: 3, aws: 3 });
  });

  it('tells of what was unplaced before and stays so, and answers the same code, whether all is asked for or not', async () => {
    const it = await startTestHub({ home: 4 });
    await it.client.create(policies, policy());
    await it.client.create(deployments, deployment('web', 6));
    await until(() => expect(placedAt(it)).toEqual({ home: 4 }));
    for (const all of [false, true]) {
      const plan = await asked(it, { all });
      expect(plan.stillUnplaced).toBe(2);
      expect(planExitCode(plan)).toBe(0);
      const more = await asked(it, { all, objects: [deployment('web', 7)] });
      expect(more.stillUnplaced).toBeUndefined();
      expect(planExitCode(more)).toBe(2);
      const same = await asked(it, { all, objects: [deployment('web', 6)] });
      expect(planExitCode(same)).toBe(2);
    }
  });

  it('places small replicas beside those that make others give way', async () => {
    const it = await startTestHub({ home: 4 });
    const asking = (name: string, replicas: number, cpu: string, more: object = {}) => {
      const made = deployment(name, replicas);
      const containers = [{ name: 'c', image: 'nginx:1', resources: { requests: { cpu } } }];
      return { ...made, spec: { ...made.spec, template: { ...made.spec.template, spec: { ...more, containers } } } };
    };
    const gold = {
      ...policy({ resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'gold' }], preemption: 'LowerPriority' }),
      metadata: { name: 'gold', namespace: 'shop' },
    };
    await it.client.create(policies, policy());
    await it.client.create(deployments, asking('web', 2, '1500m'));
    await until(() => expect(placedAt(it)).toEqual({ home: 2 }));
    const high = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1_000 };
    const objects = [high, gold, asking('gold', 2, '1500m', { priorityClassName: 'high' }), asking('small', 6, '100m')];
    const plan = await asked(it, { objects });
    expect([thenAt(plan, 'gold'), thenAt(plan, 'small')]).toEqual([{ home: 2 }, { home: 6 }]);
    expect(plan.preempted).toMatchObject([{ object: { name: 'web' }, by: { name: 'gold' }, replicas: 2 }]);
  });

  it('of a deleted object tells that it goes', async () => {
    const it = await burst();
    const deletions = [{ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' }];
    expect((await asked(it, { deletions })).placements).toMatchObject([
      {
        object: { name: 'web' },
        clusters: [
          { before: 2, replicas: 0 },
          { before: 4, replicas: 0 },
        ],
      },
    ]);
  });

  it('of a loss moves only what was there, and says what does not fit', async () => {
    const it = await startTestHub({ home: 4, aws: 5 });
    await it.client.create(policies, policy(ownFirst));
    await it.client.create(deployments, deployment('web', 6));
    await until(() => expect(placedAt(it)).toEqual({ home: 4, aws: 2 }));
    const plan = await asked(it, { lose: ['home'] });
    expect(plan.placements).toMatchObject([
      {
        unplaced: 1,
        clusters: [
          { cluster: 'aws', before: 2, replicas: 5 },
          { cluster: 'home', before: 4, replicas: 0 },
        ],
      },
    ]);
    // Three nodes' worth of cores more, and everything fits.
    const addNodes = [{ cluster: 'aws', count: 1, resources: { cpu: '4', memory: '16Gi' } }];
    expect((await asked(it, { lose: ['home'], addNodes })).placements).toMatchObject([{ unplaced: 0 }]);
    const { losses } = (await asked(it, { everyLoss: true })) as unknown as { losses: readonly Loss[] };
    expect(losses.map(({ cluster, moved, unplaced }) => [cluster, moved, unplaced])).toEqual([
      ['aws', 0, 2],
      ['home', 3, 1],
    ]);
  });

  it.each<[string, PlanReviewSpec, RegExp]>([
    ['a cluster to lose that is not there', { lose: ['gone'] }, /^lose\[0\]: no cluster "gone"; known are aws, home/],
    [
      'an object to delete that is not there',
      { deletions: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' }] },
      /deletions\[0\]: there is no Deployment default\/x/,
    ],
    [
      'a kind that is not served',
      { objects: [{ apiVersion: 'a.b/v1', kind: 'C', metadata: { name: 'x' } }] },
      /the hub does not serve C of a\.b\/v1/,
    ],
    [
      'a quantity that is none',
      { addNodes: [{ cluster: 'aws', count: 1, resources: { cpu: '12x' } }] },
      /addNodes\[0\]\.resources\[cpu\]: "12x" is no quantity/,
    ],
    [
      'nodes for a cluster that is not there',
      { addNodes: [{ cluster: 'x', count: 1, resources: { cpu: '1' } }] },
      /^addNodes\[0\]\.cluster: no cluster "x"/,
    ],
  ])('refuses %s', async (_, spec, message) => {
    const it = await startTestHub({ home: 4, aws: 5 });
    await expect(asked(it, spec)).rejects.toThrow(message);
  });
});
