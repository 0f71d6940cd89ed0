/** @module What a plan is made over: clusters with rooms of their own, the workloads to decide on, and those that are not decided on. */
import type { WorkloadRef } from '../api/index.ts';
import type { ClusterRoom, PodShape } from '../capacity/index.ts';
import type { KubeObject } from '../kube/object.ts';
import {
  type Before,
  type ClusterView,
  type OtherWorkload,
  priceIn,
  refText,
  shapeIn,
  type Task,
  type Workload,
} from '../placement/index.ts';
import type { ClusterLoad } from './load.ts';

/** One cluster of a plan. */
export type PlanCluster = {
  /** Its `room` is not read. */
  readonly view: ClusterView;
  /** A room that one plan uses up, with everything present and on its way taken off; undefined = nothing is known of its capacity. */
  readonly newRoom: () => ClusterRoom | undefined;
  /** With everything present and on its way taken off; undefined = not known. */
  readonly load: ClusterLoad | undefined;
  /** True when the plan is about its loss. */
  readonly isLost?: boolean;
};

/** A workload to decide on; its policy is as it is written. */
export type PlanTask = Task & {
  readonly object: KubeObject;
  /** Its Placement as it is; undefined = it was never decided on. */
  readonly before: Before | undefined;
  /** Replicas that are unplaced now; undefined = not known. */
  readonly unplacedBefore?: number;
  /** True when the plan was asked about this object: it is told of even when nothing changes. */
  readonly isAsked?: boolean;
  /** What a reader should know of the object before it is placed. */
  readonly warnings?: readonly string[];
};

/** A workload that would be deleted. */
export type RemovedWorkload = { readonly workload: Workload; readonly policy: string };

/** An object that no policy selects, and the workload that takes it along into its clusters. */
export type FollowingObject = { readonly object: WorkloadRef; readonly with: WorkloadRef };

/** Everything that a plan is made from. */
export type PlanFleet = {
  /** Sorted by name. */
  readonly clusters: readonly PlanCluster[];
  readonly tasks: readonly PlanTask[];
  /** Placed workloads that are not decided on. */
  readonly others: readonly OtherWorkload[];
  /** Objects that no policy selects. */
  readonly unselected: readonly WorkloadRef[];
  /** Those that a workload takes along; they are not among the unselected. */
  readonly following?: readonly FollowingObject[];
  readonly removed: readonly RemovedWorkload[];
  /** What is not known of the clusters, so that the counts there are estimates. */
  readonly doubts?: readonly string[];
};

/** Answers what a replica of an object of the plan asks for in a cluster; undefined when nothing is counted. */
export const askedIn = ({ clusters, tasks, removed }: PlanFleet): ((object: WorkloadRef, cluster: string) => PodShape | undefined) => {
  const views = new Map(clusters.map(({ view }) => [view.name, view]));
  const ofTasks = new Map(tasks.map((task) => [refText(task.workload.ref), task]));
  const ofRemoved = new Map(removed.map(({ workload }) => [refText(workload.ref), workload.shape]));
  return (object, cluster) => {
    const text = refText(object);
    const [task, view] = [ofTasks.get(text), views.get(cluster)];
    return task === undefined || view === undefined ? ofRemoved.get(text) : shapeIn(task, view);
  };
};

/** Clusters that have or had replicas of the plan and no price for them, by name: what runs there counts in no cost. */
export const unpricedIn = (
  { clusters }: PlanFleet,
  asked: ReturnType<typeof askedIn>,
  placements: readonly { readonly object: WorkloadRef; readonly clusters: readonly { readonly cluster: string }[] }[],
): readonly string[] => {
  const views = new Map(clusters.map(({ view }) => [view.name, view]));
  const unpriced = placements.flatMap(({ object, clusters: told }) =>
    told.flatMap(({ cluster }) => {
      const [view, shape] = [views.get(cluster), asked(object, cluster)];
      return view !== undefined && shape !== undefined && priceIn(view, shape) === undefined ? [cluster] : [];
    }),
  );
  return [...new Set(unpriced)].sort();
};
