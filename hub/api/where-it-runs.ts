/** @module What the hub answers who wants a log or a shell of it: it runs nothing, and names the cluster that does. */
import type { WhereItRuns } from '../../shared/kube/server/index.ts';
import { prefixOf, type Store } from '../../shared/kube/storage/index.ts';

const WORDS: Readonly<Record<string, string>> = { log: 'logs', portforward: 'port-forward', ephemeralcontainers: 'debug', resize: 'patch' };

/** Reads the Placements of the object's namespace for the clusters that were given it. */
export const whereItRuns =
  (store: Store): WhereItRuns =>
  (object, subresource) => {
    const { kind, metadata } = object;
    if (kind === 'Node') return `the hub reaches no nodes: ask the cluster of node "${metadata.name}"`;
    const namespace = metadata.namespace ?? '';
    const clusters = kind === 'Pod' ? clustersOf(store, namespace, metadata.name) : [];
    const target = kind === 'Pod' ? `${WORDS[subresource] ?? subresource} ${metadata.name}` : `port-forward service/${metadata.name}`;
    const what = kind === 'Pod' ? 'runs no pods' : 'sends no traffic';
    if (clusters.length > 0)
      return `the hub ${what}: ${kind.toLowerCase()} "${metadata.name}" is in ${clusters.join(', ')}; ask there, with that cluster's kubeconfig: kubectl -n ${namespace} ${target}`;
    return `the hub ${what}: ask a cluster for it, with that cluster's kubeconfig: kubectl -n ${namespace} ${target} (kubectl get placements -n ${namespace} shows what is in which cluster)`;
  };

type Placed = {
  readonly workload?: { readonly kind?: string; readonly name?: string };
  readonly clusters?: readonly { readonly name: string }[];
};

const clustersOf = (store: Store, namespace: string, pod: string): string[] =>
  store
    .list(prefixOf('hanse.dev', 'placements', namespace))
    .map(({ object }) => (object['spec'] ?? {}) as Placed)
    .filter(({ workload }) => workload?.kind === 'Pod' && workload.name === pod)
    .flatMap(({ clusters = [] }) => clusters.map(({ name }) => name));
