/** @module A Placement is the hub's decision, whoever else writes one. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { startTestHub, type TestHub } from '../testing/test-hub.ts';
import { deployment, deployments, placedAt, policiesType, policy, runningAt, tiers, until, webPlacement } from '../testing/web-story.ts';

const placements = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placements' };
const merge = 'application/merge-patch+json';
const handMade = (name: string, clusters: readonly object[]): KubeObject => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Placement',
  metadata: { name, namespace: 'shop' },
  spec: {
    workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: name.replace(/-deployment$/, '') },
    policy: 'shop/web',
    clusters,
  },
});
const namesOf = ({ store }: TestHub): string[] => store.list('hanse.dev/placements/shop/').map(({ object }) => object.metadata.name);

describe('a Placement that somebody else writes', () => {
  it('is put back, as often as it is changed, and no cluster goes by what was written', async () => {
    const it = await startTestHub({ home: 4, aws: 20 });
    await it.client.create(policiesType, policy({ tiers }));
    await it.client.create(deployments, deployment(6));
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([4, 2]));
    const taken = it.fleet.agent('home').taken.length;
    for (const replicas of [1, 2]) await it.client.patch(webPlacement, merge, { spec: { clusters: [{ name: 'home', replicas }] } });
    await until(() => expect(placedAt(it)).toEqual({ home: 4, aws: 2 }));
    await until(() => expect(it.control().pending()).toBe(0));
    expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([4, 2]);
    expect(
      it.fleet
        .agent('home')
        .taken.slice(taken)
        .map(({ object }) => (object?.spec as { replicas?: number })?.replicas ?? 4),
    ).not.toContain(1);
    await until(() => {
      const reasons = it.store.list('/events/shop/').map(({ object }) => object.reason);
      expect(reasons).toContain('PlacementPutBack');
    });
  });

  it('leaves the room to others that the workload has, not that which was written', async () => {
    const it = await startTestHub({ home: 8 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(6));
    await until(() => expect(runningAt(it, 'home')).toBe(6));
    await it.client.patch(webPlacement, merge, { spec: { clusters: [{ name: 'home', replicas: 1 }] } });
    await until(() => expect(placedAt(it)).toEqual({ home: 6 }));
    const other = deployment(8);
    const objects = [
      { ...other, metadata: { name: 'api', namespace: 'shop' } },
      {
        ...policy({ resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' }] }),
        metadata: { name: 'api', namespace: 'shop' },
      },
    ];
    const made = await it.control().plan({ objects });
    expect(made).toMatchObject({ ok: true, value: { placements: [{ object: { name: 'api' }, unplaced: 6 }] } });
  });

  it('goes when the hub did not make it: of what is not there, of what no policy selects, and beside the one there is', async () => {
    const it = await startTestHub({ home: 4 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(1));
    await it.client.create(deployments, { ...deployment(1), metadata: { name: 'alone', namespace: 'shop' } });
    await until(() => expect(placedAt(it)).toEqual({ home: 1 }));
    const home = [{ name: 'home', replicas: 1 }];
    await it.client.create(placements, handMade('gone-deployment', home));
    await it.client.create(placements, handMade('alone-deployment', home));
    await it.client.create(placements, { ...handMade('web', home), metadata: { name: 'second', namespace: 'shop' } });
    await until(() => expect(namesOf(it)).toEqual(['web-deployment']));
    expect([...it.fleet.agent('home').objects.keys()]).toEqual(['apps=deployments=shop=web']);
  });
});
