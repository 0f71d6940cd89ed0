/** @module What follows a workload reports back: over a real store and API server, with agents in the small. */
import { describe, expect, it, vi } from 'vitest';
import type { StoredPlacement } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { startTestHub, type TestHub } from '../testing/test-hub.ts';

const core = (resource: string) => ({ group: '', version: 'v1', resource });
const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const policies = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placementpolicies' };
const metadata = (name: string) => ({ name, namespace: 'shop' });
const settingsId = '=configmaps=shop=settings';

const settings: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('settings'), data: { a: 'ours' } };
const claim: KubeObject = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: metadata('disk'),
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};
const workload = (name: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: metadata(name),
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [{ name: 'c', image: 'nginx:1', envFrom: [{ configMapRef: { name: 'settings' } }] }],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'disk' } }],
      },
    },
  },
});
const policy: KubeObject = {
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: metadata('all'),
  spec: { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }] },
};

const until = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 8_000, interval: 20 });
const started = async (names: readonly string[], foreign: readonly string[] = []): Promise<TestHub> => {
  const it = await startTestHub({ aws: 20, gcp: 20 });
  for (const id of foreign) it.fleet.agent('aws').foreign.add(id);
  await it.client.create(core('configmaps'), settings);
  await it.client.create(core('persistentvolumeclaims'), claim);
  await it.client.create(policies, policy);
  for (const name of names) await it.client.create(deployments, workload(name));
  return it;
};
const statusOf = ({ store }: TestHub, name: string): StoredPlacement['status'] =>
  (store.get(`hanse.dev/placements/shop/${name}-deployment`)?.object as StoredPlacement | undefined)?.status;
const appliedOf = (it: TestHub, name: string): readonly (string | undefined)[] => {
  const condition = statusOf(it, name)?.conditions?.find(({ type }) => type === 'Applied');
  return [condition?.status, condition?.message];
};
const phaseOf = ({ store }: TestHub): unknown =>
  (store.get('/persistentvolumeclaims/shop/disk')?.object.status as { phase?: string })?.phase;
const tookAll = ['True', 'every cluster applied it'];

describe('status of what follows a workload', () => {
  it('is that of the clusters it followed to, and a claim keeps it there when its workload has gone', async () => {
    const it = await started(['web']);
    await until(() => expect([phaseOf(it), appliedOf(it, 'web')]).toEqual(['Bound', tookAll]));
    await it.client.delete({ ...deployments, ...metadata('web') });
    await until(() => expect(it.fleet.agent('aws').objects.has('apps=deployments=shop=web')).toBe(false));
    await until(() => expect(it.control().pending()).toBe(0));
    expect(phaseOf(it)).toBe('Bound');
  });

  it('tells on the workload what its pods need and the hub does not have', async () => {
    const it = await started(['web']);
    const told = (): readonly string[] =>
      it.store
        .list('/events/shop/')
        .filter(({ object }) => object.reason === 'MissingDependency')
        .map(({ object }) => String(object.message).split(';')[0] ?? '')
        .sort();
    await until(() => expect(appliedOf(it, 'web')).toEqual(tookAll));
    expect(told()).toEqual([]);
    await it.client.delete({ ...core('configmaps'), ...metadata('settings') });
    await until(() => expect(told()).toEqual(['not on the hub: configmaps/settings']));
    await it.client.delete({ ...core('persistentvolumeclaims'), ...metadata('disk') });
    await until(() =>
      expect(told()).toEqual(['not on the hub: configmaps/settings', 'not on the hub: configmaps/settings, persistentvolumeclaims/disk']),
    );
  });

  it('tells every workload, on both objects and by cluster, that a cluster refuses it, and takes that back when it is mended', async () => {
    const it = await started(['web', 'api'], [settingsId]);
    for (const name of ['web', 'api']) {
      await until(() => expect(appliedOf(it, name)).toEqual(['False', 'aws: ConfigMap settings is not ours']));
      expect(statusOf(it, name)?.failures).toMatchObject([{ cluster: 'aws', kind: 'ConfigMap', name: 'settings', reason: 'NotOwned' }]);
    }
    await until(() => {
      const events = it.store
        .list('/events/shop/')
        .map(({ object }) => object as unknown as { reason: string; involvedObject: { name: string } });
      const about = events.filter(({ reason }) => reason === 'NotOwned').map(({ involvedObject }) => involvedObject.name);
      expect(about.sort()).toEqual(['api', 'settings', 'web']);
    });
    await it.client.patch({ ...deployments, ...metadata('web') }, 'application/merge-patch+json', { spec: { replicas: 4 } });
    await until(() => expect(statusOf(it, 'web')?.replicas).toBe(4));
    expect(statusOf(it, 'web')?.failures).toHaveLength(1);
    it.fleet.agent('aws').foreign.clear();
    for (const name of ['web', 'api']) await until(() => expect(appliedOf(it, name)).toEqual(tookAll));
    expect([statusOf(it, 'web')?.failures, statusOf(it, 'api')?.failures]).toEqual([undefined, undefined]);
  });

  it('says on a Placement whose object is being deleted which clusters the deletion waits for, and why', async () => {
    const it = await started(['web']);
    await until(() => expect(appliedOf(it, 'web')).toEqual(tookAll));
    const id = 'apps=deployments=shop=web';
    it.fleet.agent('aws').stuck.add(id);
    await it.client.delete({ ...deployments, ...metadata('web') });
    await until(() =>
      expect(appliedOf(it, 'web')).toEqual([
        'Unknown',
        expect.stringMatching(/^it is being deleted, and waits for aws \(the object waits for a finalizer\) to let go of it;/),
      ]),
    );
    const reasons = it.store.list('/events/shop/').map(({ object }) => object.reason);
    expect(reasons).toContain('Withdrawing');
    it.fleet.agent('aws').stuck.clear();
    await until(() => expect(it.store.get('apps/deployments/shop/web')).toBeUndefined());
  });

  it('no longer holds a workload back when the refused object is deleted', async () => {
    const it = await started(['web'], [settingsId]);
    await until(() => expect(appliedOf(it, 'web')[0]).toBe('False'));
    await it.client.delete({ ...core('configmaps'), ...metadata('settings') });
    await until(() => expect(appliedOf(it, 'web')).toEqual(tookAll));
  });
});
