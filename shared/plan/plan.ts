/** @module What would be decided: all workloads at once, by the decisions of the hub itself, with nothing written. */
import type { WorkloadRef } from '../api/index.ts';
import { type ClusterView, isSettledJob, jobTask, type OtherWorkload, type Preempted, placeAll, refText } from '../placement/index.ts';
import { askedIn, type FollowingObject, type PlanCluster, type PlanFleet, type PlanTask, unpricedIn } from './fleet.ts';
import { type ClusterLoad, withPods } from './load.ts';
import { type PlannedPlacement, plannedOf, plannedRemoval, plannedSettled, type Scene } from './planned.ts';

/** How full a cluster is. */
export type PlannedLoad = { readonly cluster: string; readonly isLost: boolean; readonly before: ClusterLoad; readonly after: ClusterLoad };

/** What would be. */
export type Plan = {
  /** In the order of decision; then what is removed. */
  readonly placements: readonly PlannedPlacement[];
  /** Of the clusters whose capacity is known, sorted by name. */
  readonly loads: readonly PlannedLoad[];
  /** Clusters whose replicas no cost tells of, sorted by name: they have no price for them. */
  readonly unpriced: readonly string[];
  readonly preempted: readonly Preempted[];
  /** Objects that no policy selects. */
  readonly unselected: readonly WorkloadRef[];
  /** Objects that no policy selects and that a workload takes along. */
  readonly following: readonly FollowingObject[];
  /** What is not known of the clusters, so that the counts there are estimates. */
  readonly doubts: readonly string[];
};

/** Replicas more (or, below zero, fewer) in each cluster, with what one asks for. */
const loadsOf = (
  clusters: readonly PlanCluster[],
  placements: readonly PlannedPlacement[],
  asked: ReturnType<typeof askedIn>,
): PlannedLoad[] => {
  const after = new Map(clusters.flatMap(({ view, load }) => (load === undefined ? [] : [[view.name, load] as const])));
  for (const { object, clusters: placed, staying } of placements) {
    for (const { cluster, before, replicas } of [...placed, ...staying]) {
      const load = after.get(cluster);
      const shape = asked(object, cluster);
      if (load !== undefined && shape !== undefined && replicas !== before)
        after.set(cluster, withPods(load, { shape, count: replicas - before }));
    }
  }
  return clusters.flatMap(({ view, load, isLost = false }) =>
    load === undefined ? [] : [{ cluster: view.name, isLost, before: load, after: after.get(view.name) ?? load }],
  );
};

/** The view with a room of its own, made when the first workload asks for it. */
const withRoom = ({ view, newRoom }: PlanCluster): ClusterView => {
  let room: ClusterView['room'];
  let isMade = false;
  return {
    ...view,
    get room() {
      if (!isMade) room = newRoom();
      isMade = true;
      return room;
    },
  };
};

/** A divided Job that nothing drives out of a cluster which has a part of it. */
const isSettled = ({ object, workload, before }: PlanTask, clusters: ReadonlyMap<string, PlanCluster>): boolean =>
  isSettledJob(object, workload.replicas, before, (name) => {
    const cluster = clusters.get(name);
    return cluster?.isLost === true ? undefined : cluster?.view;
  });

const otherOf = ({ workload: { ref, labels = {}, current }, policy }: PlanTask): OtherWorkload => ({
  ref,
  labels,
  clusters: [...current.keys()],
  apart: policy.apart.required,
});

/** Plans all workloads over rooms of their own: the same fleet can be planned again. */
export const makePlan = (fleet: PlanFleet, env: { readonly nowMs: number }): Plan => {
  const views = fleet.clusters.map(withRoom);
  const scene: Scene = { clusters: fleet.clusters, views: new Map(views.map((view) => [view.name, view])), env };
  const clusters = new Map(fleet.clusters.map((cluster) => [cluster.view.name, cluster]));
  const tasks = fleet.tasks.map((task): PlanTask => ({ ...task, ...jobTask(task, task.object, task.before) }));
  const settled = tasks.filter((task) => isSettled(task, clusters));
  const open = settled.length === 0 ? tasks : tasks.filter((task) => !settled.includes(task));
  const snapshot = { clusters: views, others: [...fleet.others, ...settled.map(otherOf)], placed: () => settled };
  const { decisions, preempted } = placeAll(snapshot, open, env);
  const byRef = new Map(tasks.map((task) => [refText(task.workload.ref), task]));
  const decided = new Set(decisions.map(({ workload }) => refText(workload.ref)));
  const placements = [
    ...decisions.flatMap((one) => {
      const task = byRef.get(refText(one.workload.ref));
      return task === undefined ? [] : [plannedOf(task, one, scene)];
    }),
    ...settled.filter(({ workload }) => !decided.has(refText(workload.ref))).map((task) => plannedSettled(task, scene)),
    ...fleet.removed.map((one) => plannedRemoval(one, scene)),
  ];
  const { unselected, following = [], doubts = [] } = fleet;
  const asked = askedIn(fleet);
  return {
    placements,
    loads: loadsOf(fleet.clusters, placements, asked),
    unpriced: unpricedIn(
      fleet,
      asked,
      placements.map(({ object, clusters: placed, staying }) => ({ object, clusters: [...placed, ...staying] })),
    ),
    preempted,
    unselected,
    following,
    doubts,
  };
};
