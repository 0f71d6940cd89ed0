/** @module One case of offline planning: dumps of clusters and the objects to plan, from plain values to a plan. */
import type { Read } from '../capacity/index.ts';
import { readPlanObjects } from './input.ts';
import { type DumpedCluster, offlineCluster, type PlanCluster } from './offline.ts';
import { makePlan, type Plan } from './plan.ts';

/** A case: what is known of each cluster by name, and Clusters, policies, Placements, workloads and PriorityClasses. */
export type PlanCase = { readonly clusters: Readonly<Record<string, DumpedCluster>>; readonly objects: readonly unknown[] };

/** Plans a case. Clusters are those with a dump and those with a Cluster object. */
export const planCase = ({ clusters, objects }: PlanCase, env: { readonly nowMs: number }): Read<Plan> => {
  const read = readPlanObjects(objects);
  if (!read.ok) return read;
  const names = [...new Set([...Object.keys(clusters), ...read.value.clusters.keys()])].sort();
  const known: PlanCluster[] = [];
  for (const name of names) {
    const dumped = Object.hasOwn(clusters, name) ? clusters[name] : undefined;
    const cluster = offlineCluster(name, dumped ?? { dump: undefined }, read.value.clusters.get(name));
    if (!cluster.ok) return cluster;
    known.push(cluster.value);
  }
  return { ok: true, value: makePlan(read.value, known, env) };
};
