/** @module One case of offline planning: dumps of clusters and the objects to plan, from plain values to a fleet and its plan. */
import type { AssumedPods, Read } from '../capacity/index.ts';
import type { PlanCluster, PlanFleet } from './fleet.ts';
import { readPlanObjects } from './input.ts';
import { withPods } from './load.ts';
import { type DumpedCluster, type OfflineCluster, offlineCluster } from './offline.ts';
import { makePlan, type Plan } from './plan.ts';
import { tasksOf } from './tasks.ts';
import { unknownRoom } from './unknown-room.ts';

/** A case: what is known of each cluster by name, and Clusters, policies, Placements, workloads and PriorityClasses. */
export type PlanCase = { readonly clusters: Readonly<Record<string, DumpedCluster>>; readonly objects: readonly unknown[] };

const planCluster = ({ view, roomUnder, load }: OfflineCluster, held: readonly AssumedPods[], doubts: readonly string[]): PlanCluster => ({
  view,
  newRoom: () => roomUnder(held, doubts),
  load: load === undefined ? undefined : held.reduce(withPods, load),
});

/** The fleet of a case. Clusters are those with a dump and those with a Cluster object. */
export const fleetOfCase = ({ clusters, objects }: PlanCase): Read<PlanFleet> => {
  const read = readPlanObjects(objects);
  if (!read.ok) return read;
  const names = [...new Set([...Object.keys(clusters), ...read.value.clusters.keys()])].sort();
  const known: OfflineCluster[] = [];
  for (const name of names) {
    const dumped = Object.hasOwn(clusters, name) ? clusters[name] : undefined;
    const cluster = offlineCluster(name, dumped ?? { dump: undefined }, read.value.clusters.get(name));
    if (!cluster.ok) return cluster;
    known.push(cluster.value);
  }
  const { tasks, others, unselected, held } = tasksOf(read.value, known);
  const doubts = unknownRoom(read.value, known);
  const planned = known.map((cluster) => {
    const { name } = cluster.view;
    return planCluster(cluster, held.get(name) ?? [], doubts.get(name) ?? []);
  });
  return { ok: true, value: { clusters: planned, tasks, others, unselected, removed: [], doubts: [...doubts.values()].flat() } };
};

/** Plans a case. */
export const planCase = (one: PlanCase, env: { readonly nowMs: number }): Read<Plan> => {
  const fleet = fleetOfCase(one);
  return fleet.ok ? { ok: true, value: makePlan(fleet.value, env) } : fleet;
};
