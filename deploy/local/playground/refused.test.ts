/** @module What a member refuses, seen as a user sees it: in the Events of the owner. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { silentLog } from '../../../shared/lib/index.ts';
import { nodeEnv } from '../../../shared/node/index.ts';
import { waitUntil } from '../wait.ts';
import { resources } from './controller.ts';
import { startTestMember, type TestMember } from './testing-member.ts';

const events = { group: '', version: 'v1', resource: 'events' };
const warnings: string[] = [];
let member: TestMember;

beforeAll(async () => {
  const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
  member = await startTestMember({ env: nodeEnv({ ...log, child: () => log }) });
});
afterAll(() => member.stop());

const set = (name: string, replicas: number): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'db' } },
    template: {
      metadata: { labels: { app: 'db' } },
      spec: { containers: [{ name: 'main', image: 'postgres:17', volumeMounts: [{ name: 'data', mountPath: '/data' }] }] },
    },
    volumeClaimTemplates: [
      { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
    ],
  },
});

const eventOf = (name: string): Promise<KubeObject> =>
  waitUntil(
    `an event of ${name}`,
    async () => {
      const { items } = await member.client.list({ ...events, namespace: 'default' });
      return items.find(({ involvedObject }) => (involvedObject as { name: string }).name === name);
    },
    { withinMs: 20_000 },
  );

test('a StatefulSet that mounts its own claims starts, on claims that are bound', async () => {
  await member.client.create(resources.statefulSets, set('db', 2));
  await waitUntil(
    'two ready pods',
    async () => {
      const status = (await member.client.get({ ...resources.statefulSets, namespace: 'default', name: 'db' }))?.status;
      return (status as { readyReplicas?: number } | undefined)?.readyReplicas === 2 ? true : undefined;
    },
    { withinMs: 20_000 },
  );
  const { items } = await member.client.list({ ...resources.claims, namespace: 'default' });
  expect(items.map(({ metadata, status }) => [metadata.name, (status as { phase: string }).phase])).toEqual([
    ['data-db-0', 'Bound'],
    ['data-db-1', 'Bound'],
  ]);
});

test('where a quota refuses more pods, those that run are counted, and an Event tells of the others', async () => {
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'two', namespace: 'quota' }, spec: { hard: { pods: '2' } } };
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'x:1' }] } };
  await member.client.create(
    { group: '', version: 'v1', resource: 'namespaces' },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'quota' } },
  );
  await member.client.create(resources.quotas, quota);
  await member.client.create(resources.replicaSets, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web', namespace: 'quota' },
    spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template },
  });
  const status = await waitUntil(
    'two ready pods of three',
    async () => {
      const set = await member.client.get({ ...resources.replicaSets, namespace: 'quota', name: 'web' });
      return (set?.status as { readyReplicas?: number } | undefined)?.readyReplicas === 2 ? set?.status : undefined;
    },
    { withinMs: 20_000 },
  );
  expect(status).toMatchObject({ replicas: 2, availableReplicas: 2 });
  const { items } = await member.client.list({ ...events, namespace: 'quota' });
  expect(items.filter(({ reason }) => reason === 'FailedCreate')).toMatchObject([
    { message: 'Error creating: pods "web-" is forbidden: exceeded quota: two, requested: pods=1, used: pods=2, limited: pods=2' },
  ]);
});

test('a pod that the API refuses, or whose name is taken, is an Event on its owner, and no line of the log', async () => {
  const long = 'a'.repeat(63);
  await member.client.create(resources.statefulSets, set(long, 1));
  expect(await eventOf(long)).toMatchObject({
    type: 'Warning',
    reason: 'FailedCreate',
    message: expect.stringMatching(/^Error creating: Pod "a+-0" is invalid: .*must be no more than 63/),
    involvedObject: { kind: 'StatefulSet', apiVersion: 'apps/v1' },
    source: { component: 'statefulset-controller' },
  });
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'own-0', namespace: 'default' } };
  await member.client.create(resources.pods, { ...pod, spec: { containers: [{ name: 'main', image: 'x:1' }] } });
  await member.client.create(resources.statefulSets, set('own', 1));
  expect(await eventOf('own')).toMatchObject({ reason: 'FailedCreate', message: 'Error creating: pods "own-0" already exists' });
  expect(warnings).toEqual([]);
});
