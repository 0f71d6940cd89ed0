/** @module Fleets as they would be: clusters lost or drained. */
import type { Read } from '../capacity/index.ts';
import type { PlanCluster, PlanFleet } from './fleet.ts';

/** What is supposed to happen to clusters, by name. */
export type Losses = {
  /** Gone, with all that runs there. */
  readonly lose: readonly string[];
  /** Emptied: as if the Cluster had the taint {@link drainTaint}. */
  readonly drain: readonly string[];
};

/** What a drained cluster is tainted with; a workload that tolerates every taint stays. */
export const drainTaint = { key: 'hanse.dev/drain', effect: 'NoExecute' } as const;

/** Clusters that are named to choose from. */
const namedMax = 20;

const lost = (cluster: PlanCluster): PlanCluster => ({
  ...cluster,
  view: { ...cluster.view, closed: { reason: 'lost', message: 'the cluster is lost' } },
  isLost: true,
});

const drained = (cluster: PlanCluster): PlanCluster => ({
  ...cluster,
  view: { ...cluster.view, taints: [...cluster.view.taints, drainTaint] },
});

/** The fleet after losses. */
export type AfterLosses = Extract<Read<PlanFleet>, { readonly ok: true }> | NoCluster;

/** A cluster that is named is not there; `field` says where it is named, such as `lose[0]`. */
export type NoCluster = { readonly ok: false; readonly message: string; readonly field: string };

/** The fleet after these losses; a name that no cluster has is refused. */
export const withLosses = (fleet: PlanFleet, { lose, drain }: Losses): AfterLosses => {
  const names = new Set(fleet.clusters.map(({ view }) => view.name));
  for (const [field, given] of Object.entries({ lose, drain })) {
    const at = given.findIndex((name) => !names.has(name));
    if (at < 0) continue;
    const known = [...names].slice(0, namedMax).join(', ') || 'none';
    return { ok: false, field: `${field}[${at}]`, message: `no cluster ${JSON.stringify(given[at])}; known are ${known}` };
  }
  const clusters = fleet.clusters.map((cluster) => {
    if (lose.includes(cluster.view.name)) return lost(cluster);
    return drain.includes(cluster.view.name) ? drained(cluster) : cluster;
  });
  return { ok: true, value: { ...fleet, clusters } };
};
