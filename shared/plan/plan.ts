/** @module What would be decided: all workloads at once, by the decisions of the hub itself, with nothing written. */
import { type ExplanationRow, explanationRows, type PlacementCost, type WorkloadRef } from '../api/index.ts';
import { type ClusterView, type Preempted, placeAll, refText, type TaskDecision } from '../placement/index.ts';
import {
  askedIn,
  costOfRemoved,
  type FollowingObject,
  type PlanCluster,
  type PlanFleet,
  type PlanTask,
  type RemovedWorkload,
  unpricedIn,
} from './fleet.ts';
import { type ClusterLoad, withPods } from './load.ts';

/** One object of a plan. */
export type PlannedPlacement = {
  readonly object: WorkloadRef;
  /** `namespace/name`, or `name` of a ClusterPlacementPolicy. */
  readonly policy: string;
  /** Undefined for kinds without replicas. */
  readonly replicas: number | undefined;
  /** Clusters that have or had some, sorted by name. */
  readonly clusters: readonly { readonly cluster: string; readonly replicas: number; readonly before: number }[];
  readonly unplaced: number;
  readonly reason: string;
  readonly message: string;
  readonly cost: PlacementCost | undefined;
  readonly explain: readonly ExplanationRow[];
  readonly warnings: readonly string[];
  /** True when replicas come, go or are newly unplaced. */
  readonly isChanged: boolean;
  /** True when the plan was asked about this object. */
  readonly isAsked: boolean;
};

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
};

type Counts = ReadonlyMap<string, number>;

const clustersOf = (after: Counts, before: Counts): PlannedPlacement['clusters'] =>
  [...new Set([...after.keys(), ...before.keys()])]
    .sort()
    .map((cluster) => ({ cluster, replicas: after.get(cluster) ?? 0, before: before.get(cluster) ?? 0 }))
    .filter(({ replicas, before: had }) => replicas > 0 || had > 0);

const plannedOf = (task: PlanTask, { decision, policy }: TaskDecision): PlannedPlacement => {
  const { workload } = task;
  const clusters = clustersOf(new Map(decision.clusters.map(({ name, replicas }) => [name, replicas ?? 1])), workload.current);
  const { unplaced, reason, message, cost } = decision;
  const isMoved = clusters.some(({ replicas, before }) => replicas !== before);
  return {
    object: workload.ref,
    policy: policy.id,
    replicas: workload.replicas,
    clusters,
    unplaced,
    reason,
    message,
    cost,
    get explain() {
      return explanationRows(decision.explained);
    },
    warnings: task.warnings ?? [],
    isChanged: isMoved || unplaced !== (task.unplacedBefore ?? 0),
    isAsked: task.isAsked ?? false,
  };
};

const plannedRemoval = ({ workload, policy }: RemovedWorkload, views: ReadonlyMap<string, ClusterView>): PlannedPlacement => ({
  object: workload.ref,
  policy,
  replicas: workload.replicas === undefined ? undefined : 0,
  clusters: clustersOf(new Map(), workload.current),
  unplaced: 0,
  reason: 'Deleted',
  message: 'the object is deleted',
  cost: costOfRemoved(workload, views),
  explain: [],
  warnings: [],
  isChanged: true,
  isAsked: true,
});

/** Replicas more (or, below zero, fewer) in each cluster, with what one asks for. */
const loadsOf = (
  clusters: readonly PlanCluster[],
  placements: readonly PlannedPlacement[],
  asked: ReturnType<typeof askedIn>,
): PlannedLoad[] => {
  const after = new Map(clusters.flatMap(({ view, load }) => (load === undefined ? [] : [[view.name, load] as const])));
  for (const { object, clusters: changes } of placements) {
    for (const { cluster, before, replicas } of changes) {
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

/** Plans all workloads over rooms of their own: the same fleet can be planned again. */
export const makePlan = (fleet: PlanFleet, env: { readonly nowMs: number }): Plan => {
  const views = fleet.clusters.map(withRoom);
  const { decisions, preempted } = placeAll({ clusters: views, others: fleet.others }, fleet.tasks, env);
  const tasks = new Map(fleet.tasks.map((task) => [refText(task.workload.ref), task]));
  const byName = new Map(views.map((view) => [view.name, view]));
  const placements = [
    ...decisions.flatMap((decided) => {
      const task = tasks.get(refText(decided.workload.ref));
      return task === undefined ? [] : [plannedOf(task, decided)];
    }),
    ...fleet.removed.map((one) => plannedRemoval(one, byName)),
  ];
  const { unselected, following = [] } = fleet;
  const asked = askedIn(fleet);
  return {
    placements,
    loads: loadsOf(fleet.clusters, placements, asked),
    unpriced: unpricedIn(fleet, asked, placements),
    preempted,
    unselected,
    following,
  };
};
