/** @module What a decision would be now: told of what is, beside a decision that was written long ago, and nothing is written for it. */
import { describe, expect, it } from 'vitest';
import type { Placement } from '../../../shared/api/index.ts';
import { servedPlacement, storedPlacement } from '../../../shared/api/index.ts';
import { startTestHub, type TestHub } from '../testing/test-hub.ts';
import { clusterAt, deployment, deployments, placedAt, policiesType, policy, until } from '../testing/web-story.ts';
import type { DecisionNow } from './now.ts';

const anyDeployment = { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }] };
const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
const decisionOf = async ({ control }: TestHub): Promise<DecisionNow | undefined> => {
  const made = await control().plan({ explain: ref });
  if (!made.ok) throw new Error(made.message);
  return (made.value as { readonly decision?: DecisionNow }).decision;
};
const rowOf = ({ status }: Pick<Placement, 'status'>, name: string) => status?.explanation?.find(({ cluster }) => cluster === name);
const keptRow = ({ store }: TestHub, name: string) => {
  const stored = store.get('hanse.dev/placements/shop/web-deployment');
  return stored === undefined ? undefined : rowOf(servedPlacement(storedPlacement(stored.object)), name);
};
const taint = (it: TestHub, key: string) =>
  it.client.patch(clusterAt('aws'), 'application/merge-patch+json', { spec: { taints: [{ key, effect: 'NoSchedule' }] } });

describe('a decision of now', () => {
  it('tells the room that others have left since the object was decided on, and writes nothing', async () => {
    const it = await startTestHub({ home: 4, aws: 20 });
    await it.client.create(policiesType, policy(anyDeployment));
    await it.client.create(deployments, deployment(2));
    await until(() => expect(Object.values(placedAt(it)).reduce((sum: number, count) => sum + (count ?? 0), 0)).toBe(2));
    const other = deployment(22);
    await it.client.create(deployments, { ...other, metadata: { name: 'other', namespace: 'shop' } });
    await until(async () => expect(rowOf((await decisionOf(it)) ?? {}, 'aws')).toMatchObject({ eligible: true, fits: 0 }));
    await until(() => expect(it.control().pending()).toBe(0));
    expect(keptRow(it, 'aws')?.fits).toBeGreaterThan(0);
    const before = it.store.get('hanse.dev/placements/shop/web-deployment')?.revision;
    const decision = await decisionOf(it);
    expect(Object.fromEntries((decision?.spec.clusters ?? []).map(({ name, replicas }) => [name, replicas]))).toEqual(placedAt(it));
    expect(it.store.get('hanse.dev/placements/shop/web-deployment')?.revision).toBe(before);
  });

  it('of a cluster that keeps what runs and takes no more says that nothing can be added there', async () => {
    const it = await startTestHub({ home: 4, aws: 20 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(12));
    await until(() => expect(placedAt(it).aws).toBeGreaterThan(0));
    await taint(it, 'cordon');
    await until(async () => expect(rowOf((await decisionOf(it)) ?? {}, 'aws')).toMatchObject({ reason: 'taint', fits: 0 }));
  });

  it('is none of an object that no policy selects any more', async () => {
    const it = await startTestHub({ home: 4 });
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(1));
    await until(() => expect(placedAt(it)).toEqual({ home: 1 }));
    await it.client.delete({ ...policiesType, namespace: 'shop', name: 'web' });
    await until(async () => expect(await decisionOf(it)).toBeUndefined());
  });

  it('is written when a cluster is refused for another reason than before', async () => {
    const it = await startTestHub({ home: 4, aws: 20 });
    await taint(it, 'first');
    await it.client.create(policiesType, policy());
    await it.client.create(deployments, deployment(1));
    await until(() => expect(keptRow(it, 'aws')?.message).toBe('taint first:NoSchedule is not tolerated'));
    await taint(it, 'second');
    await until(() => expect(keptRow(it, 'aws')?.message).toBe('taint second:NoSchedule is not tolerated'));
  });
});
