/** @module Every single loss at once: what moves when one cluster is gone, what fits nowhere, who ends above which load. */
import type { WorkloadRef } from '../api/index.ts';
import type { PlanFleet, PlanTask } from './fleet.ts';
import { type Measure, measures, usedPercent } from './load.ts';
import { makePlan, type Plan } from './plan.ts';
import { withLosses } from './what-if.ts';

/** What the loss of one cluster does. */
export type Loss = {
  readonly cluster: string;
  /** Objects that had replicas there. */
  readonly objects: number;
  /** Replicas that were there. */
  readonly replicas: number;
  /** Replicas started elsewhere. */
  readonly moved: number;
  /** Replicas that fit nowhere now and did before. */
  readonly unplaced: number;
  /** The objects that they are of, the most first. */
  readonly short: readonly { readonly object: WorkloadRef; readonly unplaced: number; readonly message: string }[];
  /** The fullest of what is left, after the loss; absent where no load is known. */
  readonly fullest?: { readonly cluster: string; readonly measure: Measure; readonly percent: number };
};

/** Objects named in {@link Loss.short}; the most short ones go first. */
const shortMax = 20;

const fullestOf = ({ loads }: Plan): Loss['fullest'] => {
  let fullest: Loss['fullest'];
  for (const { cluster, isLost, after } of loads) {
    if (isLost) continue;
    for (const measure of measures) {
      const percent = usedPercent(after[measure]);
      if (percent !== undefined && (fullest === undefined || percent > fullest.percent)) fullest = { cluster, measure, percent };
    }
  }
  return fullest;
};

const isThere = ({ workload }: PlanTask, cluster: string): boolean => workload.current.has(cluster);

/** Decides only on what was in the cluster: the rest stays, and counts for affinities as it is. */
const concerned = (fleet: PlanFleet, cluster: string): PlanFleet => {
  const tasks = fleet.tasks.filter((task) => isThere(task, cluster));
  const rest = fleet.tasks.filter((task) => !isThere(task, cluster) && task.workload.current.size > 0);
  const others = rest.map(({ workload: { ref, labels = {}, current } }) => ({ ref, labels, clusters: [...current.keys()] }));
  return { ...fleet, tasks, others: [...fleet.others, ...others] };
};

/** What the loss of this cluster does to a fleet at rest. */
export const lossOf = (fleet: PlanFleet, cluster: string, env: { readonly nowMs: number }): Loss => {
  const after = withLosses(concerned(fleet, cluster), { lose: [cluster], drain: [] });
  const plan: Plan = after.ok
    ? makePlan(after.value, env)
    : { placements: [], loads: [], unpriced: [], preempted: [], unselected: [], following: [], doubts: [] };
  const before = new Map(fleet.tasks.map(({ workload, unplacedBefore = 0 }) => [workload.ref, unplacedBefore]));
  const short = plan.placements
    .map(({ object, unplaced, message }) => ({ object, unplaced: Math.max(0, unplaced - (before.get(object) ?? 0)), message }))
    .filter(({ unplaced }) => unplaced > 0)
    .sort((a, b) => b.unplaced - a.unplaced || (a.object.name < b.object.name ? -1 : 1));
  const changes = plan.placements.flatMap(({ clusters }) => clusters);
  const fullest = fullestOf(plan);
  return {
    cluster,
    objects: plan.placements.length,
    replicas: changes.reduce((sum, change) => sum + (change.cluster === cluster ? change.before : 0), 0),
    moved: changes.reduce((sum, change) => sum + Math.max(0, change.replicas - change.before), 0),
    unplaced: short.reduce((sum, one) => sum + one.unplaced, 0),
    short: short.slice(0, shortMax),
    ...(fullest === undefined ? {} : { fullest }),
  };
};
