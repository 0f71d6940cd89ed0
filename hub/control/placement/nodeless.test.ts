/** @module Replicas that no node of their cluster can take go where there is room: over the real loops. */
import { beforeEach, describe, expect, it } from 'vitest';
import { explainedIn, explanationRows, type StoredPlacement } from '../../../shared/api/index.ts';
import { startTestHub, type TestHub } from '../testing/test-hub.ts';
import { deployment, deployments, placedAt, policiesType, policy, runningAt, tiers, until, web } from '../testing/web-story.ts';

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub({ home: 12, aws: 12, gcp: 12 });
  hub.fleet.agent('home').nodeCores = 3;
});

const policyAt = { ...policiesType, namespace: 'shop', name: 'web' };
const asking = (cpu: string) => deployment(12, { containers: [{ name: 'c', image: 'nginx:1', resources: { requests: { cpu } } }] });

const create = async (spec: Record<string, unknown>, placed: Record<string, number>): Promise<void> => {
  await hub.client.create(policiesType, policy(spec));
  await hub.client.create(deployments, asking('1'));
  await until(() => expect(placedAt(hub)).toEqual(placed));
  await until(() => expect(runningAt(hub, 'home')).toBe(placed.home));
};
const ask = (cpu: string) =>
  hub.client.patch(web, 'application/merge-patch+json', { spec: { template: (asking(cpu).spec as { template: object }).template } });
const status = () => (hub.store.get('hanse.dev/placements/shop/web-deployment')?.object as StoredPlacement | undefined)?.status ?? {};
const told = (): string[] =>
  hub.store
    .list('/events/shop/')
    .map(({ object }) => object as unknown as { readonly reason: string; readonly message: string })
    .flatMap(({ reason, message }) => (reason === 'NoNode' ? [message] : []));
const rowOf = (cluster: string) => {
  const explained = explainedIn(status());
  return explained === undefined ? undefined : explanationRows(explained).find((row) => row.cluster === cluster);
};
const largerAtHome = (value: string) => ({
  clusterSelector: { matchLabels: { 'hanse.dev/provider': 'onprem' } },
  patch: [{ op: 'replace', path: '/spec/template/spec/containers/0/resources/requests/cpu', value }],
});

describe('replicas that no node of their cluster can take', () => {
  it('go to the next tier as far as it has room; the rest waits, and is told once and explained', async () => {
    await create({ tiers }, { home: 12 });
    await ask('4');
    await until(() => expect(placedAt(hub)).toEqual({ aws: 3, gcp: 3, home: 6 }));
    await until(() => expect(status().nodeless).toEqual([{ name: 'home', replicas: 6 }]));
    const why = '6 replicas wait for a node, and none can take them: cpu on 4 nodes';
    expect(rowOf('home')).toMatchObject({ got: 6, reason: 'capacity', message: why });
    const event = `home: ${why}; no other cluster takes more`;
    await until(() => expect(told()).toEqual([event]));
    const reports = hub.control().directory.get('home')?.report?.seq ?? 0;
    await until(() => expect(hub.control().directory.get('home')?.report?.seq).toBeGreaterThan(reports + 10));
    expect(told()).toEqual([event]);
  });

  it('go on as room comes elsewhere, and nothing is said of them any more', async () => {
    await create({ tiers }, { home: 12 });
    await ask('4');
    await until(() => expect(placedAt(hub)).toEqual({ aws: 3, gcp: 3, home: 6 }));
    hub.fleet.agent('gcp').cores = 36;
    await until(() => expect(placedAt(hub)).toEqual({ aws: 3, gcp: 9 }));
    await until(() => expect(status().nodeless).toBeUndefined());
  });

  it('run where they are once a node can take them; those that left do not come back for that', async () => {
    await create({ tiers }, { home: 12 });
    await ask('4');
    await until(() => expect(status().nodeless).toEqual([{ name: 'home', replicas: 6 }]));
    Object.assign(hub.fleet.agent('home'), { cores: 60, nodeCores: 60 });
    await until(() => expect(status().nodeless).toBeUndefined());
    await until(() => expect(rowOf('home')?.fits ?? 0).toBeGreaterThan(0));
    expect(placedAt(hub)).toEqual({ aws: 3, gcp: 3, home: 6 });
  });

  it('go when it is an override that makes them too large', async () => {
    await create({ tiers }, { home: 12 });
    await hub.client.update(policyAt, policy({ tiers, overrides: [largerAtHome('4')] }));
    await until(() => expect(placedAt(hub)).toEqual({ aws: 6, gcp: 6 }));
    await until(() => expect(runningAt(hub, 'home')).toBeUndefined());
  });

  it('are told, and stay, under a strategy that divides without regard to room', async () => {
    await create({ replicaScheduling: { strategy: 'Weighted' } }, { aws: 4, gcp: 4, home: 4 });
    await ask('4');
    await until(() => expect(told()).toHaveLength(1));
    expect(told()[0]).toMatch(/^home: 4 replicas wait .* strategy Weighted divides without regard to it$/);
    expect(placedAt(hub)).toMatchObject({ home: 4 });
  });
});
