/** @module What a placement is decided from: policy, clusters and workload, as plain values. */
import type { ClusterPricing, KeptExplanation, PlacedCluster, PlacementCost, Taint, WorkloadRef } from '../api/index.ts';
import type { CapacityReport, ClusterRoom, NodeLot, PodShape, PodsOnNode } from '../capacity/index.ts';
import type { AlteredShapes } from './altered-shapes.ts';
import type { CompiledWorkloadTerm } from './compiled-policy.ts';
import type { Misfits } from './misfits.ts';
import type { JobParts } from './part-limits.ts';

/** A taint with the time it appeared, ms since the epoch; needed where a toleration ends after a while. */
export type TimedTaint = Taint & { readonly sinceMs?: number };

/** What requirements and prices ask of a cluster besides counts. */
export type ClusterFacts = Pick<CapacityReport, 'groups' | 'runtimeClasses' | 'networks' | 'unsupported'>;

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
  readonly pricing?: ClusterPricing;
  /** Its agent may not choose which pods of a workload go. */
  readonly choosesNone?: true;
  /** Absent = those of the room's report. */
  readonly facts?: ClusterFacts;
};

/** The facts of a cluster; undefined when it has not reported. */
export const factsOf = (view: ClusterView): ClusterFacts | undefined => view.facts ?? view.room?.report;

/** Where another workload is, for affinities. */
export type OtherWorkload = {
  readonly ref: WorkloadRef;
  readonly labels: Readonly<Record<string, string>>;
  /** Clusters that hold it. */
  readonly clusters: readonly string[];
  /** Whom it must be apart from; absent = nobody. It keeps them out as they would keep it out (core/v1 PodAntiAffinity is symmetric). */
  readonly apart?: readonly CompiledWorkloadTerm[];
};

/** The object to place. */
export type Workload = {
  readonly ref: WorkloadRef;
  /** Undefined = the kind has none: it goes whole to each cluster. */
  readonly replicas: number | undefined;
  /** What one replica asks for; undefined = nothing is counted. */
  readonly shape: PodShape | undefined;
  /** What it asks for where overrides of its policy change that; absent = they do nowhere. */
  readonly altered?: AlteredShapes;
  /** Where overrides of its policy do not fit it: such a cluster takes no more, and what runs stays as it is. Absent = they fit everywhere. */
  readonly misfits?: Misfits;
  /** Replicas by cluster as they are now; 0 for objects without replicas that are there. */
  readonly current: ReadonlyMap<string, number>;
  /** Nodes that replicas are seen on, by cluster; absent = not known. */
  readonly runsOn?: ReadonlyMap<string, readonly NodeLot[]>;
  /** Its pods in a cluster by the name of their node; undefined, or absent = not known. */
  readonly podsOn?: (cluster: string) => ReadonlyMap<string, PodsOnNode> | undefined;
  /** What an earlier decision says of nodes and is not done yet, by cluster; absent = nothing. */
  readonly terms?: ReadonlyMap<string, Pick<PlacedCluster, 'nominated' | 'leaving'>>;
  /** Replicas that lost clusters had; given back when the cluster takes replicas again. */
  readonly owed: ReadonlyMap<string, number>;
  /** Which clusters took how many of them, by the lost cluster: they give back first. Absent = not known. */
  readonly takers?: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /**
   * Replicas that run in clusters which are not meant to have them, as in one that was lost and comes back: the room that they hold is the
   * workload's own. Absent = none.
   */
  readonly lingering?: ReadonlyMap<string, number>;
  /** Of the present replicas, those that nobody sees while elsewhere more run than was decided: they go before any that runs. Absent = none. */
  readonly superseded?: ReadonlyMap<string, number>;
  /** Of the present replicas, those that have waited for long in a cluster of which no node can take them. Absent = none. */
  readonly nodeless?: ReadonlyMap<string, number>;
  /** Of those, the ones for which a node was kept that others are on by now, by cluster and node. Absent = none. */
  readonly outrun?: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Its labels, for affinities to itself. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Value of its PriorityClass; 0 when it has none. */
  readonly priority?: number;
  /** False when its PriorityClass says that it makes nobody give way. */
  readonly preempts?: boolean;
  /** RFC 3339; of equal priority the older one goes first, and one without behind them. */
  readonly createdAt?: string;
  /** True when a required workload affinity leads in a circle: the first of it does not wait for the others. */
  readonly breaksCircle?: boolean;
  /** True when it runs in one cluster at a time: another may run it only when it is certain that none else does. */
  readonly isSingleton?: boolean;
  /** Of a Job that was divided, who has which part. Absent = nothing was given yet, or it is not divided. */
  readonly parts?: JobParts;
  /** Divide as if nothing ran, with what runs counted as room: what Karmada's WorkloadRebalancer asks for. */
  readonly isFresh?: boolean;
};

/** What becomes of replicas that no node of their cluster can take. */
export type NodelessCluster = {
  readonly name: string;
  /** Replicas that go elsewhere, and replicas that stay and wait. */
  readonly moved: number;
  readonly waiting: number;
  /** Why none of its nodes can take them, as far as it is known: `cpu on 3 nodes`. */
  readonly why: string;
};

/** What was decided and why. */
export type Decision = {
  /** Sorted by name. */
  readonly clusters: readonly PlacedCluster[];
  readonly unplaced: number;
  /** CamelCase: `Placed`, `Unplaced`, `NoClusterFits`, `SpreadUnsatisfiable`, `BoundsUnsatisfiable`, `AllOrNothing`. */
  readonly reason: string;
  readonly message: string;
  /** The terms that keep the rest from being placed, the most frequent first; '' when all is placed. */
  readonly binding: string;
  /** Undefined when no cluster that counts has a price. */
  readonly cost: PlacementCost | undefined;
  /** Why, for every cluster in name order; made when it is first read. */
  readonly explained: KeptExplanation;
  /** Clusters with replicas that none of their nodes can take, in name order; absent = there are none. */
  readonly nodeless?: readonly NodelessCluster[];
  /** When a toleration ends and the decision must be made again, ms since the epoch. */
  readonly recheckAtMs: number | undefined;
};
