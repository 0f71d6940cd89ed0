/** @module The loops together when a policy is changed so that it selects other clusters: what runs, and finds no place there, stays. */
import { describe, expect, it } from 'vitest';
import { type Placement, placementType, type StoredPlacement } from '../../shared/api/index.ts';
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
  until,
  web,
  webPlacement,
  workId,
} from './testing/web-story.ts';

const only = (provider: string): { readonly tiers: readonly unknown[] } => ({
  tiers: [{ name: provider, clusterSelector: { matchLabels: { 'hanse.dev/provider': provider } } }],
});

const change = ({ client }: TestHub, spec: Record<string, unknown>): Promise<KubeObject> =>
  client.patch({ ...policiesType, namespace: 'shop', name: 'web' }, 'application/merge-patch+json', { spec });

/** A hub whose workload is in `home` alone. */
const runningAtHome = async (sizes: { readonly home: number; readonly aws: number }, replicas: number, spec = {}): Promise<TestHub> => {
  const it = await startTestHub(sizes);
  await it.client.create(policiesType, policy({ ...only('onprem'), ...spec }));
  await it.client.create(deployments, deployment(replicas));
  await until(() => expect(runningAt(it, 'home')).toBe(replicas));
  it.fleet.beat();
  return it;
};

const status = ({ store }: TestHub): StoredPlacement['status'] =>
  (store.get('hanse.dev/placements/shop/web-deployment')?.object as StoredPlacement | undefined)?.status;
const calm = (it: TestHub): Promise<void> => until(() => expect(it.control().pending()).toBe(0));
const replicasToldTo = ({ fleet }: TestHub, name: string): (number | undefined)[] =>
  fleet.agent(name).taken.map(({ object }) => (object?.spec as { replicas?: number } | undefined)?.replicas);

describe('a policy that selects another cluster than before', () => {
  it('moves what has room there, and the rest stays and is told, until there is room', async () => {
    const it = await runningAtHome({ home: 8, aws: 2 }, 6);
    await change(it, only('aws'));
    await until(() => expect([placedAt(it), runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([{ aws: 2 }, 4, 2]));
    await until(() => expect(status(it)).toMatchObject({ unplaced: 4, staying: [{ name: 'home', replicas: 4, reason: 'Deselected' }] }));
    const told = (await it.client.get(webPlacement)) as unknown as Placement;
    expect(told.status?.message).toMatch(
      /^stays on home, which the policy selects no more, until another cluster takes it; 4 of 6 replicas/,
    );
    expect(placementType.cells(told as unknown as KubeObject, 0)[2]).toBe('aws=2,home=4(deselected)');
    it.fleet.agent('aws').cores = 8;
    await until(() => expect([placedAt(it), runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([{ aws: 6 }, undefined, 6]));
    // Never fewer than wanted: what goes has a replacement that is ready.
    expect(status(it)?.staying).toBeUndefined();
    expect(replicasToldTo(it, 'home')).toEqual([6, 4, undefined]);
  });

  it.each<[rule: string, sizes: { home: number; aws: number }, spec: Record<string, unknown>]>([
    ['is full', { home: 4, aws: 0 }, only('aws')],
    ['is not there', { home: 4, aws: 4 }, only('nobody')],
    [
      'alone has a weight, and is full',
      { home: 4, aws: 0 },
      {
        tiers: [],
        replicaScheduling: {
          strategy: 'Weighted',
          weights: [{ clusterSelector: { matchLabels: { 'hanse.dev/provider': 'aws' } }, weight: 1 }],
        },
      },
    ],
  ])('stops nothing where that cluster %s, and brings what stays its changes', async (_, sizes, spec) => {
    const it = await runningAtHome(sizes, 3);
    await change(it, spec);
    await until(() => expect(status(it)?.staying).toMatchObject([{ name: 'home', reason: 'Deselected' }]));
    await it.client.patch(web, 'application/merge-patch+json', { metadata: { labels: { changed: 'yes' } } });
    await until(() => expect(it.fleet.agent('home').objects.get(workId)?.metadata.labels).toMatchObject({ changed: 'yes' }));
    await calm(it);
    expect(new Set(replicasToldTo(it, 'home'))).toEqual(new Set([3]));
  });

  it('stops nothing either when a surplus waits for no time', async () => {
    const it = await runningAtHome({ home: 8, aws: 2 }, 6, { failover: { surplusSeconds: 0 } });
    await change(it, only('aws'));
    await until(() => expect([placedAt(it), runningAt(it, 'home')]).toEqual([{ aws: 2 }, 4]));
    await calm(it);
    expect(runningAt(it, 'home')).toBe(4);
  });

  it('places it again where it stays when the change is taken back, and stops none of it', async () => {
    const it = await runningAtHome({ home: 3, aws: 0 }, 3);
    await change(it, only('aws'));
    await until(() => expect(placedAt(it)).toEqual({}));
    await calm(it);
    await change(it, only('onprem'));
    await until(() => expect(placedAt(it)).toEqual({ home: 3 }));
    await calm(it);
    expect(new Set(replicasToldTo(it, 'home'))).toEqual(new Set([3]));
  });

  it.each<[rule: string, act: (it: TestHub) => Promise<unknown>]>([
    [
      'where its data may not be any more',
      (it) => change(it, { ...only('aws'), residency: { topologyKey: 'hanse.dev/provider', values: ['aws'] } }),
    ],
    [
      'where a taint drives it out',
      async (it) => {
        await change(it, only('aws'));
        await it.client.patch(clusterAt('home'), 'application/merge-patch+json', {
          spec: { taints: [{ key: 'out', effect: 'NoExecute' }] },
        });
      },
    ],
  ])('leaves nothing %s', async (_, act) => {
    const it = await runningAtHome({ home: 4, aws: 0 }, 3);
    await act(it);
    await until(() => expect(runningAt(it, 'home')).toBeUndefined());
    expect([placedAt(it), status(it)?.unplaced]).toEqual([{}, 3]);
  });

  it('leaves a CronJob where it runs when no cluster is left for it', async () => {
    const it = await startTestHub({ home: 4, aws: 4 });
    const selected = { resourceSelectors: [{ apiVersion: 'batch/v1', kind: 'CronJob' }] };
    await it.client.create(policiesType, policy({ ...only('onprem'), ...selected }));
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } };
    await it.client.create(
      { group: 'batch', version: 'v1', resource: 'cronjobs' },
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'tidy', namespace: 'shop' },
        spec: { schedule: '0 0 * * *', jobTemplate: { spec: { template } } },
      },
    );
    const id = 'batch=cronjobs=shop=tidy';
    await until(() => expect(it.fleet.agent('home').objects.has(id)).toBe(true));
    await change(it, { ...only('nobody'), ...selected });
    const placement = (): StoredPlacement | undefined =>
      it.store.get('hanse.dev/placements/shop/tidy-cronjob')?.object as StoredPlacement | undefined;
    await until(() => expect(placement()?.spec.clusters).toEqual([]));
    await calm(it);
    expect([placement()?.status?.staying, it.fleet.agent('home').objects.has(id)]).toEqual([
      [{ name: 'home', reason: 'Deselected' }],
      true,
    ]);
  });

  it.each<[kind: string, workload: KubeObject, id: string, next: string]>([
    ['replicas', deployment(6), workId, 'aws'],
    [
      'a CronJob',
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'web', namespace: 'shop' },
        spec: {
          schedule: '0 0 * * *',
          jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } } } },
        },
      },
      'batch=cronjobs=shop=web',
      'nobody',
    ],
  ])('leaves %s in a cluster that is lost for a moment afterwards and comes back', async (_, workload, id, next) => {
    const it = await startTestHub({ home: 8, aws: 2 });
    const { apiVersion, kind } = workload;
    const selected = { resourceSelectors: [{ apiVersion, kind }] };
    await it.client.create(policiesType, policy({ ...only('onprem'), ...selected }));
    await it.client.create({ group: apiVersion.slice(0, -3), version: 'v1', resource: `${kind.toLowerCase()}s` }, workload);
    await until(() => expect(it.fleet.agent('home').objects.has(id)).toBe(true));
    await change(it, only(next));
    const placementKey = `hanse.dev/placements/shop/web-${kind.toLowerCase()}`;
    const why = (): unknown => (it.store.get(placementKey)?.object as StoredPlacement | undefined)?.status?.staying?.[0]?.reason;
    await until(() => expect(why()).toBe('Deselected'));
    it.fleet.agent('home').cutOff = true;
    await until(() => expect(why()).toBe('Lost'));
    it.fleet.agent('home').cutOff = false;
    await until(() => expect(why()).toBe('Deselected'));
    await calm(it);
    expect([why(), it.fleet.agent('home').taken.filter(({ op }) => op === 'withdraw')]).toEqual(['Deselected', []]);
  });
});
