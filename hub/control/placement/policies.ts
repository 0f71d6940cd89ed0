/** @module The policies in force, compiled, and which objects each of them may select. */
import { hanseGroup, type PolicySpec, whyOwn } from '../../../shared/api/index.ts';
import { type KubeObject, parseApiVersion } from '../../../shared/kube/object.ts';
import { partsOf, prefixOf, type StorageKey, type Store } from '../../../shared/kube/storage/index.ts';
import { type CompiledPolicy, compilePolicy, policyFor, type Selected } from '../../../shared/placement/index.ts';
import type { KindCatalog } from '../kinds.ts';

/** The resources that policies are. */
export const policyPrefixes = [prefixOf(hanseGroup, 'placementpolicies'), prefixOf(hanseGroup, 'clusterplacementpolicies')] as const;

/** The object as policies look at it. */
export const selectedOf = ({ apiVersion, kind, metadata }: KubeObject): Selected => ({
  apiVersion,
  kind,
  namespace: metadata.namespace ?? '',
  name: metadata.name,
  labels: metadata.labels ?? {},
});

/** A changeable set of policies. */
export type PolicyBook = {
  /** Takes a policy in, or out when `object` is undefined; answers the keys of the objects that it selected before or selects now. */
  readonly put: (key: StorageKey, object: KubeObject | undefined) => ReadonlySet<StorageKey>;
  /** The policy that holds for an object; none for what stays with its cluster ({@link whyOwn}). */
  readonly policyOf: (object: KubeObject) => CompiledPolicy | undefined;
  /** True when a policy selects an object of this kind and name by its name, whether it may or not. */
  readonly names: (object: KubeObject) => boolean;
  readonly all: () => readonly CompiledPolicy[];
  readonly byId: (id: string) => CompiledPolicy | undefined;
  /** True when a policy that may select objects of the namespace keeps them apart from others: whoever comes must look. */
  readonly keepsApart: (namespace: string) => boolean;
  /** Revision of the policy that was last taken in under this id. */
  readonly revisionOf: (id: string) => number;
};

/** An empty book. */
export const createPolicyBook = (store: Store, catalog: KindCatalog): PolicyBook => {
  const policies = new Map<StorageKey, CompiledPolicy>();
  const byKind = new Map<string, CompiledPolicy[]>();
  const apart = new Set<CompiledPolicy>();
  const byId = new Map<string, { readonly policy: CompiledPolicy; readonly revision: number }>();
  const kindsOf = (policy: CompiledPolicy): string[] => [
    ...new Set(policy.resources.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`)),
  ];
  const remove = (policy: CompiledPolicy): void => {
    for (const kind of kindsOf(policy)) {
      byKind.set(
        kind,
        (byKind.get(kind) ?? []).filter((other) => other !== policy),
      );
    }
    byId.delete(policy.id);
    apart.delete(policy);
  };
  const selected = (policy: CompiledPolicy, into: Set<StorageKey>): void => {
    for (const { apiVersion, kind, namespace } of policy.resources) {
      const { group, version } = parseApiVersion(apiVersion);
      const type = catalog.byKind(group, version, kind);
      if (type === undefined) continue;
      for (const stored of store.list(prefixOf(group, type.resource, namespace))) into.add(stored.key);
    }
  };
  return {
    put: (key, object) => {
      const touched = new Set<StorageKey>();
      const before = policies.get(key);
      if (before !== undefined) {
        remove(before);
        policies.delete(key);
        selected(before, touched);
      }
      if (object === undefined || object.metadata.deletionTimestamp !== undefined) return touched;
      const { namespace, name } = partsOf(key);
      const policy = compilePolicy(namespace, name, object.spec as PolicySpec);
      policies.set(key, policy);
      byId.set(policy.id, { policy, revision: Number(object.metadata.resourceVersion ?? 0) });
      if (policy.apart.required.length > 0) apart.add(policy);
      for (const kind of kindsOf(policy)) byKind.set(kind, [...(byKind.get(kind) ?? []), policy]);
      selected(policy, touched);
      return touched;
    },
    policyOf: (object) => {
      const candidates = byKind.get(`${object.apiVersion}/${object.kind}`);
      if (candidates === undefined || candidates.length === 0 || whyOwn(object) !== undefined) return undefined;
      return policyFor(candidates, selectedOf(object));
    },
    names: (object) =>
      (byKind.get(`${object.apiVersion}/${object.kind}`) ?? []).some(({ resources }) =>
        resources.some(
          ({ apiVersion, kind, name, namespace = object.metadata.namespace }) =>
            apiVersion === object.apiVersion &&
            kind === object.kind &&
            name === object.metadata.name &&
            namespace === object.metadata.namespace,
        ),
      ),
    all: () => [...policies.values()],
    byId: (id) => byId.get(id)?.policy,
    keepsApart: (namespace) => {
      for (const policy of apart) {
        if (policy.resources.some((resource) => resource.namespace === undefined || resource.namespace === namespace)) return true;
      }
      return false;
    },
    revisionOf: (id) => byId.get(id)?.revision ?? 0,
  };
};
