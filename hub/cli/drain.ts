/** @module `hanse drain`: empties a cluster, or lets it take replicas again. */
import type { Cluster } from '../../shared/api/cluster.ts';
import { clusters } from '../../shared/api/cluster.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { type CliContext, UsageError, withHub } from './context.ts';

/** Options of {@link drain}. */
export type DrainOptions = {
  readonly kubeconfig?: string;
  readonly undo?: boolean;
  /** A number, or a share such as `25%`. */
  readonly maxUnavailable?: string;
  /** False: it is not waited for. */
  readonly wait?: boolean;
};

/** `2` or `25%` as the field takes it. @throws UsageError when it is neither. */
export const readBudget = (given: string): number | string => {
  if (/^\d+$/.test(given)) return Number(given);
  if (/^(\d|[1-9]\d|100)%$/.test(given)) return given;
  throw new UsageError(`--max-unavailable ${given}: write a whole number such as 1, or a share from 0% to 100% such as 25%`);
};

/** What is told of a cluster that is emptied; undefined = nothing is known yet of this drain. */
export const progressLine = ({ metadata, status }: Cluster, generation: number): string | undefined => {
  const drain = status?.drain;
  if (drain === undefined || drain.observedGeneration < generation) return undefined;
  if (drain.objects === 0) return `cluster ${metadata.name} is empty`;
  const stuck = drain.stuck === 0 ? '' : `; ${drain.stuck} find no place elsewhere and stay until there is room`;
  return `cluster ${metadata.name}: ${drain.replicas} replicas and ${drain.objects} objects are left${stuck}`;
};

/** Prints how far it has come until it is empty. @throws UsageError when somebody ends the drain, or the cluster leaves. */
const follow = async (context: CliContext, client: KubeClient, name: string, generation: number): Promise<void> => {
  const stop = new AbortController();
  let last = '';
  try {
    while (!stop.signal.aborted) {
      const options = { sendInitialEvents: true, allowWatchBookmarks: true, signal: stop.signal };
      for await (const { type, object } of client.watch({ ...clusters, fieldSelector: `metadata.name=${name}` }, options)) {
        if (type === 'DELETED') throw new UsageError(`cluster ${name} has left the federation`);
        if (type !== 'ADDED' && type !== 'MODIFIED') continue;
        const cluster = object as unknown as Cluster;
        if (cluster.spec.drain === undefined) throw new UsageError(`the drain of cluster ${name} was undone by somebody else`);
        const line = progressLine(cluster, generation);
        if (line === undefined || line === last) continue;
        context.print(line);
        last = line;
        if (cluster.status?.drain?.objects === 0) return;
      }
    }
  } finally {
    stop.abort();
  }
};

/** Sets or removes `spec.drain`, and waits until the cluster is empty. @throws UsageError when the cluster is not known. */
export const drain = (context: CliContext, name: string, options: DrainOptions): Promise<void> =>
  withHub(context, options.kubeconfig, async ({ client }) => {
    const budget = options.maxUnavailable === undefined ? undefined : readBudget(options.maxUnavailable);
    const cluster = (await client.get({ ...clusters, name })) as Cluster | undefined;
    if (cluster === undefined) {
      const known = (await client.list(clusters)).items.map(({ metadata }) => metadata.name).join(', ') || 'none';
      throw new UsageError(`cluster "${name}" is not known to the hub (known: ${known})`);
    }
    const change = options.undo === true ? null : budget === undefined ? {} : { maxUnavailable: budget };
    const patched = await client.patch(
      { ...clusters, name },
      'application/merge-patch+json',
      { spec: { drain: change } },
      { fieldManager: 'hanse-cli' },
    );
    if (options.undo === true) {
      context.print(
        cluster.spec.drain === undefined
          ? `cluster ${name} is not drained`
          : `cluster ${name} takes replicas again; what has left comes back as new decisions are made`,
      );
      return;
    }
    context.print(`cluster ${name} is drained: what runs there is started elsewhere first`);
    if (options.wait !== false) await follow(context, client, name, patched.metadata.generation ?? 0);
  });
