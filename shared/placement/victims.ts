/** @module Replicas that could give way to a workload of higher priority, and the places that there would be without them. */
import { type ClusterRoom, type MadePlace, type PodDemand, type PodShape, type PodsOnNode, placesMade } from '../capacity/index.ts';
import { listed } from '../lib/listed.ts';
import { shapeIn } from './asking.ts';
import type { ClusterView } from './model.ts';
import { rankOf, type Task } from './turn.ts';
import { groupKind } from './workload-fields.ts';

/** True when a replica of either holds the very same of its node: one in the place of the other changes nothing there but the labels. */
export const holdsTheSame = ({ demand: a }: PodShape, { demand: b }: PodShape): boolean =>
  isEqual(a.requests, b.requests) &&
  a.guaranteed === b.guaranteed &&
  a.containers.length === b.containers.length &&
  a.containers.every(({ role, requests }, at) => role === b.containers[at]?.role && isEqual(requests, b.containers[at].requests)) &&
  [a, b].every(
    ({ ports, antiAffinity, claims, vgpus, networks, runtimeClassName }) =>
      ports.length + antiAffinity.length + claims.length + vgpus.length + networks.length === 0 && runtimeClassName === undefined,
  );

const isEqual = (a: PodDemand['requests'], b: PodDemand['requests']): boolean =>
  a.size === b.size && [...a].every(([resource, amount]) => b.get(resource) === amount);

/**
 * Kinds whose controller takes away the pods that it is told to: those bound to no node first, then those that are not ready, then those of the
 * lowest deletion cost (k8s.io/kubernetes pkg/controller/controller_utils.go, ActivePodsWithRanks; KEP-2255).
 */
export const choosableKinds: ReadonlySet<string> = new Set(['apps/Deployment', 'apps/ReplicaSet']);

/** Replicas of lower priority in a cluster. */
export type Lower = {
  readonly task: Task;
  readonly replicas: number;
  /** What else is lost when one of them goes. */
  readonly loss: number;
  /** Undefined = not known. */
  readonly on: ReadonlyMap<string, PodsOnNode> | undefined;
};

/** How those of lower priority in a cluster can make room; the lots of the places are theirs. */
export type Way = { readonly lower: readonly Lower[]; readonly places: readonly MadePlace[] };

/** Clusters in which replicas of lower priority run, with what comes of it that they give way. */
export type Ways = ReadonlyMap<string, Way>;

/** What replicas of lower priority, the first ones first, leave to a task in a cluster; at most `limit` replicas of it are asked about. */
export const wayIn = (view: ClusterView, task: Task, lower: readonly Lower[], limit: number): Way | undefined => {
  const shape = shapeIn(task, view);
  if (view.room === undefined || shape === undefined) return undefined;
  const known = lower.flatMap((one) => {
    const { workload } = one.task;
    const freed = shapeIn(one.task, view);
    if (freed === undefined) return [];
    const isChosen = view.choosesNone !== true && choosableKinds.has(groupKind(workload.ref));
    const lot = { shape: freed, count: one.replicas, on: one.on, isChosen, rank: rankOf(one.task), loss: one.loss };
    return [{ one, lot }];
  });
  if (known.length === 0) return undefined;
  const lots = known.map(({ lot }) => lot);
  return { lower: known.map(({ one }) => one), places: placesMade(view.room, shape, lots, limit) };
};

/** The room as if so many more replicas of any shape fitted. */
const withMore = (room: ClusterRoom, more: number): ClusterRoom => ({
  ...room,
  revision: undefined,
  fit: (shape) => {
    const fit = room.fit(shape);
    return { ...fit, count: Math.max(0, fit.count + more) };
  },
});

/** The clusters as if replicas gave way, for the shape of the task alone, and as if what is `taken` of their room were used. */
export const roomierBy = (clusters: readonly ClusterView[], ways: Ways, taken: ReadonlyMap<string, number>): readonly ClusterView[] =>
  clusters.map((view) => {
    const more = (ways.get(view.name)?.places.length ?? 0) - (taken.get(view.name) ?? 0);
    return more === 0 || view.room === undefined ? view : { ...view, room: withMore(view.room, more) };
  });

/** The clusters with nothing free in some of them. */
export const fullIn = (clusters: readonly ClusterView[], names: ReadonlySet<string>): readonly ClusterView[] =>
  names.size === 0
    ? clusters
    : clusters.map((view) =>
        names.has(view.name) && view.room !== undefined ? { ...view, room: withMore(view.room, Number.NEGATIVE_INFINITY) } : view,
      );

/** Workloads that are named where they do not give way; the rest is counted. */
const namedMax = 3;

/** Why those of lower priority stay: `; lower priority: 8 of low in a do not give way: …`; '' when none run where the task may. */
export const stayingText = (ways: Ways): string => {
  const open = [...ways];
  const all = open.flatMap(([cluster, { lower }]) =>
    lower.map(({ task, replicas }) => `${replicas} of ${task.workload.ref.name} in ${cluster}`),
  );
  if (all.length === 0) return '';
  const fits = open.reduce((sum, [, { places }]) => sum + places.length, 0);
  const why = fits === 0 ? 'no node is sure to have room once they go' : `the ${fits} sure to fit in their place would not help`;
  return `; lower priority: ${listed(all, namedMax)} do not give way: ${why}`;
};
