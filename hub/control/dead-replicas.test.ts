/** @module The loops together: what replicas in a cluster that is taken for dead count for while they stay placed there. */
import { describe, expect, it } from 'vitest';
import { clusters } from '../../shared/api/cluster.ts';
import { clusterCondition, type Placement, placementType } from '../../shared/api/index.ts';
import { startTestHub, type TestHub } from './testing/test-hub.ts';
import { deployment, deployments, placedAt, policiesType, policy, until, webPlacement } from './testing/web-story.ts';

const failoverPolicies = { group: 'hanse.dev', version: 'v1alpha1', resource: 'failoverpolicies' };
const byHand = { apiVersion: 'hanse.dev/v1alpha1', kind: 'FailoverPolicy', metadata: { name: 'default' }, spec: { mode: 'Manual' } };

const started = async (): Promise<TestHub> => {
  const it = await startTestHub({ home: 8, aws: 8 });
  await it.client.create(failoverPolicies, byHand);
  await it.client.create(policiesType, policy());
  await it.client.create(deployments, deployment(6));
  await until(() => expect(placedAt(it)).toEqual({ home: 3, aws: 3 }));
  await until(() => expect(countsOf(it)).toEqual([6, 6, 6, 'True']));
  return it;
};
const countsOf = ({ store }: TestHub): readonly unknown[] => {
  const object = store.get('apps/deployments/shop/web')?.object;
  const { replicas, readyReplicas, availableReplicas } = (object?.status ?? {}) as Readonly<Record<string, unknown>>;
  return [replicas, readyReplicas, availableReplicas, object === undefined ? undefined : clusterCondition(object, 'Available')?.status];
};

describe('replicas in a cluster that is taken for dead', () => {
  it('are neither ready nor available while they are held there, and the Placement says why; they count again when it is heard', async () => {
    const it = await started();
    it.fleet.agent('aws').cutOff = true;
    await until(() => expect(countsOf(it)).toEqual([6, 3, 3, 'False']));
    expect(placedAt(it)).toEqual({ home: 3, aws: 3 });
    await until(async () => {
      const placement = (await it.client.get({ ...placementType, ...webPlacement })) as unknown as Placement | undefined;
      expect(placement?.status?.unready).toEqual([
        { name: 'aws', replicas: 3, ready: 0, why: expect.stringContaining('taken for dead; its condition Ready says why') },
      ]);
    });
    it.fleet.agent('aws').cutOff = false;
    await until(() => expect(countsOf(it)).toEqual([6, 6, 6, 'True']));
  });

  it('are what they were while the hub hears nobody', async () => {
    const it = await started();
    for (const name of ['home', 'aws']) it.fleet.agent(name).cutOff = true;
    await until(async () => {
      const conditions = (await it.client.list(clusters)).items.map((object) => clusterCondition(object, 'Ready')?.reason);
      expect(conditions).toEqual(['AgentNotHeard', 'AgentNotHeard']);
    });
    await until(() => expect(it.control().pending()).toBe(0));
    expect(countsOf(it)).toEqual([6, 6, 6, 'True']);
  });
});
