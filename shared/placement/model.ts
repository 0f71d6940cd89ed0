/** @module What a placement is decided from: policy, clusters and workload, as plain values. */
import type { ExplanationRow, PlacedCluster, Taint, WorkloadRef } from '../api/index.ts';
import type { ClusterRoom, PodShape } from '../capacity/index.ts';

/** A taint with the time it appeared, ms since the epoch; needed where a toleration ends after a while. */
export type TimedTaint = Taint & { readonly sinceMs?: number };

/** A cluster as placement sees it. */
export type ClusterView = {
  readonly name: string;
  /** Its labels with `hanse.dev/cluster` and what is known of provider, region and zone. */
  readonly labels: Readonly<Record<string, string>>;
  /** Of the operator (`spec.taints`) and of its health. */
  readonly taints: readonly TimedTaint[];
  /** Set when the cluster takes nothing at all: `pending`, `deleting`; its message says why. */
  readonly closed?: { readonly reason: string; readonly message: string };
  /** Served kinds as `apps/v1/Deployment`; undefined = not known yet. */
  readonly served: ReadonlySet<string> | undefined;
  /** Room under the ledger; undefined = no capacity report yet. */
  readonly room: ClusterRoom | undefined;
};

/** The object to place. */
export type Workload = {
  readonly ref: WorkloadRef;
  /** Undefined = the kind has none: it goes whole to each cluster. */
  readonly replicas: number | undefined;
  /** What one replica asks for; undefined = nothing is counted. */
  readonly shape: PodShape | undefined;
  /** Replicas by cluster as they are now; 0 for objects without replicas that are there. */
  readonly current: ReadonlyMap<string, number>;
  /** Replicas that lost clusters had; given back when the cluster takes replicas again. */
  readonly owed: ReadonlyMap<string, number>;
};

/** What was decided and why. */
export type Decision = {
  /** Sorted by name. */
  readonly clusters: readonly PlacedCluster[];
  readonly unplaced: number;
  /** CamelCase: `Placed`, `Unplaced`, `NoClusterFits`, `SpreadUnsatisfiable`, `BoundsUnsatisfiable`, `AllOrNothing`. */
  readonly reason: string;
  readonly message: string;
  /** A row for every cluster, sorted by name. */
  readonly rows: readonly ExplanationRow[];
  /** When a toleration ends and the decision must be made again, ms since the epoch. */
  readonly recheckAtMs: number | undefined;
};
