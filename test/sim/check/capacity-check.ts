/**
 * @module The rule of capacity: a decision that gives a cluster more replicas leaves all that is placed there, and what foreign pods take,
 * within what the cluster has, as far as the hub could know it from reports.
 */
import { type CapacityReport, createReportReceiver, type ReportReceiver } from '../../../shared/capacity/index.ts';
import type { Beat, ReportMessage } from '../../../shared/wire/index.ts';
import { cpuMilliOf } from '../model/member-runtime.ts';
import { createDecidedSizes } from './decided-sizes.ts';
import type { Checker } from './observer.ts';
import { createStarts } from './starts.ts';
import { createToldRoom } from './told-room.ts';
import { createWishes } from './wishes.ts';

/** Between a decision and its record in the journal a newer report may arrive, and a user may make the replicas larger. */
const decisionAgeMsMax = 10_000;
/** Reports of a cluster that are looked at. */
const reportsMax = 64;

/**
 * What a report says of milli-CPU: free (a node that others overload lacks nothing but its own, and one that is tainted or cordoned takes no pod
 * of the model), and demand that no node can take.
 */
type Heard = {
  readonly atMs: number;
  readonly bootId: string;
  readonly free: number;
  readonly stranded: number;
  /** Our replicas that run, by work id. */
  readonly bound: readonly (readonly [workId: string, count: number])[];
};

/** The columns of a report live on, so what the rule needs of it is read at once. */
const heardOf = (atMs: number, bootId: string, { groups, nodes, resourceNames, present, pending }: CapacityReport): Heard => {
  const closed = new Set(groups.filter(({ taints, unschedulable }) => taints.length > 0 || unschedulable).map(({ id }) => id));
  const free = (nodes.free[resourceNames.indexOf('cpu')] ?? []).filter((_, node) => !closed.has(nodes.group[node] ?? -1));
  const largest = Math.max(0, ...free);
  return {
    atMs,
    bootId,
    free: free.reduce((sum, amount) => sum + Math.max(0, amount), 0),
    stranded: pending.reduce((sum, { count, requests }) => sum + ((requests.cpu ?? 0) > largest ? count * (requests.cpu ?? 0) : 0), 0),
    bound: Object.entries(present).map(([workId, { bound }]) => [workId, bound]),
  };
};

/** The checker. */
export const capacityCheck: Checker = (fail, nowMs) => {
  const wishes = createWishes(nowMs);
  const reports = new Map<string, Heard[]>();
  const receivers = new Map<string, ReportReceiver>();
  const starts = createStarts(nowMs);
  const knownMs = ({ atMs, bootId }: Heard): number => Math.max(atMs, starts.beganMs(bootId));
  const cpuOf = (name: string): number => {
    const spec = wishes.object('Deployment', name)?.spec as { template?: { spec?: Parameters<typeof cpuMilliOf>[0] } } | undefined;
    return cpuMilliOf(spec?.template?.spec);
  };
  /** The least and the most that replicas of a workload have asked for: what users make larger where it runs is no doing of ours. */
  const asked = new Map<string, { readonly least: number; readonly most: number }>();
  const noteAsked = (name: string): void => {
    const cpu = cpuOf(name);
    const { least = cpu, most = cpu } = asked.get(name) ?? {};
    asked.set(name, { least: Math.min(least, cpu), most: Math.max(most, cpu) });
  };
  /** Work ids end with the name of their object. */
  const cpuOfWork = (workId: string): number => asked.get(/app-\d+$/.exec(workId)?.[0] ?? '')?.most ?? 0;
  const replicasIn = (cluster: string): { readonly name: string; readonly replicas: number }[] =>
    [...wishes.placements().values()].flatMap(({ workload, clusters }) =>
      clusters.filter(({ name }) => name === cluster).map(({ replicas = 0 }) => ({ name: workload.name, replicas })),
    );

  const sizes = createDecidedSizes(nowMs, decisionAgeMsMax);
  /** Of what a cluster has, and keeps on the way out of it, none is given to it anew. */
  const room = createToldRoom();

  /** `grown`: how many it had already, which may run as small as they ever were, and the size that the decision gave the others. */
  const check = (cluster: string, grown: { readonly name: string; readonly had: number; readonly size: number }, why: string): void => {
    const demandOf = ({ name, replicas }: { readonly name: string; readonly replicas: number }): number => {
      const least = asked.get(name)?.least ?? 0;
      return name === grown.name ? grown.had * least + (replicas - grown.had) * grown.size : replicas * least;
    };
    const demand = replicasIn(cluster).reduce((sum, placed) => sum + demandOf(placed), 0);
    const heard = reports.get(cluster) ?? [];
    const recent = heard.filter((_, at) => heard.slice(at + 1).every((next) => nowMs() - knownMs(next) <= decisionAgeMsMax));
    const rooms = recent.map(({ free, stranded, bound }) => ({
      ours: bound.reduce((sum, [workId, count]) => sum + count * cpuOfWork(workId), 0),
      free,
      stranded,
    }));
    // What waits for a whole node's worth of room does not keep the crumbs from smaller replicas.
    if (rooms.some(({ ours, free, stranded }) => demand - stranded <= ours + free)) return;
    fail(
      'no cluster above its capacity by our doing',
      `${why}: ${cluster} is given ${demand} milli-CPU in all; reports say ${JSON.stringify(rooms)}; placed ${JSON.stringify(replicasIn(cluster))}`,
    );
  };

  return {
    hubStarted: () => {
      reports.clear();
      receivers.clear();
      starts.clear();
    },
    heard: (kind, cluster, message) => {
      const { bootId } = message as Beat;
      if (kind === 'beat') starts.beat(cluster, bootId);
      if (kind !== 'report') return;
      const receiver = receivers.get(cluster) ?? createReportReceiver();
      receivers.set(cluster, receiver);
      const received = receiver.receive((message as ReportMessage).report);
      if (received.kind !== 'new') return;
      reports.set(cluster, [...(reports.get(cluster) ?? []), heardOf(nowMs(), bootId, received.report)].slice(-reportsMax));
    },
    published: ({ cluster, ref, object }) => {
      if (ref.kind === 'Deployment') room.tell(cluster, ref.name, (object?.spec as { replicas?: number } | undefined)?.replicas ?? 0);
    },
    written: (entry) => {
      const name = entry.key.split('/')[3] ?? '';
      const before = wishes.placements().get(name);
      wishes.written(entry);
      if (entry.key.startsWith('apps/deployments/')) {
        if (entry.object === undefined) asked.delete(name);
        else noteAsked(name);
        sizes.written(name, entry.object?.metadata.generation, cpuOf(name));
      }
      if (!entry.key.startsWith('hanse.dev/placements/')) return;
      const after = wishes.placements().get(name);
      for (const { name: cluster } of before?.clusters ?? [])
        if (!after?.clusters.some((one) => one.name === cluster)) room.place(cluster, before?.workload.name ?? name, 0, 0);
      if (after === undefined) return;
      const workload = after.workload.name;
      const { observedGeneration = 0 } = (entry.object?.status ?? {}) as { observedGeneration?: number };
      const size = sizes.of(workload, observedGeneration);
      for (const { name: cluster, replicas = 0 } of after.clusters) {
        const had = room.had(cluster, workload, size);
        if (replicas > had) check(cluster, { name: workload, had, size }, `${name} grew from ${had} to ${replicas} at ${entry.revision}`);
        room.place(cluster, workload, replicas, Math.max(0, replicas - had) * size);
      }
    },
  };
};
