/**
 * @module Roles and bindings of the store, compiled: who has which rules. Watches tell when something changed; what is asked for next is
 * compiled anew, and kept until the next change.
 */
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { PolicyRule } from '../../../shared/kube/rbac/index.ts';
import type { UserInfo } from '../../../shared/kube/server/options.ts';
import { keyOf, prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import { parseServiceAccount } from '../authentication/index.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** Pairs of user and namespace whose rules are kept; at the limit all are forgotten. */
const CACHE_ENTRIES_MAX = 5_000;

/** A role named by a binding. */
export type RoleRef = { readonly kind: 'ClusterRole' | 'Role'; readonly name: string };

/** Rules with where they come from, in words. */
export type Grant = { readonly rules: readonly PolicyRule[]; readonly source: string };

/** The compiled roles and bindings of one store. */
export type RbacIndex = {
  /** What a user holds in a namespace ('' = cluster-wide only): cluster bindings first, then those of the namespace. */
  readonly grantsOf: (user: UserInfo, namespace: string) => readonly Grant[];
  /** The rules of a role; undefined when there is none. */
  readonly rulesOf: (ref: RoleRef, namespace: string) => readonly PolicyRule[] | undefined;
  /** Stops watching. */
  readonly close: () => void;
};

type Binding = { readonly name: string; readonly ref: RoleRef; readonly namespace: string };
/** Subject (`User/jane`, `Group/dev`, `ServiceAccount/shop/robot`) → its bindings, by namespace. */
type Bindings = Map<string, Map<string, Binding[]>>;

/** Compiles a store's roles and bindings and follows their changes. */
export const createRbacIndex = (store: Pick<Store, 'revision' | 'get' | 'list' | 'watch'>): RbacIndex => {
  let bindings: Bindings | undefined;
  const grants = new Map<string, readonly Grant[]>();
  const stop = store.watch(`${RBAC}/`, store.revision(), () => {
    bindings = undefined;
    grants.clear();
  });

  const rulesOf: RbacIndex['rulesOf'] = ({ kind, name }, namespace) => {
    const key = kind === 'ClusterRole' ? keyOf(RBAC, 'clusterroles', '', name) : keyOf(RBAC, 'roles', namespace, name);
    const role = store.get(key)?.object as { rules?: readonly PolicyRule[] } | undefined;
    return role === undefined ? undefined : (role.rules ?? []);
  };
  const compile = (user: UserInfo, namespace: string): readonly Grant[] => {
    bindings ??= compileBindings(store);
    const found: Grant[] = [];
    for (const scope of namespace === '' ? [''] : ['', namespace]) {
      for (const subject of subjectsOf(user)) {
        for (const binding of bindings.get(subject)?.get(scope) ?? []) {
          const rules = rulesOf(binding.ref, binding.namespace);
          if (rules !== undefined) found.push({ rules, source: sourceOf(binding, subject) });
        }
      }
    }
    return found;
  };
  return {
    rulesOf,
    close: stop,
    grantsOf: (user, namespace) => {
      const key = JSON.stringify([namespace, user.name, ...user.groups]);
      const kept = grants.get(key);
      if (kept !== undefined) return kept;
      if (grants.size >= CACHE_ENTRIES_MAX) grants.clear();
      const found = compile(user, namespace);
      grants.set(key, found);
      return found;
    },
  };
};

const compileBindings = (store: Pick<Store, 'list'>): Bindings => {
  const bindings: Bindings = new Map();
  for (const resource of ['clusterrolebindings', 'rolebindings']) {
    for (const { object } of store.list(prefixOf(RBAC, resource))) addBinding(bindings, object as BindingObject);
  }
  return bindings;
};

type BindingObject = KubeObject & {
  readonly roleRef?: { readonly kind?: string; readonly name?: string };
  readonly subjects?: readonly { readonly kind?: string; readonly name?: string; readonly namespace?: string }[];
};

const addBinding = (bindings: Bindings, { metadata, roleRef, subjects = [] }: BindingObject): void => {
  const namespace = metadata.namespace ?? '';
  const kind = roleRef?.kind === 'ClusterRole' ? 'ClusterRole' : 'Role';
  const binding: Binding = { name: metadata.name, ref: { kind, name: roleRef?.name ?? '' }, namespace };
  for (const subject of subjects) {
    const account = subject.kind === 'ServiceAccount';
    const key = account ? `ServiceAccount/${subject.namespace ?? namespace}/${subject.name}` : `${subject.kind}/${subject.name}`;
    const scopes = bindings.get(key) ?? new Map<string, Binding[]>();
    scopes.set(namespace, [...(scopes.get(namespace) ?? []), binding]);
    bindings.set(key, scopes);
  }
};

const subjectsOf = ({ name, groups }: UserInfo): string[] => {
  const account = parseServiceAccount(name);
  const accounts = account === undefined ? [] : [`ServiceAccount/${account.namespace}/${account.name}`];
  return [`User/${name}`, ...groups.map((group) => `Group/${group}`), ...accounts];
};

/** As Kubernetes' RBAC authorizer says it. */
const sourceOf = ({ name, ref, namespace }: Binding, subject: string): string => {
  const binding = namespace === '' ? `ClusterRoleBinding "${name}"` : `RoleBinding "${name}/${namespace}"`;
  const [kind, ...rest] = subject.split('/');
  return `RBAC: allowed by ${binding} of ${ref.kind} "${ref.name}" to ${kind} "${rest.join('/')}"`;
};
