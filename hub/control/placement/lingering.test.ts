/** @module Rules of what lingers in a cluster that is drained or left out: it is there, whatever the last report of the cluster shows. */
import { expect, it } from 'vitest';
import type { StoredPlacement } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { deployment } from '../../../shared/plan/testing.ts';
import { startTestHub, type TestHub } from '../testing/test-hub.ts';
import { clusterAt, deployments, policiesType, until } from '../testing/web-story.ts';
import type { Told } from '../work/replicas.ts';
import { lingeringOf } from './entry.ts';

const merge = 'application/merge-patch+json';

const placement = (it: TestHub, name: string): StoredPlacement | undefined =>
  it.store.get(`hanse.dev/placements/shop/${name}-deployment`)?.object as StoredPlacement | undefined;
const placedIn = (it: TestHub, name: string): number =>
  (placement(it, name)?.spec.clusters ?? []).reduce((sum, { replicas = 0 }) => sum + replicas, 0);

it('keeps its room when the drain is taken back before the cluster has reported it', async () => {
  const it = await startTestHub({ home: 8 });
  const home = clusterAt('home');
  for (const name of ['api', 'web'])
    await it.client.create(policiesType, {
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'PlacementPolicy',
      metadata: { name, namespace: 'shop' },
      spec: { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name }] },
    });
  await until(() => expect(it.control().directory.get('home')?.report).toBeDefined());
  it.fleet.agent('home').isReporting = false;
  // The older of two is decided on first.
  await it.client.create(deployments, deployment('api', 0));
  await until(() => expect(placement(it, 'api')?.status).toMatchObject({ replicas: 0 }));
  await it.client.create(deployments, deployment('web', 5));
  await until(() => expect(placedIn(it, 'web')).toBe(5));
  await it.client.patch(home, merge, { spec: { drain: {} } });
  await it.client.patch({ ...deployments, namespace: 'shop', name: 'api' }, merge, { spec: { replicas: 8 } });
  await until(() => expect([placement(it, 'web')?.status?.unplaced, placement(it, 'api')?.status?.unplaced]).toEqual([5, 8]));
  await it.client.patch(home, merge, { spec: { drain: null } });
  await until(() => expect([placedIn(it, 'web'), placedIn(it, 'api')]).toEqual([5, 3]));
  const told = it.fleet.agent('home').taken.filter(({ ref }) => ref.name === 'web');
  expect(told.map(({ op, object }) => [op, (object?.spec as { replicas?: number } | undefined)?.replicas])).toEqual([['apply', 5]]);
});

it('keeps no room for what has left when the drain is taken back after its policy is gone: others get it', async () => {
  const it = await startTestHub({ home: 4, aws: 4 });
  const [home, policies] = [clusterAt('home'), { ...policiesType, namespace: 'shop' }];
  const policy = (name: string, providers: readonly string[]): KubeObject => ({
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'PlacementPolicy',
    metadata: { name, namespace: 'shop' },
    spec: {
      resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name }],
      tiers: providers.map((provider) => ({ name: provider, clusterSelector: { matchLabels: { 'hanse.dev/provider': provider } } })),
    },
  });
  await it.client.create(policiesType, policy('web', ['onprem', 'aws']));
  await it.client.create(deployments, deployment('web', 3));
  await until(() => expect(placement(it, 'web')?.spec.clusters).toEqual([{ name: 'home', replicas: 3 }]));
  it.fleet.beat();
  await it.client.patch(home, merge, { spec: { drain: {} } });
  await until(() => expect(placement(it, 'web')?.spec.clusters).toEqual([{ name: 'aws', replicas: 3 }]));
  await until(() => expect(it.fleet.agent('home').objects.has('apps=deployments=shop=web')).toBe(false));
  await it.client.delete({ ...policies, name: 'web' });
  await until(() => expect(placement(it, 'web')?.status).toMatchObject({ reason: 'NoPolicy', owed: [{ name: 'home', replicas: 3 }] }));
  await it.client.patch(home, merge, { spec: { drain: null } });
  await until(() => expect(placement(it, 'web')?.status?.owed).toBeUndefined());
  await it.client.create(policiesType, policy('api', ['onprem']));
  await it.client.create(deployments, deployment('api', 4));
  await until(() => expect(placedIn(it, 'api')).toBe(4));
});

type Row = readonly [rule: string, told: number | undefined, shown: number, status: object, keptBack: readonly string[], there: number];
it.each<Row>([
  ['what it was told to have, of what a drain left', 3, 0, { owed: [{ name: 'a', replicas: 5, reason: 'Drained' }] }, [], 3],
  ['no more than was left', 7, 7, { staying: [{ name: 'a', replicas: 5, reason: 'Drained' }] }, [], 5],
  ['what it was told to have, of what its policy left', 3, 0, { staying: [{ name: 'a', replicas: 5, reason: 'Deselected' }] }, [], 3],
  ['what its report shows, where that is not known', undefined, 4, { owed: [{ name: 'a', replicas: 5, reason: 'Drained' }] }, [], 4],
  ['what its report shows, of what a loss left', 5, 4, { owed: [{ name: 'a', replicas: 5 }] }, [], 4],
  ['nothing of what has been told to go', 0, 2, { owed: [{ name: 'a', replicas: 5, reason: 'Drained' }] }, [], 0],
  ['what it was told to have and nobody can take from it while it is in doubt', 3, 0, {}, ['a'], 3],
  ['nothing of what went before it was in doubt', 0, 0, {}, ['a'], 0],
  ['nothing of what another in doubt has', 3, 3, {}, ['b'], 0],
])('in a cluster is %s', (_, told, shown, status, keptBack, there) => {
  const report = { present: { web: { bound: shown, pending: 0 } } };
  const directory = {
    view: () => ({ room: { report } }),
    keptBack: () => new Set(keptBack),
  } as unknown as Parameters<typeof lingeringOf>[0]['directory'];
  const asked: Told = () => told;
  const given = { spec: { clusters: [] }, status } as unknown as StoredPlacement;
  expect(lingeringOf({ directory, told: asked }, 'web', given).get('a') ?? 0).toBe(there);
});
