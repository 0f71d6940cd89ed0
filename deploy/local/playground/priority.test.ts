/** @module The priority of a new pod in a member. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { startTestMember, type TestMember } from './testing-member.ts';

const pods = { group: '', version: 'v1', resource: 'pods' };
const classes = { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' };
let member: TestMember;

beforeAll(async () => {
  member = await startTestMember({ apiOnly: true });
  for (const [name, more] of [
    ['high', { value: 1_000 }],
    ['patient', { value: 900, preemptionPolicy: 'Never' }],
  ] as const)
    await member.client.create(classes, { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, ...more });
});
afterAll(() => member.stop());

test.each([
  ['that of its class', 'high', { priority: 1_000, preemptionPolicy: 'PreemptLowerPriority' }],
  ['that of a class that preempts nobody', 'patient', { priority: 900, preemptionPolicy: 'Never' }],
  ['that of a class that every cluster has', 'system-cluster-critical', { priority: 2_000_000_000 }],
  ['none where nobody knows its class', 'strange', { priority: 0, preemptionPolicy: 'PreemptLowerPriority' }],
  ['none without a class', undefined, { priority: 0 }],
])('a pod has %s', async (_rule, priorityClassName, expected) => {
  const name = priorityClassName ?? 'plain';
  const spec = { containers: [{ name: 'c', image: 'c:1' }], ...(priorityClassName === undefined ? {} : { priorityClassName }) };
  const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec };
  expect((await member.client.create(pods, pod)).spec).toMatchObject(expected);
});
