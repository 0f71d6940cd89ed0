/** @module Rules of writes, deletions and what follows them. */
import { afterEach, describe, expect, it } from 'vitest';
import { builtinTypes } from '../builtin/index.ts';
import type { KubeObject } from '../object.ts';
import { keyOf } from '../storage/index.ts';
import { createRegistry, serviceAddresses } from './index.ts';
import type { AuditEvent } from './options.ts';
import { type TestServer, testEnv, testServer, until } from './testing/test-server.ts';

const BASE = '/api/v1/namespaces/shop/configmaps';
const servers: TestServer[] = [];
const fresh = async (...options: Parameters<typeof testServer>): Promise<TestServer> => {
  const server = await testServer(...options);
  servers.push(server);
  return server;
};
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
const configMap = (name: string, metadata: object = {}): unknown => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
});
const make = async (server: TestServer, name: string, metadata: object = {}): Promise<KubeObject> => {
  const { code, body } = await server.json('POST', BASE, configMap(name, metadata));
  expect(code).toBe(201);
  return body;
};
const stored = (server: TestServer, name: string): KubeObject | undefined =>
  server.store.get(keyOf('', 'configmaps', 'shop', name))?.object;
const ownedBy = (owner: KubeObject, more: object = {}): object => ({
  ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner.metadata.name, uid: owner.metadata.uid, ...more }],
});
const SPEC = {
  selector: { matchLabels: { app: 'web' } },
  template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'x', image: 'y' }] } },
};
const SCALE = { apiVersion: 'autoscaling/v1', kind: 'Scale', spec: {} };
const MERGE = { 'Content-Type': 'application/merge-patch+json' };

describe('writes', () => {
  it('a generated name that is taken is drawn again, eight times at most', async () => {
    const draws: number[] = [];
    const server = await fresh({ env: { ...testEnv, random: () => draws.push(0) * 0 } });
    const first = await server.json('POST', BASE, configMap('', { generateName: 'x-' }));
    expect(first.body.metadata.name).toBe('x-bbbbb');
    draws.length = 0;
    const second = await server.json('POST', BASE, configMap('', { generateName: 'x-' }));
    expect(second).toMatchObject({ code: 409, body: { reason: 'AlreadyExists' } });
    expect(draws.length).toBe(8 * 5);
  });

  it.each([
    ['POST', '', 'application/json', { spec: SPEC }, 400],
    ['PUT', '/web', 'application/json', { spec: SPEC }, 400],
    ['PATCH', '/web', 'application/merge-patch+json', {}, 422],
    ['PATCH', '/web', 'application/strategic-merge-patch+json', {}, 422],
    ['PATCH', '/web?fieldManager=x&force=true', 'application/apply-patch+yaml', { spec: SPEC }, 500],
    ['PATCH', '/web/scale?fieldManager=x&force=true', 'application/apply-patch+yaml', SCALE, 500],
    ['PUT', '/web/scale', 'application/json', SCALE, 400],
    ['PATCH', '/web/scale', 'application/merge-patch+json', {}, 422],
  ])('%s %s (%s) refuses more replicas than int32 holds', async (method, path, contentType, fields: object, code) => {
    const deployments = '/apis/apps/v1/namespaces/shop/deployments';
    const server = await fresh();
    const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: SPEC };
    expect(await server.json('POST', deployments, web)).toMatchObject({ code: 201 });
    const replicas = 2_147_483_648;
    const name = method === 'POST' ? 'other' : 'web';
    const whole = contentType.includes('merge') ? {} : { ...web, metadata: { name }, ...fields };
    const body = { ...whole, spec: { ...('spec' in whole ? (whole.spec as object) : {}), replicas } };
    const answer = await server.json(method, deployments + path, body, { 'Content-Type': contentType });
    expect(answer).toMatchObject({
      code,
      body: { message: expect.stringMatching(/number 2147483648 into .* of type int32|2147483648 is out of range/) },
    });
    expect((await server.json('GET', `${deployments}/web`)).body['spec']).toMatchObject({ replicas: 1 });
  });

  it('patches without a resourceVersion never conflict with each other', async () => {
    const server = await fresh();
    await make(server, 'a');
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) => server.json('PATCH', `${BASE}/a`, { data: { [`k${n}`]: 'x' } }, MERGE)),
    );
    expect(answers.map((answer) => answer.code)).toEqual(Array.from({ length: 30 }, () => 200));
    expect(Object.keys(stored(server, 'a')?.['data'] as object)).toHaveLength(30);
  });

  it('an address or node port that another Service has is refused, on creation and on change; its own stays', async () => {
    const addresses = serviceAddresses({ list: (prefix) => server.store.list(prefix) }, testEnv);
    const server = await fresh({ registry: createRegistry(builtinTypes(addresses)) });
    const services = '/api/v1/namespaces/shop/services';
    const service = (name: string, nodePort: number, more: object = {}) => ({
      metadata: { name },
      spec: { type: 'NodePort', ports: [{ port: 80, nodePort }], ...more },
    });
    const port = 'spec.ports[0].nodePort: Invalid value: 30500: provided port is already allocated';
    const address = 'spec.clusterIPs: Invalid value: ["10.96.7.7"]: failed to allocate IP 10.96.7.7: provided IP is already allocated';
    const first = await server.json('POST', services, service('a', 30_500, { clusterIP: '10.96.7.7' }));
    expect(first.code).toBe(201);
    expect(await server.json('PUT', `${services}/a`, first.body)).toMatchObject({ code: 200 });
    expect(await server.json('PATCH', `${services}/a`, { spec: { sessionAffinity: 'ClientIP' } }, MERGE)).toMatchObject({ code: 200 });
    const refused = (message: string) => ({ code: 422, body: { message: `Service "b" is invalid: ${message}` } });
    expect(await server.json('POST', services, service('b', 30_500))).toMatchObject(refused(port));
    expect(await server.json('POST', services, service('b', 30_501, { clusterIP: '10.96.7.7' }))).toMatchObject(refused(address));
    expect(await server.json('POST', services, service('b', 30_501))).toMatchObject({ code: 201 });
    expect(await server.json('PATCH', `${services}/b`, { spec: service('b', 30_500).spec }, MERGE)).toMatchObject(refused(port));
    await server.ask('DELETE', `${services}/a`);
    expect(await server.json('PATCH', `${services}/b`, { spec: service('b', 30_500).spec }, MERGE)).toMatchObject({ code: 200 });
  });

  it('a namespace that is not there or is going away takes nothing new', async () => {
    const server = await fresh();
    expect(await server.json('POST', '/api/v1/namespaces/none/configmaps', configMap('a'))).toMatchObject({ code: 404 });
    await server.ask('DELETE', '/api/v1/namespaces/shop');
    expect(await server.json('POST', BASE, configMap('a'))).toMatchObject({
      code: 403,
      body: { details: { causes: [{ reason: 'NamespaceTerminating' }] } },
    });
  });

  it('each write is audited with its user, its object and its outcome', async () => {
    const events: AuditEvent[] = [];
    const server = await fresh({ audit: (event) => events.push(event) });
    await make(server, 'a');
    await server.ask('GET', `${BASE}/a`);
    await server.ask('DELETE', `${BASE}/none`);
    expect(events).toMatchObject([
      { verb: 'create', resource: 'configmaps', namespace: 'shop', user: { name: 'system:admin' }, code: 201 },
      { verb: 'delete', name: 'none', code: 404, reason: 'NotFound' },
    ]);
  });

  it('who is not known gets 401, who may not gets 403 in the words of the API', async () => {
    const server = await fresh({
      authenticate: (headers) => (headers.get('Authorization') === 'Bearer ann' ? { name: 'ann', groups: [] } : undefined),
      authorize: ({ verb }) => ({ allowed: verb === 'get', reason: 'not today' }),
    });
    expect(await server.json('GET', BASE)).toMatchObject({ code: 401, body: { reason: 'Unauthorized' } });
    expect(await server.json('GET', BASE, undefined, { Authorization: 'Bearer ann' })).toMatchObject({
      code: 403,
      body: {
        message: 'configmaps is forbidden: User "ann" cannot list resource "configmaps" in API group "" in the namespace "shop": not today',
      },
    });
    expect((await server.ask('GET', '/readyz')).status).toBe(200);
  });
});

describe('deletion', () => {
  it('waits for finalizers, then goes with the last one', async () => {
    const server = await fresh();
    await make(server, 'a', { finalizers: ['example.com/x'] });
    expect(await server.json('DELETE', `${BASE}/a`)).toMatchObject({
      code: 200,
      body: { kind: 'ConfigMap', metadata: { deletionGracePeriodSeconds: 0 } },
    });
    expect(stored(server, 'a')?.metadata.deletionTimestamp).toMatch(/Z$/);
    await server.ask('PATCH', `${BASE}/a`, { metadata: { finalizers: null } }, MERGE);
    expect(stored(server, 'a')).toBeUndefined();
  });

  it('deletes a selected part of a collection', async () => {
    const server = await fresh();
    await make(server, 'a', { labels: { gone: 'yes' } });
    await make(server, 'b');
    await server.ask('DELETE', `${BASE}?labelSelector=gone%3Dyes`);
    expect([stored(server, 'a'), stored(server, 'b')?.metadata.name]).toEqual([undefined, 'b']);
  });

  it('an owner takes its dependents along, and theirs', async () => {
    const server = await fresh({ loops: true });
    const owner = await make(server, 'owner');
    const child = await make(server, 'child', ownedBy(owner));
    await make(server, 'grandchild', ownedBy(child));
    await server.ask('DELETE', `${BASE}/owner`);
    await until(() => stored(server, 'grandchild') === undefined && stored(server, 'child') === undefined, 'dependents gone');
  });

  it('a dependent with a living owner stays and loses the dead one', async () => {
    const server = await fresh({ loops: true });
    const [dead, living] = [await make(server, 'dead'), await make(server, 'living')];
    const references = [dead, living].map((owner) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: owner.metadata.name,
      uid: owner.metadata.uid,
    }));
    await make(server, 'child', { ownerReferences: references });
    await server.ask('DELETE', `${BASE}/dead`);
    await until(() => stored(server, 'child')?.metadata.ownerReferences?.length === 1, 'one owner left');
    expect(stored(server, 'child')?.metadata.ownerReferences?.[0]?.name).toBe('living');
  });

  it('Foreground keeps the owner until its blocking dependents are gone', async () => {
    const server = await fresh({ loops: true });
    const owner = await make(server, 'owner');
    await make(server, 'child', { ...ownedBy(owner, { blockOwnerDeletion: true }), finalizers: ['example.com/x'] });
    await server.ask('DELETE', `${BASE}/owner`, { propagationPolicy: 'Foreground' });
    await until(() => stored(server, 'child')?.metadata.deletionTimestamp !== undefined, 'child marked');
    expect(stored(server, 'owner')?.metadata.finalizers).toEqual(['foregroundDeletion']);
    await server.ask('PATCH', `${BASE}/child`, { metadata: { finalizers: null } }, MERGE);
    await until(() => stored(server, 'owner') === undefined, 'owner gone');
  });

  it.each([2_147_483_648, 9e12, 2 ** 62])(
    'a grace of %d seconds ends when the calendar does, and a second deletion ends it at once',
    async (grace) => {
      const server = await fresh();
      const pods = '/api/v1/namespaces/shop/pods';
      const spec = { nodeName: 'n', terminationGracePeriodSeconds: grace, containers: [{ name: 'x', image: 'y' }] };
      expect(await server.json('POST', pods, { metadata: { name: 'a' }, spec })).toMatchObject({ code: 201 });
      const { code, body } = await server.json('DELETE', `${pods}/a`);
      expect({ code, grace: body.metadata.deletionGracePeriodSeconds }).toEqual({ code: 200, grace });
      expect(Number.isNaN(Date.parse(body.metadata.deletionTimestamp ?? ''))).toBe(false);
      expect(await server.json('DELETE', `${pods}/a?gracePeriodSeconds=0`)).toMatchObject({ code: 200 });
      expect(server.store.get(keyOf('', 'pods', 'shop', 'a'))).toBeUndefined();
    },
  );

  it('Orphan leaves the dependents without the reference', async () => {
    const server = await fresh({ loops: true });
    const owner = await make(server, 'owner');
    await make(server, 'child', ownedBy(owner));
    await server.ask('DELETE', `${BASE}/owner`, { propagationPolicy: 'Orphan' });
    await until(() => stored(server, 'owner') === undefined, 'owner gone');
    expect(stored(server, 'child')?.metadata.ownerReferences).toBeUndefined();
  });

  it('a namespace goes after its content, and a new one is furnished and keeps its CA', async () => {
    const server = await fresh({ loops: true, namespaceCa: 'PEM' });
    await until(() => stored(server, 'kube-root-ca.crt') !== undefined, 'CA there');
    await until(() => server.store.get(keyOf('', 'serviceaccounts', 'shop', 'default')) !== undefined, 'ServiceAccount there');
    await server.ask('PATCH', `${BASE}/kube-root-ca.crt`, { data: { 'ca.crt': 'OTHER' } }, MERGE);
    await until(() => JSON.stringify(stored(server, 'kube-root-ca.crt')).includes('"PEM"'), 'CA put right');
    await make(server, 'held', { finalizers: ['example.com/x'] });
    await server.ask('DELETE', '/api/v1/namespaces/shop');
    const namespace = () => server.store.get(keyOf('', 'namespaces', '', 'shop'))?.object;
    await until(() => JSON.stringify(namespace()?.['status']).includes('example.com/x in 1 resource instances'), 'condition told');
    await server.ask('PATCH', `${BASE}/held`, { metadata: { finalizers: null } }, MERGE);
    await until(() => namespace() === undefined, 'namespace gone');
  });
});
