/** @module Where the other workloads of a namespace are, for affinities between workloads. */
import { hanseGroup, storedPlacement } from '../../../shared/api/index.ts';
import { prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { CompiledPolicy, OtherWorkload, Task } from '../../../shared/placement/index.ts';
import { type KindCatalog, objectKeyOf } from '../kinds.ts';
import type { PolicyBook } from './policies.ts';

/** True when decisions of the policy depend on where other workloads are. */
export const looksAtOthers = ({ near, apart }: CompiledPolicy): boolean =>
  near.required.length + near.preferred.length + apart.required.length + apart.preferred.length > 0;

/** What is asked for the others. */
export type OthersSources = {
  readonly store: Store;
  readonly catalog: KindCatalog;
  readonly policies: Pick<PolicyBook, 'policyOf'>;
};

/** The placed workloads of a namespace with their labels and clusters. */
export const othersIn = ({ store, catalog, policies }: OthersSources, namespace: string): OtherWorkload[] =>
  store.list(prefixOf(hanseGroup, 'placements', namespace)).flatMap(({ object }): OtherWorkload[] => {
    const spec = storedPlacement(object).spec;
    const key = spec === undefined ? undefined : objectKeyOf(catalog, spec.workload);
    const workload = key === undefined ? undefined : store.get(key)?.object;
    if (workload === undefined) return [];
    const apart = policies.policyOf(workload)?.apart.required ?? [];
    return [
      {
        ref: spec.workload,
        labels: workload.metadata.labels ?? {},
        clusters: spec.clusters.flatMap(({ name, replicas }) => (replicas === 0 ? [] : [name])),
        apart,
      },
    ];
  });

/** The other workloads that decisions on the tasks depend on. */
export const othersAround = (
  sources: OthersSources & { readonly policies: Pick<PolicyBook, 'keepsApart'> },
  tasks: readonly Task[],
): OtherWorkload[] => {
  const namespaces = new Set<string>();
  for (const { workload, policy } of tasks) {
    const { namespace } = workload.ref;
    if (looksAtOthers(policy) || sources.policies.keepsApart(namespace)) namespaces.add(namespace);
  }
  return [...namespaces].flatMap((namespace) => othersIn(sources, namespace));
};
