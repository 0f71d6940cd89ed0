/** @module What runs on where a plan places it no more, because no other cluster takes it: by the rule of the hub, in replicas. */
import { isServing, type StayingCluster } from '../api/index.ts';
import { compareText } from '../lib/compare-text.ts';
import { type CompiledPolicy, type Decision, stayingAfter } from '../placement/index.ts';
import type { PlanCluster, PlanTask } from './fleet.ts';

/** Replicas that run on in a cluster where their object is not placed. */
export type PlannedStay = {
  readonly cluster: string;
  /** Replicas that stay; those that were placed there before are told in `clusters`. */
  readonly replicas: number;
  /** Replicas that stayed there already. */
  readonly before: number;
  readonly reason: StayingCluster['reason'];
  /** The part of a divided Job that it keeps there. */
  readonly completions?: number;
};

/** Replicas that are there although the object is not placed there. */
const stayedIn = ({ workload, before }: PlanTask, cluster: string): number => {
  const known = workload.current.has(cluster) ? undefined : before?.status?.staying?.find(({ name }) => name === cluster);
  return known === undefined ? 0 : (workload.lingering?.get(cluster) ?? known.replicas ?? (workload.replicas === undefined ? 1 : 0));
};

/** Where the object runs on after the decision, and where it did before; clusters that the plan supposes lost have nothing left. */
export const staysOf = (
  task: PlanTask,
  { decision, policy }: { readonly decision: Decision; readonly policy: CompiledPolicy },
  clusters: readonly PlanCluster[],
  { nowMs }: { readonly nowMs: number },
): readonly PlannedStay[] => {
  const { workload, object, before } = task;
  const views = clusters.flatMap(({ view, isLost = false }) => (isLost ? [] : [view]));
  const stays = stayingAfter({ object, before, clusters: views, policy, nowMs }, decision);
  /** What is left of those without a place for the next cluster that runs on: the rest gives way to what comes elsewhere. */
  let homeless = decision.unplaced;
  const told = stays.map(({ name: cluster, reason, completions }): PlannedStay => {
    const stayed = stayedIn(task, cluster);
    const there = workload.current.get(cluster) ?? stayed;
    const most = isServing({ name: cluster, reason }) ? homeless : decision.unplaced;
    const replicas = workload.replicas === undefined ? there : Math.min(there, most);
    if (isServing({ name: cluster, reason })) homeless -= replicas;
    return { cluster, replicas, before: stayed, reason, ...(completions === undefined ? {} : { completions }) };
  });
  const over = (before?.status?.staying ?? []).flatMap(({ name: cluster, reason }): PlannedStay[] =>
    stays.some(({ name }) => name === cluster) ? [] : [{ cluster, replicas: 0, before: stayedIn(task, cluster), reason }],
  );
  return [...told, ...over]
    .filter(({ replicas, before: stayed }) => replicas > 0 || stayed > 0)
    .sort((a, b) => compareText(a.cluster, b.cluster));
};

/** The stays as a Placement has them. */
export const stayingIn = (stays: readonly PlannedStay[]): readonly StayingCluster[] =>
  stays.flatMap(({ cluster: name, replicas, reason, completions }) =>
    replicas === 0 ? [] : [{ name, replicas, ...(completions === undefined ? {} : { completions }), reason }],
  );
