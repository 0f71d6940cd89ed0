/** @module Plans of what has nowhere to go, beside what the loops then do: it stays where it runs, and a divided Job where it was given. */
import { describe, expect, it } from 'vitest';
import { clusters } from '../../../shared/api/cluster.ts';
import type { PlanReviewSpec, StoredPlacement } from '../../../shared/api/index.ts';
import type { AnsweredPlacement, PlanAnswer } from '../../../shared/plan/index.ts';
import { startTestHub, type TestHub } from '../testing/test-hub.ts';
import { deployment, deployments, placedAt, policiesType, policy, runningAt, until } from '../testing/web-story.ts';

const only = (...providers: string[]) => ({
  tiers: providers.map((provider) => ({ name: provider, clusterSelector: { matchLabels: { 'hanse.dev/provider': provider } } })),
});

const planned = async (of: TestHub, spec: PlanReviewSpec): Promise<AnsweredPlacement | undefined> => {
  const made = await of.control().plan(spec);
  if (!made.ok) throw new Error(made.message);
  return (made.value as PlanAnswer).placements[0];
};
const placementAt = ({ store }: TestHub, kind: string): StoredPlacement | undefined =>
  store.get(`hanse.dev/placements/shop/web-${kind}`)?.object as StoredPlacement | undefined;
/** `home=4 Deselected`, as the plan foretells it. */
const foretold = (plan: AnsweredPlacement | undefined): string[] =>
  (plan?.staying ?? []).map(({ cluster, replicas, reason }) => `${cluster}=${replicas} ${reason}`);
const told = (of: TestHub): string[] =>
  (placementAt(of, 'deployment')?.status?.staying ?? []).map(({ name, replicas, reason }) => `${name}=${replicas} ${reason}`);

describe('a plan of what finds no other place', () => {
  const runningAtHome = async (): Promise<TestHub> => {
    const hub = await startTestHub({ home: 8, aws: 2 });
    await hub.client.create(policiesType, policy(only('onprem')));
    await hub.client.create(deployments, deployment(6));
    await until(() => expect(runningAt(hub, 'home')).toBe(6));
    hub.fleet.beat();
    return hub;
  };

  it('that a policy selects no more says what then stays', async () => {
    const hub = await runningAtHome();
    const plan = await planned(hub, { objects: [policy(only('aws'))] });
    expect(plan).toMatchObject({
      unplaced: 4,
      clusters: [
        { cluster: 'aws', replicas: 2 },
        { cluster: 'home', before: 6, replicas: 0 },
      ],
    });
    expect(foretold(plan)).toEqual(['home=4 Deselected']);
    await hub.client.patch({ ...policiesType, namespace: 'shop', name: 'web' }, 'application/merge-patch+json', { spec: only('aws') });
    await until(() => expect([placedAt(hub), runningAt(hub, 'home'), told(hub)]).toEqual([{ aws: 2 }, 4, foretold(plan)]));
    const again = await planned(hub, { all: true });
    expect(again).toMatchObject({ asBefore: true, staying: [{ cluster: 'home', before: 4, replicas: 4 }] });
  });

  it('and whose cluster would be drained says what then stays', async () => {
    const hub = await runningAtHome();
    await hub.client.patch({ ...policiesType, namespace: 'shop', name: 'web' }, 'application/merge-patch+json', {
      spec: only('onprem', 'aws'),
    });
    await until(() => expect(hub.control().pending()).toBe(0));
    const plan = await planned(hub, { drain: ['home'] });
    expect(foretold(plan)).toEqual(['home=4 Drained']);
    await hub.client.patch({ ...clusters, name: 'home' }, 'application/merge-patch+json', { spec: { drain: {} } });
    await until(() => expect([placedAt(hub), told(hub)]).toEqual([{ aws: 2 }, foretold(plan)]));
  });
});

describe('a plan of a divided Job', () => {
  const selector = { apiVersion: 'batch/v1', kind: 'Job' };
  const start = async (): Promise<TestHub> => {
    const hub = await startTestHub({ home: 4, aws: 4, gcp: 4 });
    await hub.client.create(
      policiesType,
      policy({ ...only(), resourceSelectors: [selector], replicaScheduling: { strategy: 'Weighted' } }),
    );
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } };
    const spec = { parallelism: 9, completions: 9, template };
    await hub.client.create(
      { group: 'batch', version: 'v1', resource: 'jobs' },
      { ...selector, metadata: { name: 'web', namespace: 'shop' }, spec },
    );
    await until(() => expect(placementAt(hub, 'job')?.spec.clusters).toHaveLength(3));
    return hub;
  };

  it('moves none of its parts for another policy, as the hub moves none', async () => {
    const hub = await start();
    const next = policy({ ...only('aws', 'gcp'), resourceSelectors: [selector], replicaScheduling: { strategy: 'Weighted' } });
    const plan = await planned(hub, { objects: [next], all: true });
    expect(plan?.clusters.map(({ cluster, before, replicas }) => [cluster, before, replicas])).toEqual([
      ['aws', 3, 3],
      ['gcp', 3, 3],
      ['home', 3, 3],
    ]);
    expect(plan).toMatchObject({ unplaced: 0 });
  });

  it('says that completions wait where a cluster is lost and every other one has its part', async () => {
    const hub = await start();
    const plan = await planned(hub, { lose: ['gcp'] });
    expect(plan?.message).toMatch(/^3 of 9 completions wait for a cluster that has no part of the Job/);
    expect(plan?.unplaced).toBeGreaterThan(0);
    hub.fleet.agent('gcp').cutOff = true;
    await until(() => expect(placementAt(hub, 'job')?.status?.message).toBe(plan?.message));
  });
});
