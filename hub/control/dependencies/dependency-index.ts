/** @module Who needs what: kept up as workloads and what they name come and go. */
import { whyOwn } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { partsOf, prefixOf, type StorageKey } from '../../../shared/kube/storage/index.ts';
import { pullSecretsOf, referencesOf, serviceSelects } from './references.ts';

/** A changeable index of workloads whose dependencies follow them. */
export type DependencyIndex = {
  /** Takes a workload in, or out when undefined; answers the keys of what it needed before or needs now. */
  readonly put: (key: StorageKey, workload: KubeObject | undefined) => ReadonlySet<StorageKey>;
  /** What the workload at this key needs. */
  readonly dependencies: (key: StorageKey) => ReadonlySet<StorageKey>;
  /** Workloads that need the object at this key and take it along; none take what stays with its cluster ({@link whyOwn}). */
  readonly dependents: (key: StorageKey) => ReadonlySet<StorageKey>;
  /** A Service or ServiceAccount changed: workloads that need it, or something behind it, may have changed. */
  readonly touched: (key: StorageKey) => readonly StorageKey[];
};

/** Where Services and ServiceAccounts are looked up; a Store is one. */
export type NamedObjects = {
  readonly get: (key: StorageKey) => { readonly object: KubeObject } | undefined;
  readonly list: (prefix: string) => readonly { readonly key: StorageKey; readonly object: KubeObject }[];
};

const none: ReadonlySet<StorageKey> = new Set();

/** An empty index. */
export const createDependencyIndex = (store: NamedObjects): DependencyIndex => {
  const needs = new Map<StorageKey, ReadonlySet<StorageKey>>();
  const needed = new Map<StorageKey, Set<StorageKey>>();
  const workloads = new Map<string, Set<StorageKey>>();
  const needsOf = (workload: KubeObject): ReadonlySet<StorageKey> => {
    const named = referencesOf(workload);
    const accounts = named.filter((key) => partsOf(key).resource === 'serviceaccounts');
    const behind = accounts.flatMap((key) => {
      const account = store.get(key)?.object;
      return account === undefined ? [] : pullSecretsOf(account);
    });
    const services = store
      .list(prefixOf('', 'services', workload.metadata.namespace ?? ''))
      .filter(({ object }) => serviceSelects(object, workload));
    return new Set([...named, ...behind, ...services.map(({ key }) => key)]);
  };
  return {
    put: (key, workload) => {
      const before = needs.get(key) ?? none;
      const after = workload === undefined ? none : needsOf(workload);
      for (const dependency of before) if (!after.has(dependency)) needed.get(dependency)?.delete(key);
      for (const dependency of after) needed.set(dependency, (needed.get(dependency) ?? new Set()).add(key));
      const { namespace } = partsOf(key);
      if (workload === undefined) {
        needs.delete(key);
        workloads.get(namespace)?.delete(key);
      } else {
        needs.set(key, after);
        workloads.set(namespace, (workloads.get(namespace) ?? new Set()).add(key));
      }
      return new Set([...before, ...after]);
    },
    dependencies: (key) => needs.get(key) ?? none,
    dependents: (key) => {
      const object = store.get(key)?.object;
      return object !== undefined && whyOwn(object) !== undefined ? none : (needed.get(key) ?? none);
    },
    touched: (key) => {
      const { resource, namespace } = partsOf(key);
      if (resource !== 'services' && resource !== 'serviceaccounts') return [];
      return resource === 'services' ? [...(workloads.get(namespace) ?? none)] : [...(needed.get(key) ?? none)];
    },
  };
};
