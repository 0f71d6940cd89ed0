/** @module What a plan tells of one object: where it would be, what stays where it is placed no more, and what that costs. */
import { type ExplanationRow, explanationRows, type PlacementCost, type WorkloadRef, withStaying } from '../api/index.ts';
import {
  type Before,
  type ClusterView,
  type Decision,
  partsBefore,
  shapeIn,
  standingOf,
  type TaskDecision,
  weightlessText,
  withParts,
} from '../placement/index.ts';
import { costOfCounts, sumsIn } from './costs.ts';
import type { PlanCluster, PlanTask, RemovedWorkload } from './fleet.ts';
import { type PlannedStay, stayingIn, staysOf } from './stays.ts';

/** One object of a plan. */
export type PlannedPlacement = {
  readonly object: WorkloadRef;
  /** `namespace/name`, or `name` of a ClusterPlacementPolicy. */
  readonly policy: string;
  /** Undefined for kinds without replicas. */
  readonly replicas: number | undefined;
  /** Clusters that have or had some, sorted by name. */
  readonly clusters: readonly { readonly cluster: string; readonly replicas: number; readonly before: number }[];
  /** Clusters where some run on or ran on although it is not placed there, sorted by name. */
  readonly staying: readonly PlannedStay[];
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
  /** The Placement after the plan. */
  readonly next: Before | undefined;
};

type Counts = ReadonlyMap<string, number>;

const clustersOf = (after: Counts, before: Counts): PlannedPlacement['clusters'] =>
  [...new Set([...after.keys(), ...before.keys()])]
    .sort()
    .map((cluster) => ({ cluster, replicas: after.get(cluster) ?? 0, before: before.get(cluster) ?? 0 }))
    .filter(({ replicas, before: had }) => replicas > 0 || had > 0);

/** What a plan is made in. */
export type Scene = {
  readonly clusters: readonly PlanCluster[];
  readonly views: ReadonlyMap<string, ClusterView>;
  readonly env: { readonly nowMs: number };
};

const statusOf = (
  { unplaced, reason, binding }: Decision,
  before: Before | undefined,
  stays: readonly PlannedStay[],
): Pick<Before, 'status'> => {
  const { owed } = before?.status ?? {};
  return { status: { unplaced, reason, binding, ...(owed === undefined ? {} : { owed }), staying: stayingIn(stays) } };
};

/** What becomes of an object that was decided on, as the hub would write it. */
export const plannedOf = (
  task: PlanTask,
  { decision: made, policy }: TaskDecision,
  { clusters: all, views, env }: Scene,
): PlannedPlacement => {
  const { workload, object, before } = task;
  const decision = withParts(object, policy, made, partsBefore(before));
  const clusters = clustersOf(new Map(decision.clusters.map(({ name, replicas }) => [name, replicas ?? 1])), workload.current);
  const staying = staysOf(task, { decision, policy }, all, env);
  const { unplaced, reason, message } = decision;
  const counts = staying.map(({ cluster, replicas, before: stayed }) => ({ cluster, before: stayed, after: replicas }));
  const costs = [decision.cost ?? [], costOfCounts(workload, (view) => shapeIn(task, view), counts, views) ?? []].flat();
  const unkept = weightlessText(policy, () => [...views.values()].map((view) => standingOf(policy, view)));
  const isMoved = [...clusters, ...staying].some(({ replicas, before: had }) => replicas !== had);
  return {
    object: workload.ref,
    policy: policy.id,
    replicas: workload.replicas,
    clusters,
    staying,
    unplaced,
    reason,
    message: withStaying(message, stayingIn(staying)),
    cost: costs[0] === undefined ? undefined : sumsIn(costs[0].currency, costs),
    get explain() {
      return explanationRows(decision.explained);
    },
    warnings: [...(task.warnings ?? []), ...(unkept === '' ? [] : [unkept])],
    isChanged: isMoved || unplaced !== (task.unplacedBefore ?? 0),
    isAsked: task.isAsked ?? false,
    next: { spec: { clusters: decision.clusters }, ...statusOf(decision, before, staying) },
  };
};

/** What runs as it was decided and is not decided on again: a divided Job. */
export const plannedSettled = (task: PlanTask, { views }: Scene): PlannedPlacement => {
  const { workload, policy, before } = task;
  const counts = [...workload.current].map(([cluster, replicas]) => ({ cluster, before: replicas, after: replicas }));
  return {
    object: workload.ref,
    policy: policy.id,
    replicas: workload.replicas,
    clusters: clustersOf(workload.current, workload.current),
    staying: [],
    unplaced: 0,
    reason: 'Placed',
    message: 'the Job runs as it was divided; its parts do not move',
    cost: costOfCounts(workload, (view) => shapeIn(task, view), counts, views),
    explain: [],
    warnings: task.warnings ?? [],
    isChanged: false,
    isAsked: task.isAsked ?? false,
    next: before,
  };
};

/** What is deleted. */
export const plannedRemoval = ({ workload, policy }: RemovedWorkload, { views }: Scene): PlannedPlacement => {
  const counts = [...workload.current].map(([cluster, replicas]) => ({ cluster, before: replicas, after: 0 }));
  return {
    object: workload.ref,
    policy,
    replicas: workload.replicas === undefined ? undefined : 0,
    clusters: clustersOf(new Map(), workload.current),
    staying: [],
    unplaced: 0,
    reason: 'Deleted',
    message: 'the object is deleted',
    cost: costOfCounts(workload, () => workload.shape, counts, views),
    explain: [],
    warnings: [],
    isChanged: true,
    isAsked: true,
    next: undefined,
  };
};
