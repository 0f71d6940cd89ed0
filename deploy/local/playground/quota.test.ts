/** @module What a member's ResourceQuotas say of its pods, and which they refuse. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { resources } from './controller.ts';
import { modelCluster } from './model-cluster.ts';
import { startTestMember, type TestMember } from './testing-member.ts';

const namespaces = { group: '', version: 'v1', resource: 'namespaces' };

const pod = (name: string, namespace: string, requests?: object, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: { containers: [{ name: 'c', image: 'c:1', ...(requests === undefined ? {} : { resources: { requests } }) }], ...more },
});
const quota = (namespace: string, hard: object, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q', namespace },
  spec: { hard, ...more },
});

test('the status says what the pods of the namespace use, and follows them', () => {
  const half = { cpu: '500m', memory: '64Mi' };
  const cluster = modelCluster([
    [resources.quotas, quota('shop', { 'requests.cpu': '2', memory: '1Gi', pods: '5', secrets: '3' })],
    [resources.pods, pod('a', 'shop', half)],
    [resources.pods, pod('b', 'shop', half)],
    [resources.pods, pod('c', 'other', half)],
  ]);
  const used = () => {
    cluster.settle();
    return cluster.view.get<KubeObject & { status: { used: object } }>(resources.quotas, 'shop', 'q')?.status.used;
  };
  expect(used()).toEqual({ 'requests.cpu': '1', memory: '128Mi', pods: '2' });
  cluster.remove(resources.pods, 'shop', 'b');
  expect(used()).toEqual({ 'requests.cpu': '500m', memory: '64Mi', pods: '1' });
});

describe('a pod is refused', () => {
  let member: TestMember;
  beforeAll(async () => {
    member = await startTestMember({ apiOnly: true });
  });
  afterAll(() => member.stop());

  const bestEffort = { scopes: ['BestEffort'] };
  test.each<[string, string, KubeObject, KubeObject, string | undefined]>([
    [
      'where it would pass the quota',
      'full',
      quota('full', { 'requests.cpu': '3', pods: '9' }),
      pod('b', 'full', { cpu: '2' }),
      'pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=2, limited: requests.cpu=3',
    ],
    ['and not where it just fits', 'just', quota('just', { 'requests.cpu': '4' }), pod('b', 'just', { cpu: '2' }), undefined],
    [
      'where it leaves open what is limited',
      'open',
      quota('open', { 'limits.memory': '1Gi' }),
      pod('b', 'open', { memory: '1Mi' }),
      'pods "b" is forbidden: failed quota: q: must specify limits.memory for: c',
    ],
    ['and not by a quota of other pods', 'scope', quota('scope', { pods: '0' }, bestEffort), pod('b', 'scope', { cpu: '1' }), undefined],
    ['and not by what limits other kinds', 'kinds', quota('kinds', { services: '0' }), pod('b', 'kinds', { cpu: '1' }), undefined],
  ])('%s', async (_rule, namespace, limit, asked, message) => {
    await member.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await member.client.create(resources.pods, pod('a', namespace, { cpu: '2' }));
    await member.client.create(resources.quotas, limit);
    const outcome = await member.client.create(resources.pods, asked).then(
      () => undefined,
      (error: Error) => error.message,
    );
    expect(outcome).toBe(message);
  });
});
