/** @module A drain as somebody watches it: what is printed at each sight of the cluster, and when waiting is over. Pure. */
import type { Cluster, ClusterDrainStatus, DrainStaying } from '../../shared/api/cluster.ts';
import { counted } from '../../shared/lib/counted.ts';

/** When nothing but what stays is left for so long without a change, waiting is over. */
export const calmMsDefault = 10_000;
/** Replacements may be long in getting ready; those that have not in this time, so that nothing leaves, may never. */
export const idleMsDefault = 60_000;

/** How long is waited. */
export type Patience = {
  /** Whoever says how long is not told that it is in vain: then only this counts. 0 = for ever. */
  readonly timeoutSeconds?: number | undefined;
  readonly calmMs: number;
  readonly idleMs: number;
};

/** How a drain that was watched ended, for the one who watched. */
export type End = 'empty' | 'kept' | 'stuck' | 'idle' | 'timeout' | 'interrupted';

/** What was seen so far; times are of the watcher's clock. */
export type DrainWatch = {
  readonly name: string;
  /** The Cluster's generation since which this drain is asked for. */
  readonly generation: number;
  readonly startedMs: number;
  readonly drain?: ClusterDrainStatus;
  /** What was printed last: the line, and those of what is left. */
  readonly line: string;
  readonly left: readonly string[];
  readonly changedMs: number;
  /** Objects and replicas, when they were fewest. */
  readonly least: number;
  /** When something last left. */
  readonly leftMs: number;
};

/** Nothing is seen yet. A hub that does not count what is there is not waited for without end either. */
export const beginWatch = (name: string, generation: number, nowMs: number): DrainWatch => ({
  name,
  generation,
  startedMs: nowMs,
  line: '',
  left: [],
  changedMs: nowMs,
  least: Number.POSITIVE_INFINITY,
  leftMs: nowMs,
});

/** Takes in one sight of the cluster; `lines` are to be printed. */
export const see = (
  watch: DrainWatch,
  cluster: Cluster,
  nowMs: number,
): { readonly watch: DrainWatch; readonly lines: readonly string[] } => {
  const line = progressLine(cluster, watch.generation);
  const drain = cluster.status?.drain;
  if (line === undefined || drain === undefined) return { watch, lines: [] };
  const count = drain.objects + drain.replicas;
  // Every object and every replica that leaves gives the others time anew; one that comes back does not.
  const leaving = count < watch.least ? { least: count, leftMs: nowMs } : {};
  const left = leftLines(drain);
  const isSameLeft = left.join() === watch.left.join();
  if (line === watch.line && isSameLeft) return { watch: { ...watch, drain, ...leaving }, lines: [] };
  return { watch: { ...watch, drain, ...leaving, line, left, changedMs: nowMs }, lines: [line, ...(isSameLeft ? [] : left)] };
};

/** When waiting is over if nothing more is seen, and why; undefined = never. */
export const endOf = (
  { drain, startedMs, changedMs, leftMs }: DrainWatch,
  { timeoutSeconds, calmMs, idleMs }: Patience,
): { readonly end: End; readonly atMs: number } | undefined => {
  if (drain?.objects === 0) return { end: 'empty', atMs: changedMs };
  if (drain !== undefined && keepsAll(drain)) return { end: 'kept', atMs: changedMs };
  if (timeoutSeconds !== undefined) return timeoutSeconds === 0 ? undefined : { end: 'timeout', atMs: startedMs + timeoutSeconds * 1_000 };
  const idle = { end: 'idle', atMs: leftMs + idleMs } as const;
  const stuck = { end: 'stuck', atMs: changedMs + calmMs } as const;
  const hasOnlyStaying = drain !== undefined && stayingCount(drain) + (drain.kept ?? 0) >= drain.objects;
  return hasOnlyStaying && stuck.atMs <= idle.atMs ? stuck : idle;
};

/** What is said when the cluster is not empty: why no longer is waited, what is left, that the hub goes on, and how to end that. */
export const unfinishedLines = ({ name, drain }: DrainWatch, end: Exclude<End, 'empty' | 'kept'>, idleMs: number): readonly string[] => {
  const why = {
    stuck: 'nothing more leaves by itself',
    idle: `nothing has left for ${counted(Math.round(idleMs / 1_000), 'second')}`,
    timeout: 'the time is over',
    interrupted: 'interrupted',
  }[end];
  const left = drain === undefined ? '' : `: ${counted(drain.replicas, 'replica')} and ${counted(drain.objects, 'object')} left in ${name}`;
  const mend = `the drain goes on in the hub; hanse drain ${name} watches it again, hanse drain ${name} --undo ends it`;
  return [`${why}${left}`, ...leftLines(drain ?? {}), mend];
};

/** True of a cluster that is not heard, and of which all has its place elsewhere. */
const keepsAll = ({ objects, kept = 0 }: ClusterDrainStatus): boolean => objects > 0 && kept === objects;

/** Objects that stay until something else changes. */
const stayingCount = ({ staying = [], stayingMore = 0 }: ClusterDrainStatus): number => staying.length + stayingMore;

/** What is told of a cluster that is emptied; undefined = nothing is known yet of this drain. */
export const progressLine = ({ metadata, status }: Cluster, generation: number): string | undefined => {
  const drain = status?.drain;
  if (drain === undefined || drain.observedGeneration < generation) return undefined;
  if (drain.objects === 0) return `cluster ${metadata.name} is empty`;
  const had = `${counted(drain.replicas, 'replica')} and ${counted(drain.objects, 'object')}`;
  if (keepsAll(drain))
    return `cluster ${metadata.name} is not heard: what it had (${had}) has its place elsewhere, and it keeps what is there until it is back`;
  const stay = stayingCount(drain);
  const stuck = drain.stuck === 0 ? '' : `, ${counted(drain.stuck, 'replica')} of which find no place elsewhere`;
  const staying = stay === 0 ? '' : `; ${counted(stay, 'object')} stay${stay === 1 ? 's' : ''}${stuck}`;
  return `cluster ${metadata.name}: ${had} left${staying}`;
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
