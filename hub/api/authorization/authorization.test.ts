/** @module Authorization: who may do what by which binding, and that nobody grants what they do not have. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { PolicyRule } from '../../../shared/kube/rbac/index.ts';
import type { ResourceType } from '../../../shared/kube/resource.ts';
import type { Attributes, Decision, UserInfo } from '../../../shared/kube/server/options.ts';
import { createStore, keyOf, memoryJournal, type OpenStore } from '../../../shared/kube/storage/index.ts';
import { silentLog } from '../../../shared/lib/index.ts';
import { messageOf } from '../../../shared/lib/message-of.ts';
import { createAuthorizer } from './authorizer.ts';
import { bootstrapRoles } from './bootstrap.ts';
import { checkEscalation } from './escalation.ts';
import { createRbacIndex, type RbacIndex } from './rbac-index.ts';

const RBAC = 'rbac.authorization.k8s.io';
const resourceOf: Readonly<Record<string, string>> = {
  Role: 'roles',
  ClusterRole: 'clusterroles',
  RoleBinding: 'rolebindings',
  ClusterRoleBinding: 'clusterrolebindings',
};

let store: OpenStore;
let index: RbacIndex;
let authorize: (attributes: Attributes) => Decision;

const keep = async (...objects: KubeObject[]): Promise<void> => {
  for (const object of objects) {
    const { namespace = '', name } = object.metadata;
    await store.commit([{ op: 'put', key: keyOf(RBAC, resourceOf[object.kind] ?? '', namespace, name), object }]);
  }
};
const rbac = (kind: string, name: string, namespace: string | undefined, fields: object): KubeObject => ({
  apiVersion: `${RBAC}/v1`,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  ...fields,
});
const role = (name: string, namespace: string | undefined, ...rules: PolicyRule[]): KubeObject =>
  rbac(namespace === undefined ? 'ClusterRole' : 'Role', name, namespace, { rules });
const bind = (namespace: string | undefined, kind: string, to: string, ...subjects: object[]): KubeObject =>
  rbac(namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding', `${to}-binding`, namespace, {
    roleRef: { apiGroup: RBAC, kind, name: to },
    subjects,
  });

const user = (name: string, ...groups: string[]): UserInfo => ({ name, groups: [...groups, 'system:authenticated'] });
const jane = user('jane');

/** `get configmaps shop/a` or `get /healthz`. */
const wants = (who: UserInfo, text: string, group = ''): Attributes => {
  const [verb = '', what = '', where = '/'] = text.split(' ');
  const none = { user: who, verb, group, version: 'v1', resource: '', subresource: '', namespace: '', name: '', path: '' };
  if (what.startsWith('/')) return { ...none, isResource: false, path: what };
  const [resource = '', subresource = ''] = what.split('/');
  const [namespace = '', name = ''] = where.split('/');
  return { ...none, isResource: true, resource, subresource, namespace, name };
};
const may = (who: UserInfo, text: string, group = ''): boolean => authorize(wants(who, text, group)).allowed;

beforeEach(async () => {
  store = await createStore(memoryJournal(), { env: { nowMs: () => 0, log: silentLog } });
  await keep(...bootstrapRoles, role('viewer', undefined, { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }));
  index = createRbacIndex(store);
  authorize = createAuthorizer(index);
});
afterEach(async () => {
  index.close();
  await store.close();
});

describe('who may', () => {
  it('do everything: the masters, whatever the bindings say', async () => {
    await store.commit(store.list(`${RBAC}/`).map(({ key, object }) => ({ op: 'delete', key, object })));
    expect(may(user('root', 'system:masters'), 'delete secrets kube-system/a')).toBe(true);
  });

  it('read the paths of discovery: everyone authenticated; of health: everyone', () => {
    const stranger: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
    expect(['get /apis/apps/v1', 'get /healthz', 'get /metrics', 'list configmaps shop/'].map((text) => may(jane, text))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(['get /apis', 'get /healthz'].map((text) => may(stranger, text))).toEqual([false, true]);
    expect(may(jane, 'create selfsubjectaccessreviews', 'authorization.k8s.io')).toBe(true);
  });

  it.each<[string, object, UserInfo]>([
    ['the user', { kind: 'User', name: 'jane' }, jane],
    ['the group', { kind: 'Group', name: 'dev' }, user('joe', 'dev')],
    ['the service account', { kind: 'ServiceAccount', name: 'robot', namespace: 'ci' }, user('system:serviceaccount:ci:robot')],
  ])('use a role of a namespace there and nowhere else: %s it is bound to', async (_, subject, who) => {
    await keep(
      role('reader', 'shop', { verbs: ['get'], apiGroups: [''], resources: ['configmaps'] }),
      bind('shop', 'Role', 'reader', subject),
    );
    expect(
      ['get configmaps shop/a', 'get configmaps other/a', 'get configmaps', 'delete configmaps shop/a'].map((text) => may(who, text)),
    ).toEqual([true, false, false, false]);
  });

  it('use a cluster role everywhere when it is bound to the cluster, and in one namespace when it is bound there', async () => {
    await keep(bind('shop', 'ClusterRole', 'viewer', { kind: 'User', name: 'jane' }));
    expect([may(jane, 'list pods shop/'), may(jane, 'list pods other/'), may(jane, 'get secrets shop/a')]).toEqual([true, false, false]);
    await keep(bind(undefined, 'ClusterRole', 'viewer', { kind: 'User', name: 'jane' }));
    expect([may(jane, 'list pods other/'), may(jane, 'list pods')]).toEqual([true, true]);
  });

  it('is told by which binding', async () => {
    await keep(bind(undefined, 'ClusterRole', 'viewer', { kind: 'Group', name: 'dev' }));
    expect(authorize(wants(user('joe', 'dev'), 'list pods shop/'))).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by ClusterRoleBinding "viewer-binding" of ClusterRole "viewer" to Group "dev"',
    });
  });

  it('changes at once with roles and bindings, and a binding to a role that is missing grants nothing', async () => {
    await keep(bind('shop', 'Role', 'reader', { kind: 'User', name: 'jane' }));
    expect(may(jane, 'get configmaps shop/a')).toBe(false);
    const reader = role('reader', 'shop', { verbs: ['get'], apiGroups: [''], resources: ['configmaps'] });
    await keep(reader);
    expect(may(jane, 'get configmaps shop/a')).toBe(true);
    await store.commit([{ op: 'delete', key: keyOf(RBAC, 'roles', 'shop', 'reader'), object: reader }]);
    expect(may(jane, 'get configmaps shop/a')).toBe(false);
  });
});

describe('nobody may grant what they do not have', () => {
  const secretDeleter = role('more', 'shop', { verbs: ['delete'], apiGroups: [''], resources: ['secrets'] });
  const attempt = (who: UserInfo, object: KubeObject, old?: KubeObject): string | undefined => {
    try {
      const resource = resourceOf[object.kind] ?? '';
      const type = { group: RBAC, version: 'v1', resource, kind: object.kind } as ResourceType;
      const namespace = object.metadata.namespace ?? '';
      checkEscalation(
        {
          operation: old === undefined ? 'CREATE' : 'UPDATE',
          user: who,
          type,
          namespace,
          name: object.metadata.name,
          subresource: '',
          object,
          old,
          dryRun: false,
        },
        { index, authorize },
      );
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  };

  it('in a role', () => {
    expect(attempt(jane, secretDeleter)).toBe(
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["secrets"], Verbs:["delete"]}',
    );
    expect(attempt(user('root', 'system:masters'), secretDeleter)).toBeUndefined();
    expect(attempt(jane, secretDeleter, secretDeleter)).toBeUndefined();
  });

  it('in a binding', () => {
    const admin = bind('shop', 'ClusterRole', 'cluster-admin', { kind: 'User', name: 'jane' });
    expect(attempt(jane, admin)).toBe(
      'rolebindings.rbac.authorization.k8s.io "cluster-admin-binding" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["*"], Verbs:["*"]}',
    );
    expect(attempt(jane, bind('shop', 'Role', 'nothing', { kind: 'User', name: 'joe' }))).toBe(
      'roles.rbac.authorization.k8s.io "nothing" not found',
    );
  });

  it('unless they hold it, or may escalate and bind by name', async () => {
    await keep(
      role('own', 'shop', { verbs: ['*'], apiGroups: [''], resources: ['secrets'] }),
      bind('shop', 'Role', 'own', { kind: 'User', name: 'jane' }),
    );
    expect(attempt(jane, secretDeleter)).toBeUndefined();
    await keep(
      role('granter', 'shop', {
        verbs: ['bind', 'escalate'],
        apiGroups: [RBAC],
        resources: ['clusterroles', 'roles'],
        resourceNames: ['viewer', 'more'],
      }),
      bind('shop', 'Role', 'granter', { kind: 'User', name: 'joe' }),
    );
    expect(attempt(user('joe'), secretDeleter)).toBeUndefined();
    expect(attempt(user('joe'), bind('shop', 'ClusterRole', 'viewer', { kind: 'User', name: 'ann' }))).toBeUndefined();
    expect(attempt(user('joe'), bind('shop', 'ClusterRole', 'cluster-admin', { kind: 'User', name: 'ann' }))).toMatch(/not currently held/);
  });
});
