/** @module A node that is kept for replicas and that somebody else takes: others make room once more, over the real loops. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { StoredPlacement } from '../../../shared/api/index.ts';
import { deployment } from '../../../shared/plan/testing.ts';
import { startTestHub, type TestHub } from '../testing/test-hub.ts';
import { deployments, policiesType, until } from '../testing/web-story.ts';

let hub: TestHub;
const goldId = 'apps=deployments=shop=gold';

const placementOf = (name: string) => hub.store.get(`hanse.dev/placements/shop/${name}-deployment`)?.object as StoredPlacement | undefined;
const nominated = () => placementOf('gold')?.spec.clusters[0]?.nominated;
const nodeOf = (): string => nominated()?.[0]?.node ?? '';
const placed = (name: string): number | undefined => placementOf(name)?.spec.clusters[0]?.replicas;
const eventsOf = (name: string): readonly string[] =>
  hub.store
    .list('/events/shop/')
    .filter(({ object }) => (object.involvedObject as { name?: string }).name === name)
    .map(({ object }) => `${String(object.reason)}: ${String(object.message)}`);
const presentGold = () => hub.control().directory.get('home')?.report?.present[goldId];

/** Three nodes of four cores, full of the small ones; whoever comes takes what is free before gold. */
const goldComes = async (strangers: readonly number[]): Promise<void> => {
  await hub.client.create(
    { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' },
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 100 },
  );
  await hub.client.create(policiesType, {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'PlacementPolicy',
    metadata: { name: 'all', namespace: 'shop' },
    spec: { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }], preemption: 'LowerPriority' },
  });
  await hub.client.create(deployments, deployment('small', 12));
  await until(() => expect(hub.control().directory.get('home')?.report?.present['apps=deployments=shop=small']?.bound).toBe(12));
  hub.fleet.agent('home').strangers.push(...strangers);
  await hub.client.create(deployments, deployment('gold', 1, { cpu: '4', priorityClassName: 'high' }));
  await until(() => expect([placed('gold'), placed('small')]).toEqual([1, 8]));
};

beforeEach(async () => {
  hub = await startTestHub({ home: 12 });
  Object.assign(hub.fleet.agent('home'), { nodeCores: 4, tellsNodes: true });
});

describe('a replica whose kept node somebody else takes', () => {
  it('is bound to it where nobody does; the agent is told of it', async () => {
    await goldComes([]);
    const sent = () => hub.fleet.agent('home').taken.findLast(({ id }) => id === goldId)?.nominated;
    await until(() => expect(sent()).toEqual([{ node: nodeOf(), replicas: 1 }]));
    await until(() => expect(presentGold()).toEqual({ bound: 1, pending: 0 }));
    expect(placed('small')).toBe(8);
  });

  it('has others give way on another node, and is bound there; that no other cluster takes it is not said', async () => {
    await goldComes([4]);
    const first = nodeOf();
    await until(() => expect(nominated()).toMatchObject([{ replicas: 1, tries: 2 }]));
    expect(nodeOf()).not.toBe(first);
    const sent = () => hub.fleet.agent('home').taken.findLast(({ id }) => id === goldId)?.nominated;
    await until(() => expect(sent()).toEqual([{ node: nodeOf(), replicas: 1 }]));
    await until(() => expect([presentGold(), placed('small')]).toEqual([{ bound: 1, pending: 0 }, 4]));
    expect(placementOf('gold')?.status?.nodeless).toBeUndefined();
    await until(() => expect(eventsOf('gold').filter((text) => text.startsWith('PlaceTaken'))).toHaveLength(1));
    await until(() => expect(eventsOf('small').filter((text) => text.startsWith('Preempted'))).toHaveLength(2));
    expect(eventsOf('gold').filter((text) => text.startsWith('NoNode'))).toEqual([]);
  });

  it('waits when the second is taken too: nobody else gives way, and it is told then', async () => {
    await goldComes([4, 4]);
    await until(() => expect(nominated()).toMatchObject([{ tries: 2 }]));
    await until(() => expect(placementOf('gold')?.status?.nodeless).toEqual([{ name: 'home', replicas: 1 }]));
    await until(() => expect(eventsOf('gold').filter((text) => text.startsWith('NoNode'))).toHaveLength(1));
    expect(eventsOf('gold').find((text) => text.startsWith('NoNode'))).toMatch(/no other cluster takes more$/);
    const reports = hub.control().directory.get('home')?.report?.seq ?? 0;
    await until(() => expect(hub.control().directory.get('home')?.report?.seq).toBeGreaterThan(reports + 60));
    expect([placed('small'), presentGold()]).toEqual([4, { bound: 0, pending: 1 }]);
    expect(eventsOf('gold').filter((text) => text.startsWith('PlaceTaken'))).toHaveLength(1);
  });
});
