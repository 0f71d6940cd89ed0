/** @module The fleet once a plan is carried out: what was decided is present, and the next plan starts from there. */
import type { AssumedPods } from '../capacity/index.ts';
import { refText } from '../placement/index.ts';
import { askedIn, type PlanCluster, type PlanFleet, type PlanTask } from './fleet.ts';
import type { Plan } from './plan.ts';
import { stayingIn } from './stays.ts';

/** Replicas that the plan adds to each cluster; those of one shape together, for each lot is bound by itself. */
const addedBy = (fleet: PlanFleet, plan: Plan): ReadonlyMap<string, readonly AssumedPods[]> => {
  const asked = askedIn(fleet);
  const added = new Map<string, Map<string, AssumedPods>>();
  for (const { object, clusters } of plan.placements) {
    for (const { cluster, replicas, before } of clusters) {
      const shape = replicas > before ? asked(object, cluster) : undefined;
      if (shape === undefined) continue;
      const key = `${shape.key}|${shape.who.namespace}|${shape.who.labels}`;
      const lots = added.get(cluster) ?? new Map<string, AssumedPods>();
      lots.set(key, { shape, count: (lots.get(key)?.count ?? 0) + replicas - before });
      added.set(cluster, lots);
    }
  }
  return new Map([...added].map(([cluster, lots]) => [cluster, [...lots.values()]]));
};

/**
 * The fleet after the plan. Room of replicas that left is not given back where nodes are counted one by one: which nodes they leave is not
 * known. The loads are those the plan ends with.
 */
export const settled = (fleet: PlanFleet, plan: Plan): PlanFleet => {
  const planned = new Map(plan.placements.map((placement) => [refText(placement.object), placement]));
  const added = addedBy(fleet, plan);
  const loads = new Map(plan.loads.map(({ cluster, after }) => [cluster, after]));
  const clusters = fleet.clusters.map((cluster): PlanCluster => {
    const pods = added.get(cluster.view.name) ?? [];
    const newRoom: PlanCluster['newRoom'] = () => {
      const room = cluster.newRoom();
      for (const some of pods) room?.assume(some);
      return room;
    };
    return { ...cluster, newRoom, load: loads.get(cluster.view.name) ?? cluster.load };
  });
  const tasks = fleet.tasks.map((task): PlanTask => {
    const placement = planned.get(refText(task.workload.ref));
    if (placement === undefined) return task;
    const current = new Map(
      placement.clusters.filter(({ replicas }) => replicas > 0).map(({ cluster, replicas }) => [cluster, replicas] as const),
    );
    const lingering = new Map([
      ...(task.workload.lingering ?? []),
      ...stayingIn(placement.staying).map(({ name, replicas = 0 }) => [name, replicas] as const),
    ]);
    return {
      ...task,
      before: placement.next,
      workload: { ...task.workload, current, lingering },
      unplacedBefore: placement.unplaced,
      isAsked: false,
    };
  });
  return { ...fleet, clusters, tasks, removed: [] };
};
