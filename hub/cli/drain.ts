/** @module `hanse drain`: empties a cluster, or lets it take replicas again. */
import type { Cluster, ClusterDrainStatus, DrainStaying } from '../../shared/api/cluster.ts';
import { clusters } from '../../shared/api/cluster.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { counted } from '../../shared/lib/counted.ts';
import { nodeTimer } from '../../shared/node/index.ts';
import { type CliContext, UsageError, withHub } from './context.ts';

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
  /** After so long without a change what is left counts as what stays, ms; 10 s when absent. */
  readonly calmMs?: number;
  /** After so long in which nothing left it is not waited for any more, whatever is left, ms; a minute when absent. */
  readonly idleMs?: number;
};

/** `2` or `25%` as the field takes it. @throws UsageError when it is neither. */
export const readBudget = (given: string): number | string => {
  if (/^\d+$/.test(given)) return Number(given);
  if (/^(\d|[1-9]\d|100)%$/.test(given)) return given;
  throw new UsageError(`--max-unavailable ${given}: write a whole number such as 1, or a share from 0% to 100% such as 25%`);
};

/** Objects that stay until something else changes. */
const stayingCount = ({ staying = [], stayingMore = 0 }: ClusterDrainStatus): number => staying.length + stayingMore;

/** What is told of a cluster that is emptied; undefined = nothing is known yet of this drain. */
export const progressLine = ({ metadata, status }: Cluster, generation: number): string | undefined => {
  const drain = status?.drain;
  if (drain === undefined || drain.observedGeneration < generation) return undefined;
  if (drain.objects === 0) return `cluster ${metadata.name} is empty`;
  const stay = stayingCount(drain);
  const stuck = drain.stuck === 0 ? '' : `, ${counted(drain.stuck, 'replica')} of which find no place elsewhere`;
  const staying = stay === 0 ? '' : `; ${counted(stay, 'object')} stay${stay === 1 ? 's' : ''}${stuck}`;
  return `cluster ${metadata.name}: ${counted(drain.replicas, 'replica')} and ${counted(drain.objects, 'object')} left${staying}`;
};

const objectLines = (objects: readonly DrainStaying[], more: number, rest: string): string[] => [
  ...objects.map(({ kind, namespace, name, replicas, why }) => {
    const object = `${kind.toLowerCase()}/${name}${namespace === '' ? '' : ` (${namespace})`}`;
    return `  ${object}${replicas === undefined ? '' : `, ${counted(replicas, 'replica')}`}: ${why}`;
  }),
  ...(more === 0 ? [] : [`  and ${more} more ${rest}`]),
];

/** A line for each object that waits for its replacements, and for each that stays, with the reason. */
export const leftLines = ({
  waiting = [],
  waitingMore = 0,
  staying = [],
  stayingMore = 0,
}: Pick<ClusterDrainStatus, 'staying' | 'stayingMore' | 'waiting' | 'waitingMore'>): string[] => [
  ...objectLines(waiting, waitingMore, 'that wait'),
  ...objectLines(staying, stayingMore, 'that stay'),
];

/** How a drain that was watched ended, for the one who watched. */
type End = 'empty' | 'stuck' | 'idle' | 'timeout' | 'interrupted';

/** When nothing but what stays is left for so long without a change, waiting is over. */
const calmMsDefault = 10_000;
/** Replacements may be long in getting ready; those that have not in this time, so that nothing leaves, may never. */
const idleMsDefault = 60_000;

/** A watch that ends by what it sees, by time or by Ctrl-C. */
type Watched = { readonly end: End; readonly drain: ClusterDrainStatus | undefined };

/** Prints how far it has come until it ends. @throws UsageError when somebody ends the drain, or the cluster leaves. */
const follow = async (
  context: CliContext,
  client: KubeClient,
  name: string,
  generation: number,
  { timeoutSeconds, calmMs = calmMsDefault, idleMs = idleMsDefault }: DrainOptions,
): Promise<Watched> => {
  const stop = new AbortController();
  let end: End = 'empty';
  let drain: ClusterDrainStatus | undefined;
  const endBy = (why: End) => (): void => {
    end = why;
    stop.abort();
  };
  const forgetTimeout = (timeoutSeconds ?? 0) > 0 ? nodeTimer((timeoutSeconds ?? 0) * 1_000, endBy('timeout')) : undefined;
  const forget = context.onInterrupt?.(endBy('interrupted'));
  let [calm, idle]: (NodeJS.Timeout | undefined)[] = [];
  let least = Number.POSITIVE_INFINITY;
  let [last, lastLeft] = ['', ''];
  /** Whoever says how long to wait is not told that it is in vain. */
  const isPatient = timeoutSeconds !== undefined;
  /** Every object and every replica that leaves gives the others time anew; one that comes back does not. */
  const noteLeft = (left: number): void => {
    if (left >= least) return;
    least = left;
    clearTimeout(idle);
    if (!isPatient) idle = setTimeout(endBy('idle'), idleMs);
  };
  // Also a hub that does not count what is there is not waited for without end.
  noteLeft(Number.MAX_SAFE_INTEGER);
  const see = (cluster: Cluster): void => {
    const line = progressLine(cluster, generation);
    if (line === undefined) return;
    drain = cluster.status?.drain;
    if (drain !== undefined) noteLeft(drain.objects + drain.replicas);
    const lines = leftLines(drain ?? {});
    if (line === last && lines.join() === lastLeft) return;
    context.print(line);
    if (lines.join() !== lastLeft) for (const text of lines) context.print(text);
    [last, lastLeft] = [line, lines.join()];
    clearTimeout(calm);
    if (drain?.objects === 0) endBy('empty')();
    else if (drain !== undefined && stayingCount(drain) >= drain.objects && !isPatient) calm = setTimeout(endBy('stuck'), calmMs);
  };
  try {
    while (!stop.signal.aborted) {
      const options = { sendInitialEvents: true, allowWatchBookmarks: true, signal: stop.signal };
      for await (const { type, object } of client.watch({ ...clusters, fieldSelector: `metadata.name=${name}` }, options)) {
        if (stop.signal.aborted) break;
        if (type === 'DELETED') throw new UsageError(`cluster ${name} has left the federation`);
        if (type !== 'ADDED' && type !== 'MODIFIED') continue;
        const cluster = object as unknown as Cluster;
        if (cluster.spec.drain === undefined) throw new UsageError(`the drain of cluster ${name} was undone by somebody else`);
        see(cluster);
      }
    }
    return { end, drain };
  } catch (error) {
    // A watch that is ended throws.
    if (!stop.signal.aborted) throw error;
    return { end, drain };
  } finally {
    forgetTimeout?.();
    clearTimeout(calm);
    clearTimeout(idle);
    forget?.();
    stop.abort();
  }
};

const whyEnded: Readonly<Record<Exclude<End, 'empty'>, string>> = {
  stuck: 'nothing more leaves by itself',
  idle: 'nothing has left for a minute',
  timeout: 'the time is over',
  interrupted: 'interrupted',
};
const codes: Readonly<Record<End, number>> = { empty: 0, stuck: 1, idle: 1, timeout: 1, interrupted: 130 };

/** Says what is left, that the hub goes on, and how to end that. */
const tellUnfinished = (context: CliContext, name: string, { end, drain }: Watched): void => {
  if (end === 'empty') return;
  const left = drain === undefined ? '' : `: ${counted(drain.replicas, 'replica')} and ${counted(drain.objects, 'object')} left in ${name}`;
  context.print(`${whyEnded[end]}${left}`);
  for (const line of leftLines(drain ?? {})) context.print(line);
  context.print(`the drain goes on in the hub; hanse drain ${name} watches it again, hanse drain ${name} --undo ends it`);
};

/**
 * Sets or removes `spec.drain`, and waits until the cluster is empty. The exit code is 1 when the time is over, when only what finds no other
 * place is left, or when nothing has left for a minute, 130 after Ctrl-C. @throws UsageError when the cluster is not known.
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
          : `cluster ${name} takes replicas again; what has left comes back as new decisions are made`,
      );
      return;
    }
    context.print(`cluster ${name} is drained: what runs there is started elsewhere first`);
    if (options.wait === false) return;
    const watched = await follow(context, client, name, patched.metadata.generation ?? 0, options);
    tellUnfinished(context, name, watched);
    context.endWith(codes[watched.end]);
  });
