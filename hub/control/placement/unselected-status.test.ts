/** @module What the status of a workload tells while no policy selects it. */
import { expect, test } from 'vitest';
import { startTestHub } from '../testing/test-hub.ts';
import { deployment, deployments, policiesType, policy, until, web } from '../testing/web-story.ts';
import { withUnselectedStatus } from './unselected-status.ts';

const workload = (kind: string, generation: number, status: object = {}) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'web', namespace: 'shop', generation },
  spec: { replicas: 3 },
  status,
});
const why = () => 'no policy selects it: apply one';

test.each(['Deployment', 'StatefulSet'])('the spec of a %s was seen, none of it runs, and why', (kind) => {
  const told = withUnselectedStatus(workload(kind, 2), why, 0);
  const condition = { type: 'Progressing', status: 'False', reason: 'NoPolicy', message: why() };
  expect(told?.status).toMatchObject({ observedGeneration: 2, replicas: 0, conditions: [condition] });
});

test('it is told once of each generation, and since when', () => {
  const first = withUnselectedStatus(workload('Deployment', 1), why, 0);
  expect(withUnselectedStatus({ ...workload('Deployment', 1), ...first }, why, 9_000)).toBeUndefined();
  const next = withUnselectedStatus(workload('Deployment', 2, first?.status as object), why, 9_000);
  expect(next?.status).toMatchObject({
    observedGeneration: 2,
    conditions: [{ lastUpdateTime: '1970-01-01T00:00:09Z', lastTransitionTime: '1970-01-01T00:00:00Z' }],
  });
});

test('a DaemonSet is not said to be rolled out, which one without nodes would be', () => {
  expect(withUnselectedStatus(workload('DaemonSet', 1), why, 0)).toBeUndefined();
});

test('it says nothing of the policy that comes nearest, which may be changed later', async () => {
  const it = await startTestHub({ home: 8 });
  await it.client.create(policiesType, policy({ resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'wbe' }] }));
  await it.client.create(deployments, deployment(1));
  const told = async (): Promise<string> => JSON.stringify((await it.client.get(web))?.status ?? {});
  await until(async () => expect(await told()).toContain('NoPolicy'));
  expect(await told()).not.toContain('nearest');
});
