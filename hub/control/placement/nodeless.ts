/**
 * @module Which replicas have waited for long in a cluster of which no node can take them. They are counted report by report, from when the hub
 * first saw them so, for what they ask for now: a report of before a change of the workload, or of a cluster in doubt, proves nothing.
 */
import type { CapacityReport } from '../../../shared/capacity/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { Task } from '../../../shared/placement/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { healthTaints } from '../cluster/health.ts';
import type { Ledger, Nodeless } from '../cluster/ledger.ts';
import { keepsAll } from '../cluster/liveness.ts';
import type { Entry } from './entry.ts';
import { nextAfter, type Waits, waitingSince, waitsAfter } from './waits.ts';

/** How long replicas wait for a node before others may take them, ms. */
export type NodeWait = {
  /** Schedulers try again every few seconds, and pods that end leave their nodes within half a minute (`terminationGracePeriodSeconds`). */
  readonly plainMs: number;
  /** In a cluster whose autoscaler may add nodes, which takes some minutes. */
  readonly autoscaledMs: number;
};

/** A minute; five where nodes may come. */
export const nodeWaitDefaults: NodeWait = { plainMs: 60_000, autoscaledMs: 300_000 };

/** What the watch is built from. */
export type NodelessOptions = {
  readonly env: Pick<RuntimeEnv, 'monotonicMs' | 'setTimer'>;
  readonly directory: Pick<Directory, 'get' | 'view' | 'liveness'>;
  readonly ledger: Pick<Ledger, 'nodeless'>;
  readonly wait: NodeWait;
  /** More replicas of the workload, or fewer, have waited long enough. */
  readonly onChange: (workId: string) => void;
};

/** Who waits where. At most one entry a workload and cluster. */
export type NodelessWatch = {
  /** The cluster has said what it has: it is looked at soon. */
  readonly reported: (cluster: string) => void;
  /** Replicas of a workload that have waited long enough, and still do, by cluster. */
  readonly of: (workId: string) => ReadonlyMap<string, Pick<Nodeless, 'count' | 'outrun'>>;
  readonly stop: () => void;
};

/** What is seen of one workload in one cluster. */
type Seen = { readonly asked: string; readonly waits: Waits; readonly due: number };

/** Reports come in bursts. */
const lookMs = 1_000;
const nothing: ReadonlyMap<string, Seen> = new Map();
const doubts: ReadonlySet<string> = new Set(Object.values(healthTaints));

/** What is waited for: with another node kept, as others make room there, the wait begins anew. */
const askedBy = ({ shape, kept }: Nodeless): string => `${shape.key} ${kept}`;

const waitIn = ({ potential = [] }: CapacityReport, { plainMs, autoscaledMs }: NodeWait): number =>
  potential.some(({ maxExtraNodes }) => maxExtraNodes !== 0) ? autoscaledMs : plainMs;

/** Nobody waits yet. */
export const createNodelessWatch = ({ env, directory, ledger, wait, onChange }: NodelessOptions): NodelessWatch => {
  const seen = new Map<string, ReadonlyMap<string, Seen>>();
  const reported = new Set<string>();
  let timer: { readonly atMs: number; readonly cancel: () => void } | undefined;

  /** The report of a cluster that may be believed. */
  const reportOf = (cluster: string): CapacityReport | undefined => {
    const isDoubted = keepsAll(directory.liveness(cluster)) || (directory.view(cluster)?.taints ?? []).some(({ key }) => doubts.has(key));
    return isDoubted ? undefined : directory.get(cluster)?.report;
  };
  const nodelessIn = (cluster: string): readonly Nodeless[] => {
    const report = reportOf(cluster);
    return report === undefined || report.pending.length === 0 ? [] : ledger.nodeless(cluster, report);
  };
  const dueBefore = (cluster: string): number => {
    const report = reportOf(cluster);
    return env.monotonicMs() - (report === undefined ? wait.plainMs : waitIn(report, wait));
  };

  const follow = (cluster: string): void => {
    const before = seen.get(cluster) ?? nothing;
    const dueMs = dueBefore(cluster);
    const next = new Map<string, Seen>();
    for (const one of nodelessIn(cluster)) {
      const { workId, count } = one;
      const asked = askedBy(one);
      const known = before.get(workId)?.asked === asked ? before.get(workId) : undefined;
      const waits = waitsAfter(known?.waits ?? [], count, env.monotonicMs());
      const due = waitingSince(waits, dueMs);
      next.set(workId, { asked, waits, due });
    }
    if (next.size === 0) seen.delete(cluster);
    else seen.set(cluster, next);
    for (const workId of new Set([...before.keys(), ...next.keys()]))
      if ((before.get(workId)?.due ?? 0) !== (next.get(workId)?.due ?? 0)) onChange(workId);
  };
  const lookBy = (atMs: number): void => {
    if (timer !== undefined && timer.atMs <= atMs) return;
    timer?.cancel();
    timer = { atMs, cancel: env.setTimer(Math.max(0, atMs - env.monotonicMs()), look) };
  };
  const look = (): void => {
    timer = undefined;
    for (const cluster of new Set([...reported, ...seen.keys()])) follow(cluster);
    reported.clear();
    const nowMs = env.monotonicMs();
    for (const [cluster, works] of seen) {
      const dueMs = dueBefore(cluster);
      for (const { waits } of works.values()) {
        const sinceMs = nextAfter(waits, dueMs);
        if (sinceMs !== undefined) lookBy(nowMs + sinceMs - dueMs);
      }
    }
  };

  return {
    reported: (cluster) => {
      if (!seen.has(cluster) && (directory.get(cluster)?.report?.pending ?? []).length === 0) return;
      reported.add(cluster);
      lookBy(env.monotonicMs() + lookMs);
    },
    of: (workId) => {
      const counts = new Map<string, Pick<Nodeless, 'count' | 'outrun'>>();
      for (const [cluster, works] of seen) {
        const known = works.get(workId);
        if (known === undefined || known.due === 0) continue;
        const now = nodelessIn(cluster).find((one) => one.workId === workId && askedBy(one) === known.asked);
        if (now !== undefined) counts.set(cluster, { count: Math.min(known.due, now.count), outrun: now.outrun });
      }
      return counts;
    },
    stop: () => timer?.cancel(),
  };
};

/** The task of an entry with what of it waits for a node where it is placed, by what it asks for now. */
export const toDecide = ({ of }: Pick<NodelessWatch, 'of'>, { task, workId }: Entry): Task => {
  const waiting = [...of(workId)].filter(([cluster]) => task.workload.current.has(cluster));
  if (waiting.length === 0) return task;
  const nodeless = new Map(waiting.map(([cluster, { count }]) => [cluster, count]));
  const outrun = new Map(waiting.flatMap(([cluster, one]) => (one.outrun.size === 0 ? [] : [[cluster, one.outrun] as const])));
  return { ...task, workload: { ...task.workload, nodeless, ...(outrun.size === 0 ? {} : { outrun }) } };
};
