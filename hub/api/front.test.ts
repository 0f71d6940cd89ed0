/** @module The front as a client sees it: users, roles, reviews, audit, metrics, over the real API server. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '../../shared/kube/server/index.ts';
import { createStore, memoryJournal, type OpenStore } from '../../shared/kube/storage/index.ts';
import { silentLog } from '../../shared/lib/index.ts';
import { nodeEnv } from '../../shared/node/index.ts';
import { openScratch, scratchDirectory } from '../store/testing/scratch.ts';
import { openTokenBook, tokenFile } from './authentication/index.ts';
import { type Authority, openAuthority } from './certificates.ts';
import { createFront, type Front } from './front.ts';
import { createServedKinds } from './served-kinds.ts';

const directory = mkdtempSync(join(tmpdir(), 'hanse-front-'));
const env = nodeEnv(silentLog);
let store: OpenStore;
let authority: Authority;
let front: Front;

const root: Peer = { remoteAddress: '127.0.0.1', certificate: { commonName: 'root', organizations: ['system:masters'] } };

const version = { major: '1', minor: '36', gitVersion: 'v1.36.0-hanse', gitCommit: '', platform: 'linux/amd64' };

const build = (): Front =>
  createFront({
    store,
    kinds: createServedKinds(),
    dataDir: directory,
    authority,
    env,
    version,
  });

beforeAll(async () => {
  store = await createStore(memoryJournal(), { env });
  authority = await openAuthority({ directory: join(directory, 'certificates'), commonName: 'test', nowMs: env.nowMs });
  front = build();
  await front.start();
});
afterAll(async () => {
  await front.close();
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

type Answer = { readonly code: number; readonly body: Record<string, unknown> };
type Ask = { method?: string; body?: object; as?: string; headers?: Record<string, string>; peer?: Peer };

const ask = async (path: string, { method, body, as, headers = {}, peer = root }: Ask = {}): Promise<Answer> => {
  const request = new Request(`https://hub${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { 'content-type': 'application/json', ...(as === undefined ? {} : { 'impersonate-user': as }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const response = await front.app.fetch(request, peer);
  const text = await response.text();
  return { code: response.status, body: text.startsWith('{') ? JSON.parse(text) : { text } };
};

const configMaps = '/api/v1/namespaces/default/configmaps';
const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
const configMap = (name: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
const allow = async (user: string, ...rules: object[]): Promise<void> => {
  const meta = { metadata: { name: user } };
  await ask(`${rbac}/roles`, { body: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', ...meta, rules } });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: user };
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }];
  await ask(`${rbac}/rolebindings`, {
    body: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', ...meta, roleRef, subjects },
  });
};

describe('users', () => {
  it('are told 401 with a wrong token, whatever they ask for', async () => {
    const headers = { authorization: 'Bearer wrong' };
    for (const path of ['/api/v1/namespaces', `${configMaps}/a`, '/apis', '/metrics']) {
      expect(await ask(path, { headers })).toEqual({
        code: 401,
        body: {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: 'Unauthorized',
          reason: 'Unauthorized',
          code: 401,
        },
      });
    }
  });

  it('are told 403 in the words of Kubernetes when nothing allows them', async () => {
    expect((await ask(configMaps, { as: 'jane' })).body.message).toBe(
      'configmaps is forbidden: User "jane" cannot list resource "configmaps" in API group "" in the namespace "default"',
    );
    expect((await ask('/metrics', { as: 'jane' })).body.message).toBe('forbidden: User "jane" cannot get path "/metrics"');
    expect((await ask(configMaps, { peer: {} })).body.message).toMatch(/User "system:anonymous" cannot list/);
    expect((await ask('/readyz', { peer: {} })).code).toBe(200);
  });

  it('use tokens that another process made, until they are revoked', async () => {
    const book = openTokenBook(join(directory, tokenFile), env.nowMs);
    const { id, token } = book.issue({ user: 'ops', groups: ['system:masters'] });
    const headers = { authorization: `Bearer ${token}` };
    expect((await ask(configMaps, { headers, peer: {} })).code).toBe(200);
    book.revoke(id);
    expect((await ask(configMaps, { headers, peer: {} })).code).toBe(401);
    // A probe needs no name; one that is given has to be known.
    expect((await ask('/readyz', { headers, peer: {} })).code).toBe(401);
  });

  it('keep their tokens when the file is damaged, and readyz names it', async () => {
    const file = join(directory, tokenFile);
    const { token } = openTokenBook(file, env.nowMs).issue({ user: 'ops', groups: ['system:masters'] });
    const headers = { authorization: `Bearer ${token}` };
    expect((await ask(configMaps, { headers, peer: {} })).code).toBe(200);
    const good = readFileSync(file);
    writeFileSync(file, '{');
    expect((await ask(configMaps, { headers, peer: {} })).code).toBe(200);
    expect((await ask('/readyz', { peer: {} })).body.text).toContain('user-tokens');
    expect(() => openTokenBook(file, env.nowMs)).toThrow(/tokens\.json cannot be read .*: mend it or move it away/);
    writeFileSync(file, good);
    expect((await ask('/readyz', { peer: {} })).code).toBe(200);
  });

  it('may do what a role bound to them says, at once', async () => {
    await allow('reader', { apiGroups: [''], resources: ['configmaps'], verbs: ['list'] });
    expect([(await ask(configMaps, { as: 'reader' })).code, (await ask(`${configMaps}/a`, { as: 'reader' })).code]).toEqual([200, 403]);
  });

  it('use admin, edit and view, which grow with the roles that carry their label', async () => {
    const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    const verbsOn = async (role: string, resource: string): Promise<string[]> => {
      const rules = (await ask(`${roles}/${role}`)).body.rules as { resources?: string[]; verbs: string[] }[];
      return [...new Set(rules.filter(({ resources = [] }) => resources.includes(resource)).flatMap(({ verbs }) => verbs))].sort();
    };
    expect(await verbsOn('view', 'deployments')).toEqual(['get', 'list', 'watch']);
    expect([await verbsOn('view', 'secrets'), await verbsOn('edit', 'roles')]).toEqual([[], []]);
    expect((await verbsOn('admin', 'deployments')).includes('create')).toBe(true);
    const metadata = { name: 'widgets-view', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } };
    const rules = [{ apiGroups: ['acme.dev'], resources: ['widgets'], verbs: ['get'] }];
    await ask(roles, { body: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata, rules } });
    await expect.poll(() => verbsOn('admin', 'widgets')).toEqual(['get']);
  });

  it('may not grant what they do not have', async () => {
    await allow('maker', { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['create'] });
    const body = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'more' },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['delete'] }],
    };
    const refused = await ask(`${rbac}/roles`, { body, as: 'maker' });
    expect([refused.code, refused.body.message]).toEqual([
      403,
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "maker" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["delete"]}',
    ]);
  });
});

describe('reviews', () => {
  const authorization = '/apis/authorization.k8s.io/v1';
  const review = (kind: string, spec: object): object => ({ apiVersion: 'authorization.k8s.io/v1', kind, spec });
  const wanted = { namespace: 'default', verb: 'list', resource: 'configmaps' };

  it('say what one may, oneself and others', async () => {
    await allow('asked', { apiGroups: [''], resources: ['configmaps'], verbs: ['list'] });
    const self = review('SelfSubjectAccessReview', { resourceAttributes: wanted });
    const other = review('SubjectAccessReview', { resourceAttributes: { ...wanted, verb: 'delete' }, user: 'asked' });
    const local = review('LocalSubjectAccessReview', { resourceAttributes: wanted, user: 'asked' });
    expect((await ask(`${authorization}/selfsubjectaccessreviews`, { body: self, as: 'asked' })).body.status).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "asked/default" of Role "asked" to User "asked"',
    });
    expect((await ask(`${authorization}/selfsubjectaccessreviews`, { body: self, as: 'stranger' })).body.status).toEqual({
      allowed: false,
    });
    expect((await ask(`${authorization}/subjectaccessreviews`, { body: other })).body.status).toEqual({ allowed: false });
    expect((await ask(`${authorization}/namespaces/default/localsubjectaccessreviews`, { body: local })).body.status).toMatchObject({
      allowed: true,
    });
  });

  it.each([
    ['SelfSubjectAccessReview', {}, 'spec.resourceAttributes'],
    [
      'SelfSubjectAccessReview',
      { resourceAttributes: wanted, nonResourceAttributes: { path: '/', verb: 'get' } },
      'spec.nonResourceAttributes',
    ],
    ['SubjectAccessReview', { resourceAttributes: wanted }, 'spec.user'],
    ['SelfSubjectRulesReview', {}, 'spec.namespace'],
  ])('%s refuses %j and names %s', async (kind, spec, field) => {
    const refused = await ask(`${authorization}/${kind.toLowerCase()}s`, { body: review(kind, spec) });
    expect([refused.code, (refused.body.details as { causes: { field: string }[] }).causes.map((cause) => cause.field)]).toEqual([
      422,
      [field],
    ]);
  });

  it('list all one may in a namespace', async () => {
    await allow('lister', { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] });
    const { body } = await ask(`${authorization}/selfsubjectrulesreviews`, {
      body: review('SelfSubjectRulesReview', { namespace: 'default' }),
      as: 'lister',
    });
    expect(body.status).toMatchObject({
      incomplete: false,
      resourceRules: expect.arrayContaining([{ verbs: ['get', 'list'], apiGroups: [''], resources: ['configmaps'] }]),
      nonResourceRules: expect.arrayContaining([
        { verbs: ['get'], nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'] },
      ]),
    });
  });

  it('say who one is', async () => {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const { body: answer } = await ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', { body, as: 'jane' });
    expect(answer.status).toEqual({ userInfo: { username: 'jane', groups: ['system:authenticated'] } });
  });
});

describe('service accounts', () => {
  it('get tokens that work, that reviews know, and that end with the account', async () => {
    await ask('/api/v1/namespaces/default/serviceaccounts', {
      body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } },
    });
    const path = '/api/v1/namespaces/default/serviceaccounts/robot/token';
    const request = (spec: object): Ask => ({ body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec } });
    const issued = await ask(path, request({ expirationSeconds: 600 }));
    expect(issued.code).toBe(201);
    const { token } = issued.body.status as { token: string };
    const whoami = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
    expect((await ask('/apis/authentication.k8s.io/v1/tokenreviews', { body: whoami })).body.status).toMatchObject({
      authenticated: true,
      user: { username: 'system:serviceaccount:default:robot' },
    });
    const headers = { authorization: `Bearer ${token}` };
    expect((await ask('/apis', { headers, peer: {} })).code).toBe(200);
    expect((await ask(path, request({ expirationSeconds: 5 }))).body.message).toBe(
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
    );
    expect((await ask(path.replace('robot', 'nobody'), request({}))).code).toBe(404);
    await ask('/api/v1/namespaces/default/serviceaccounts/robot', { method: 'DELETE' });
    expect((await ask('/apis', { headers, peer: {} })).code).toBe(401);
  });
});

describe('what is written down', () => {
  const lines = (): Record<string, unknown>[] =>
    readFileSync(join(directory, 'audit', 'audit.log'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));

  it('is every write with its author, its object and its outcome, and never a body', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'audited' }, stringData: { password: 'correct horse' } };
    await ask('/api/v1/namespaces/default/secrets', { body: secret });
    await ask(configMaps, { body: configMap('refused'), as: 'jane' });
    await ask(configMaps, { body: configMap('stranger'), headers: { authorization: 'Bearer wrong' }, peer: {} });
    await expect
      .poll(() =>
        lines()
          .slice(-3)
          .map(({ user, impersonatedUser, verb, objectRef, responseStatus }) => ({
            user,
            impersonatedUser,
            verb,
            objectRef,
            responseStatus,
          })),
      )
      .toMatchObject([
        {
          user: { username: 'root' },
          verb: 'create',
          objectRef: { resource: 'secrets', namespace: 'default' },
          responseStatus: { code: 201 },
        },
        {
          user: { username: 'root' },
          impersonatedUser: { username: 'jane' },
          verb: 'create',
          responseStatus: { code: 403, reason: 'Forbidden' },
        },
        { user: { username: 'system:anonymous' }, verb: 'create', responseStatus: { code: 401, reason: 'Unauthorized' } },
      ]);
    expect(readFileSync(join(directory, 'audit', 'audit.log'), 'utf8')).not.toContain('correct horse');
  });

  it('counts requests by verb, resource and code, and puts names that nobody serves under one label', async () => {
    await ask(configMaps);
    await ask('/apis/made.up/v1/nonsense');
    const { body } = await ask('/metrics');
    expect(body.text).toMatch(
      /apiserver_request_total\{verb="LIST",group="",version="v1",resource="configmaps",subresource="",code="200"\} \d+/,
    );
    expect(body.text).not.toContain('made.up');
    expect(body.text).toMatch(/hanse_journal_revision \d+/);
    expect(body.text).toMatch(/hanse_watches \d+/);
  });

  it('counts what agents were refused on the bus, by cluster and reason', async () => {
    front.metrics.countRefusals(() => new Map([['eu/ForeignWork', 2]]));
    for (const _ of ['once', 'again'])
      expect((await ask('/metrics')).body.text).toContain('hanse_bus_refusals_total{cluster="eu",reason="ForeignWork"} 2');
    expect((await ask('/metrics')).body.text).toContain('# TYPE hanse_bus_refusals_total counter');
  });

  it('counts what hub and agents refused in the mesh, and forgets names that are told no more', async () => {
    const row = (reason: string) => ({ observer: 'us', cluster: 'eu', reason, count: 3 });
    let rows = [row('Replayed')];
    front.metrics.countMeshRefusals(() => rows);
    expect((await ask('/metrics')).body.text).toContain('hanse_mesh_refusals_total{observer="us",cluster="eu",reason="Replayed"} 3');
    rows = [row('Flood')];
    const { text } = (await ask('/metrics')).body;
    expect(text).toContain('# TYPE hanse_mesh_refusals_total counter');
    expect(text).toContain('reason="Flood"} 3');
    expect(text).not.toContain('reason="Replayed"');
  });
});

describe('the admin kubeconfig', () => {
  it('is for its owner alone, is kept while it fits, and is written anew for another address', async () => {
    const file = join(directory, 'home', 'kubeconfig');
    expect(await front.writeAdminKubeconfig(file, 'https://127.0.0.1:1')).toBe('written');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await front.writeAdminKubeconfig(file, 'https://127.0.0.1:1')).toBe('kept');
    expect(await front.writeAdminKubeconfig(file, 'https://127.0.0.1:2')).toBe('written');
  });
});

describe('a full disk', () => {
  it('is said to whoever writes, and stops no one who reads', async () => {
    const { directory: small, remove } = scratchDirectory();
    const journal = openScratch(small, { bytesMax: 600 * 1024 });
    const smallStore = await createStore(journal, { env });
    const smallFront = createFront({ store: smallStore, kinds: createServedKinds(), dataDir: small, authority, env, version });
    await smallFront.start();
    const body = JSON.stringify({ ...configMap('big'), data: { text: 'x'.repeat(400 * 1024) } });
    const headers = { 'content-type': 'application/json' };
    const write = await smallFront.app.fetch(new Request(`https://hub${configMaps}`, { method: 'POST', body, headers }), root);
    expect(await write.json()).toMatchObject({
      code: 503,
      reason: 'ServiceUnavailable',
      message: expect.stringMatching(/not stored: no room left to write .*hub\.db/),
    });
    expect((await smallFront.app.fetch(new Request(`https://hub${configMaps}`), root)).status).toBe(200);
    await smallFront.close();
    await smallStore.close();
    await journal.close();
    remove();
  });
});

describe('other doors', () => {
  it('stand beside the API and are asked first', async () => {
    front.mount('/join/v1', { fetch: (request) => new Response(new URL(request.url).pathname) });
    expect((await ask('/join/v1/hello', { peer: {} })).body.text).toBe('/join/v1/hello');
    expect((await ask('/join/v10', { peer: {} })).code).toBe(403);
  });
});
