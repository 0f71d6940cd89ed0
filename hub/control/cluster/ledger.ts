/** @module What was assigned to each cluster, so that room already promised is not promised again. */
import type { NominatedNode } from '../../../shared/api/index.ts';
import {
  type AssumedPods,
  type CapacityReport,
  type ClusterRoom,
  createRoom,
  lostPlaces,
  noneLost,
  type PodShape,
  seenOn,
} from '../../../shared/capacity/index.ts';
import { partsOf } from '../../../shared/kube/storage/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { sumOf } from '../../../shared/lib/sum.ts';
import { triesOf } from '../../../shared/placement/index.ts';
import { keyOfWorkId } from '../kinds.ts';

/** One workload's replicas in one cluster. */
type Assignment = { readonly shape: PodShape; readonly replicas: number; readonly nominated?: readonly NominatedNode[] | undefined };

/** Rooms of clusters under everything assigned. */
export type Ledger = {
  /** The room of a cluster with this report; counted anew when the report or an assignment changed. */
  readonly room: (cluster: string, report: CapacityReport) => ClusterRoom;
  /** A room of one's own, to be used up by a plan. */
  readonly copy: (cluster: string, report: CapacityReport) => ClusterRoom;
  /** Replicas assigned to a cluster that wait there and that, by its report, none of its nodes can take; by workload. */
  readonly nodeless: (cluster: string, report: CapacityReport) => readonly Nodeless[];
  /** What a workload has where, after a decision. `workId` as in reports. Without a shape nothing is counted. */
  readonly assign: (
    workId: string,
    shape: PodShape | undefined | ShapeIn,
    replicas: ReadonlyMap<string, number>,
    /** Nodes that are kept for some of them, by cluster. */
    nominated?: ReadonlyMap<string, readonly NominatedNode[]>,
  ) => void;
};

/** So many replicas of a workload wait in a cluster for a node that could take this shape. */
export type Nodeless = {
  readonly workId: string;
  readonly shape: PodShape;
  readonly count: number;
  /** Of these, the ones for which a node was kept that has no room for them, by node. */
  readonly outrun: ReadonlyMap<string, number>;
  /** What is kept for the workload in the cluster: another text when that is something else. */
  readonly kept: string;
};

/** What one replica asks for in a cluster, where that differs between them. */
export type ShapeIn = (cluster: string) => PodShape | undefined;

const nothingSeen = { bound: 0, pending: 0 };

/** Replicas of a workload that a report shows. */
export const seenIn = (report: CapacityReport, workId: string): { readonly bound: number; readonly pending: number } =>
  (Object.hasOwn(report.present, workId) ? report.present[workId] : undefined) ?? nothingSeen;

type Seen = ReturnType<typeof seenIn>;

const beyond = ({ bound, pending }: Seen, replicas: number): number => Math.max(0, replicas - bound - pending);

/** Replicas that a report does not show yet. */
export const unseen = (report: CapacityReport, workId: string, replicas: number): number => beyond(seenIn(report, workId), replicas);

type Waiting = Assignment & {
  readonly workId: string;
  readonly bound: number;
  /** Those that wait for any node. */
  readonly pending: number;
  /** Of those that wait for a node that is kept for them, the ones that find others there, by node. */
  readonly outrun: ReadonlyMap<string, number>;
};

/**
 * Of those of one shape that wait in a member, what each workload is sure to have of the `nodeless`. One that has been given up, or that is made
 * beside what still runs (a Deployment's surge), is none of its replicas.
 */
const nodelessAmong = (waiting: readonly Waiting[], nodeless: number): Nodeless[] => {
  const fitting = waiting.reduce((sum, { pending }) => sum + pending, 0) - nodeless;
  return waiting.flatMap(({ workId, shape, replicas, bound, pending, outrun, nominated = [] }) => {
    const count = Math.min(Math.max(0, pending - fitting) + sumOf(outrun.values()), replicas - bound);
    return count > 0 ? [{ workId, shape, count, outrun, kept: JSON.stringify(nominated) }] : [];
  });
};

/** What is on its way to nodes that are kept for it: those that its pods are not on yet, for as many as are bound nowhere. */
const keptOf = (report: CapacityReport, workId: string, { replicas, nominated = [] }: Assignment): ReadonlyMap<string, number> => {
  const kept = new Map<string, number>();
  if (nominated.length === 0) return kept;
  const on = seenOn(report, workId);
  let left = Math.max(0, replicas - seenIn(report, workId).bound);
  // The newest first: of what was kept before, some may be bound elsewhere.
  for (const { node, replicas: wanted } of nominated.toSorted((a, b) => triesOf(b) - triesOf(a))) {
    const count = Math.min(left, Math.max(0, wanted - (on?.get(node)?.bound ?? 0)));
    left -= count;
    if (count > 0) kept.set(node, count);
  }
  return kept;
};

/** Replicas that a report does not show as bound: those that it does not show at all, with the ones that have nodes kept for them, and the rest. */
const onTheWayIn = (
  report: CapacityReport,
  workId: string,
  assignment: Assignment,
): { readonly assumed: AssumedPods; readonly waiting: AssumedPods } => {
  const { shape, replicas } = assignment;
  const { pending } = seenIn(report, workId);
  const on = keptOf(report, workId, assignment);
  const kept = sumOf(on.values());
  const inPlaces = Math.min(kept, pending);
  return {
    assumed: { shape, count: unseen(report, workId, replicas) + inPlaces, ...(kept === 0 ? {} : { on }) },
    waiting: { shape, count: pending, inPlaces },
  };
};

/** Those of an assignment that wait in the cluster; undefined where none do. */
const waitingOf = (report: CapacityReport, workId: string, held: Assignment): Waiting | undefined => {
  const { bound, pending } = seenIn(report, workId);
  if (pending === 0) return undefined;
  const kept = keptOf(report, workId, held);
  const inPlaces = Math.min(pending, sumOf(kept.values()));
  const outrun = inPlaces === 0 ? noneLost : lostPlaces(report, held.shape, kept, inPlaces);
  return { workId, ...held, bound, pending: pending - inPlaces, outrun };
};

/** An empty ledger. */
export const createLedger = (): Ledger => {
  const assigned = new Map<string, Map<string, Assignment>>();
  const rooms = new Map<string, ClusterRoom>();
  const places = new Map<string, ReadonlySet<string>>();
  /** What was withdrawn from a cluster and is not known to be gone. */
  const withdrawn = new Map<string, Set<string>>();
  const put = (cluster: string, workId: string, next: Assignment | undefined): void => {
    const held = assigned.get(cluster) ?? new Map<string, Assignment>();
    assigned.set(cluster, held);
    const before = held.get(workId);
    const isKeptAlike = sameJson(before?.nominated ?? [], next?.nominated ?? []);
    if (before?.replicas === next?.replicas && before?.shape.key === next?.shape.key && isKeptAlike) return;
    if (next === undefined) held.delete(workId);
    else held.set(workId, next);
    if (next !== undefined) withdrawn.get(cluster)?.delete(workId);
    else if (before !== undefined) withdrawn.set(cluster, (withdrawn.get(cluster) ?? new Set()).add(workId));
    const room = rooms.get(cluster);
    const report = room?.report;
    if (room === undefined || report === undefined) return;
    const seen = seenIn(report, workId);
    const more = beyond(seen, next?.replicas ?? 0) - beyond(seen, before?.replicas ?? 0);
    // Pods of it that wait there were counted as those of strangers until now.
    const isAsCounted = before === undefined ? seen.pending === 0 : before.shape.key === next?.shape.key;
    // More of the same that the report does not show is taken from the room at once; anything else counts the room anew when it is asked for.
    if (next === undefined || more < 0 || !isAsCounted || !isKeptAlike) rooms.delete(cluster);
    else if (more > 0) room.assume({ shape: next.shape, count: more });
  };
  const leavingFrom = (cluster: string, report: CapacityReport): string[] => {
    const isSurplus = (workId: string, replicas: number): boolean => {
      const { bound, pending } = seenIn(report, workId);
      return bound + pending > replicas;
    };
    const ids = [
      ...[...(assigned.get(cluster) ?? [])].filter(([workId, { replicas }]) => isSurplus(workId, replicas)).map(([workId]) => workId),
      ...(withdrawn.get(cluster) ?? []),
    ];
    return ids.map((workId) => keyOfWorkId(workId)).flatMap((key) => (key === undefined ? [] : [partsOf(key).name]));
  };
  /** Forgets what a report does not show any more. */
  const forgetGone = (cluster: string, report: CapacityReport): void => {
    const left = [...(withdrawn.get(cluster) ?? [])].filter((workId) => seenIn(report, workId).bound + seenIn(report, workId).pending > 0);
    if (left.length === 0) withdrawn.delete(cluster);
    else withdrawn.set(cluster, new Set(left));
  };
  const copy = (cluster: string, report: CapacityReport): ClusterRoom => {
    const held = [...(assigned.get(cluster) ?? [])];
    const onTheWay = held.map(([workId, assignment]) => onTheWayIn(report, workId, assignment));
    const assumed = onTheWay.map((one) => one.assumed);
    const waiting = onTheWay.map((one) => one.waiting);
    const some = ({ count }: AssumedPods): boolean => count > 0;
    const room = createRoom(report, assumed.filter(some), waiting.filter(some));
    return Object.assign(room, { leaving: () => leavingFrom(cluster, report) });
  };
  const roomOf: Ledger['room'] = (cluster, report) => {
    const kept = rooms.get(cluster);
    if (kept?.report === report) return kept;
    forgetGone(cluster, report);
    const room = copy(cluster, report);
    rooms.set(cluster, room);
    return room;
  };
  return {
    copy,
    room: roomOf,
    nodeless: (cluster, report) => {
      const waiting = [...(assigned.get(cluster) ?? [])].flatMap(([workId, held]) => waitingOf(report, workId, held) ?? []);
      if (waiting.length === 0) return [];
      const room = roomOf(cluster, report);
      return [...Map.groupBy(waiting, ({ shape }) => shape.key).values()].flatMap((alike) => {
        const [first] = alike;
        return first === undefined ? [] : nodelessAmong(alike, room.nodeless?.(first.shape) ?? 0);
      });
    },
    assign: (workId, shape, replicas, nominated) => {
      for (const cluster of places.get(workId) ?? []) if (!replicas.has(cluster)) put(cluster, workId, undefined);
      if (shape === undefined || replicas.size === 0) {
        for (const cluster of places.get(workId) ?? []) put(cluster, workId, undefined);
        places.delete(workId);
        return;
      }
      for (const [cluster, count] of replicas) {
        const asked = typeof shape === 'function' ? shape(cluster) : shape;
        put(cluster, workId, asked === undefined ? undefined : { shape: asked, replicas: count, nominated: nominated?.get(cluster) });
      }
      places.set(workId, new Set(replicas.keys()));
    },
  };
};
