/** @module `hanse drain`: empties a cluster, or lets it take replicas again. */
import type { Cluster } from '../../shared/api/cluster.ts';
import { clusters } from '../../shared/api/cluster.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { nodeTimer } from '../../shared/node/index.ts';
import { type CliContext, UsageError, withHub } from './context.ts';
import {
  beginWatch,
  calmMsDefault,
  type DrainWatch,
  type End,
  endOf,
  idleMsDefault,
  type Patience,
  see,
  unfinishedLines,
} from './drain-watch.ts';

/** Options of {@link drain}. */
export type DrainOptions = {
  readonly kubeconfig?: string;
  readonly undo?: boolean;
  /** A number, or a share such as `25%`. */
  readonly maxUnavailable?: string;
  /** False: it is not waited for. */
  readonly wait?: boolean;
  /** How long it is waited for; 0 = for ever, whatever stays. Absent = until it is empty, only what stays is left, or nothing leaves any more. */
  readonly timeoutSeconds?: number;
  /** After so long without a change what is left counts as what stays; {@link calmMsDefault} when absent. */
  readonly calmMs?: number;
  /** After so long in which nothing left it is not waited for any more, whatever is left; {@link idleMsDefault} when absent. */
  readonly idleMs?: number;
};

/** `2` or `25%` as the field takes it. @throws UsageError when it is neither. */
export const readBudget = (given: string): number | string => {
  if (/^\d+$/.test(given)) return Number(given);
  if (/^(\d|[1-9]\d|100)%$/.test(given)) return given;
  throw new UsageError(`--max-unavailable ${given}: write a whole number such as 1, or a share from 0% to 100% such as 25%`);
};

/** A watch that ended by what it saw, by time or by Ctrl-C. */
type Watched = { readonly end: End; readonly watch: DrainWatch };

/** Each state of the cluster, until it is stopped. @throws UsageError when somebody ends the drain, or the cluster leaves. */
async function* statesOf(client: KubeClient, name: string, signal: AbortSignal): AsyncGenerator<Cluster> {
  while (!signal.aborted) {
    const options = { sendInitialEvents: true, allowWatchBookmarks: true, signal };
    for await (const { type, object } of client.watch({ ...clusters, fieldSelector: `metadata.name=${name}` }, options)) {
      if (signal.aborted) return;
      if (type === 'DELETED') throw new UsageError(`cluster ${name} has left the federation`);
      if (type !== 'ADDED' && type !== 'MODIFIED') continue;
      const cluster = object as unknown as Cluster;
      if (cluster.spec.drain === undefined) throw new UsageError(`the drain of cluster ${name} was undone by somebody else`);
      yield cluster;
    }
  }
}

/** Prints how far it has come until it ends. @throws as {@link statesOf}. */
const follow = async (context: CliContext, client: KubeClient, begun: DrainWatch, patience: Patience): Promise<Watched> => {
  const stop = new AbortController();
  let watch = begun;
  let end: End = 'interrupted';
  const endBy = (why: End): void => {
    if (stop.signal.aborted) return;
    end = why;
    stop.abort();
  };
  let cancelEnd: () => void = () => undefined;
  const awaitEnd = (): void => {
    cancelEnd();
    const due = endOf(watch, patience);
    if (due?.end === 'empty' || due?.end === 'kept') endBy(due.end);
    else if (due !== undefined) cancelEnd = nodeTimer(Math.max(0, due.atMs - context.nowMs()), () => endBy(due.end));
  };
  const cancelInterrupt = context.onInterrupt?.(() => endBy('interrupted'));
  awaitEnd();
  try {
    for await (const cluster of statesOf(client, watch.name, stop.signal)) {
      const seen = see(watch, cluster, context.nowMs());
      watch = seen.watch;
      for (const line of seen.lines) context.print(line);
      awaitEnd();
    }
  } catch (error) {
    // A watch that is ended throws.
    if (!stop.signal.aborted) throw error;
  } finally {
    cancelEnd();
    cancelInterrupt?.();
    stop.abort();
  }
  return { end, watch };
};

const codes: Readonly<Record<End, number>> = { empty: 0, kept: 0, stuck: 1, idle: 1, timeout: 1, interrupted: 130 };

/**
 * Sets or removes `spec.drain`, and waits until the cluster is empty, or, where it is not heard, until all has its place elsewhere. The exit
 * code is 1 when the time is over, when only what finds no other place is left, or when nothing has left for long, 130 after Ctrl-C.
 * @throws UsageError when the cluster is not known.
 */
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
          : `cluster ${name} takes replicas again: at once what strategies Weighted and Duplicated give it, and DaemonSets and CronJobs; all else that has left stays where it went, until spec.rebalance of its policy or a later decision moves it`,
      );
      return;
    }
    context.print(`cluster ${name} is drained: what runs there is started elsewhere first`);
    if (options.wait === false) return;
    const { timeoutSeconds, calmMs = calmMsDefault, idleMs = idleMsDefault } = options;
    const begun = beginWatch(name, patched.metadata.generation ?? 0, context.nowMs());
    const { end, watch } = await follow(context, client, begun, { timeoutSeconds, calmMs, idleMs });
    if (end !== 'empty' && end !== 'kept') for (const line of unfinishedLines(watch, end, idleMs)) context.print(line);
    context.endWith(codes[end]);
  });
