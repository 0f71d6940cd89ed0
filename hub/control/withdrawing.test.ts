/** @module The loops together when an object goes: what is withdrawn, what stays, and what is mended at the broker. */
import { describe, expect, it } from 'vitest';
import type { ObjectAddress } from '../../shared/kube/client/port.ts';
import { startTestHub } from './testing/test-hub.ts';
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

const agreed = (phase: Observed['phase']): Observed => ({
  ...{ cause: 'Cluster', phase, sinceMs: 0, message: 'agreed', votes: '2/2/2', voters: ['aws', 'gcp'], epoch: 1, isReplicasTurn: false },
});

describe('what is withdrawn', () => {
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

  it.each([
    ['is lost for it and comes back', true],
    ['is heard before that', false],
  ])('is nothing in a silent cluster after the hub heard nobody, though others have its replicas, until it %s', async (_, isLost) => {
    const it = await startTestHub({ home: 8, aws: 8 });
    const { metadata } = await it.client.create(policiesType, policy({ tiers: tiers.slice(0, 1) }));
    await it.client.create(deployments, deployment(3));
    await until(() => expect(runningAt(it, 'home')).toBe(3));
    const phaseOf = (name: string): string | undefined => it.control().directory.get(name)?.health.phase;
    for (const name of ['home', 'aws']) it.fleet.agent(name).cutOff = true;
    await until(() => expect([...it.control().directory.keptBack()].toSorted()).toEqual(['aws', 'home']));
    it.fleet.agent('aws').cutOff = false;
    await until(() => expect(phaseOf('aws')).toBe('Well'));
    await it.client.patch({ ...policiesType, namespace: 'shop', name: metadata.name }, 'application/merge-patch+json', {
      spec: { tiers: tiers.slice(1) },
    });
    await until(() => expect([placedAt(it), runningAt(it, 'aws')]).toEqual([{ aws: 3 }, 3]));
    if (isLost) await until(() => expect(phaseOf('home')).toBe('Lost'));
    expect(it.fleet.published().flatMap(({ cluster, op }) => (cluster === 'home' ? [op] : []))).toEqual(['apply']);
    it.fleet.agent('home').cutOff = false;
    await until(() => expect(it.fleet.agent('home').objects.size).toBe(0));
  });

  it('is nothing in a cluster that the others have found dead, though its replicas had no turn yet', async () => {
    const it = await startTestHub({ home: 8, aws: 8 });
    await it.client.create(policiesType, policy({ tiers: tiers.slice(0, 1) }));
    await it.client.create(deployments, deployment(3));
    await until(() => expect(runningAt(it, 'home')).toBe(3));
    it.control().directory.of('home').observed = agreed('Standing');
    const select = (selected: unknown) =>
      it.client.patch({ ...policiesType, namespace: 'shop', name: 'web' }, 'application/merge-patch+json', { spec: { tiers: selected } });
    await select(tiers.slice(1));
    await until(() => expect([placedAt(it), runningAt(it, 'aws')]).toEqual([{ aws: 3 }, 3]));
    await until(() => expect(it.control().pending()).toBe(0));
    expect(it.fleet.agent('home').taken.map(({ op }) => op)).toEqual(['apply']);
  });

  it('is waited for in a cluster that is back and held down: it answers', async () => {
    const it = await startTestHub({ home: 8 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(3));
    await until(() => expect(runningAt(it, 'home')).toBe(3));
    const record = it.control().directory.of('home');
    record.observed = agreed('Returning');
    it.fleet.agent('home').stuck.add(workId);
    await it.client.delete(web);
    await until(() => expect(it.fleet.published().map(({ op }) => op)).toEqual(['withdraw']));
    await until(() => expect(it.control().pending()).toBe(0));
    expect(await it.client.get(web)).toBeDefined();
    it.fleet.agent('home').stuck.delete(workId);
    it.fleet.beat();
    await until(async () => expect(await it.client.get(web)).toBeUndefined());
  });

  it('gives its room in a silent cluster to others only when it goes', async () => {
    const it = await startTestHub({ home: 4, aws: 8 });
    await it.client.create(policiesType, policy({ tiers: tiers.slice(0, 1) }));
    await it.client.create(deployments, deployment(3));
    await until(() => expect(runningAt(it, 'home')).toBe(3));
    for (const name of ['home', 'aws']) it.fleet.agent(name).cutOff = true;
    await until(() => expect([...it.control().directory.keptBack()].toSorted()).toEqual(['aws', 'home']));
    it.fleet.agent('aws').cutOff = false;
    await until(() => expect([...it.control().directory.keptBack()]).toEqual(['home']));
    await it.client.patch({ ...policiesType, namespace: 'shop', name: 'web' }, 'application/merge-patch+json', {
      spec: { tiers: tiers.slice(1) },
    });
    await until(() => expect([placedAt(it), runningAt(it, 'aws')]).toEqual([{ aws: 3 }, 3]));
    const selector = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'other' };
    const metadata = { namespace: 'shop', name: 'other' };
    await it.client.create(policiesType, { ...policy({ tiers: tiers.slice(0, 1), resourceSelectors: [selector] }), metadata });
    await it.client.create(deployments, { ...deployment(3), metadata });
    it.fleet.agent('home').cutOff = false;
    // What is free already may come at once; of the rest nothing before the other is withdrawn.
    const heldAfterEach = (): number[] => {
      const held = new Map<string, number>();
      return it.fleet.agent('home').taken.map(({ id, object }) => {
        held.set(id, (object?.spec as { replicas?: number } | undefined)?.replicas ?? 0);
        return [...held.values()].reduce((sum, replicas) => sum + replicas, 0);
      });
    };
    await until(() => {
      const { objects } = it.fleet.agent('home');
      expect([...objects.values()].map(({ metadata: { name }, spec }) => [name, (spec as { replicas?: number }).replicas])).toEqual([
        ['other', 3],
      ]);
    });
    expect(Math.max(...heldAfterEach())).toBeLessThanOrEqual(4);
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
