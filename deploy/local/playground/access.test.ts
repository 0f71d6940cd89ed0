/** @module Who may do what in a member: what a real cluster's RBAC and reviews say. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { kubeconfigText } from '../../../hub/api/kubeconfig.ts';
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { silentLog } from '../../../shared/lib/index.ts';
import { nodeEnv } from '../../../shared/node/index.ts';
import { openKubeconfig } from '../connect.ts';
import { startTestMember, type TestMember } from './testing-member.ts';

const env = nodeEnv(silentLog);
const configMaps = { group: '', version: 'v1', resource: 'configmaps' };
const serviceAccounts = { group: '', version: 'v1', resource: 'serviceaccounts' };
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' };
const reviews = { group: 'authorization.k8s.io', version: 'v1', resource: 'selfsubjectaccessreviews' };
let member: TestMember;
let admin: Awaited<ReturnType<typeof openKubeconfig>>['api'];
let robot: typeof admin;

const object = (kind: string, name: string, more: object = {}, apiVersion = 'v1'): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'default' },
  ...more,
});

/** A client with the token of a new ServiceAccount. */
const openRobot = async (): Promise<typeof admin> => {
  await admin.create(serviceAccounts, object('ServiceAccount', 'robot'));
  const asked = object('TokenRequest', 'robot', { spec: {} }, 'authentication.k8s.io/v1');
  const { status } = await admin.create(serviceAccounts, asked, { subresource: 'token' });
  const { clusters } = parse(await readFile(member.kubeconfig, 'utf8'));
  const caPem = Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64').toString();
  const file = join(member.folder, 'robot.kubeconfig');
  const { token } = status as { token: string };
  await writeFile(file, kubeconfigText({ name: 'robot', serverUrl: member.url, caPem, token }));
  return (await openKubeconfig(file, env)).api;
};

beforeAll(async () => {
  member = await startTestMember({ apiOnly: true });
  admin = (await openKubeconfig(member.kubeconfig, env)).api;
  robot = await openRobot();
});
afterAll(async () => {
  await Promise.all([admin.close(), robot.close()]);
  await member.stop();
});

const may = async (client: KubeClient, verb: string): Promise<unknown> => {
  const resourceAttributes = { namespace: 'default', verb, resource: 'configmaps' };
  const asked = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: { name: '' },
    spec: { resourceAttributes },
  };
  return ((await client.create(reviews, asked)).status as { allowed?: unknown }).allowed;
};

test('a member tells who asks, by certificate and by the token of a ServiceAccount', async () => {
  const type = { group: 'authentication.k8s.io', version: 'v1', resource: 'selfsubjectreviews' };
  const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: { name: '' } };
  expect((await admin.create(type, asked)).status).toMatchObject({ userInfo: { username: 'admin' } });
  expect((await robot.create(type, asked)).status).toMatchObject({ userInfo: { username: 'system:serviceaccount:default:robot' } });
});

test('in a member its admin may do everything, and others what a binding lets them, as the reviews say', async () => {
  const make = (client: KubeClient, name: string) => client.create(configMaps, object('ConfigMap', name));
  expect([await may(admin, 'create'), await may(robot, 'create')]).toEqual([true, false]);
  await make(admin, 'a');
  await expect(make(robot, 'b')).rejects.toThrow('configmaps is forbidden: User "system:serviceaccount:default:robot" cannot create');
  const roleRef = { apiGroup: rbac.group, kind: 'ClusterRole', name: 'edit' };
  const subjects = [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }];
  await admin.create({ ...rbac, resource: 'rolebindings' }, object('RoleBinding', 'robot', { roleRef, subjects }, `${rbac.group}/v1`));
  expect(await may(robot, 'create')).toBe(true);
  await make(robot, 'b');
});

test('nobody grants in a member what they do not have', async () => {
  const role = (name: string, rule: object) => object('Role', name, { rules: [rule] }, `${rbac.group}/v1`);
  await admin.create({ ...rbac, resource: 'roles' }, role('grants', { apiGroups: [rbac.group], resources: ['roles'], verbs: ['create'] }));
  const subjects = [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }];
  const roleRef = { apiGroup: rbac.group, kind: 'Role', name: 'grants' };
  await admin.create({ ...rbac, resource: 'rolebindings' }, object('RoleBinding', 'grants', { roleRef, subjects }, `${rbac.group}/v1`));
  const all = role('all', { apiGroups: ['*'], resources: ['*'], verbs: ['*'] });
  await expect(robot.create({ ...rbac, resource: 'roles' }, all)).rejects.toThrow(
    'attempting to grant RBAC permissions not currently held',
  );
});
