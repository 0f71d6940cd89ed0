/** @module What a placement policy says, as types; the shapes with descriptions and checks are beside it in `policy-shape.ts`. */
import type { LabelSelectorObject as LabelSelector } from '../kube/selectors/index.ts';

/** Which objects a policy governs. `name` and `labelSelector` exclude each other; with neither, all objects of the kind. */
export type ResourceSelector = {
  readonly apiVersion: string;
  readonly kind: string;
  /** ClusterPlacementPolicy only; absent = every namespace. */
  readonly namespace?: string;
  readonly name?: string;
  readonly labelSelector?: LabelSelector;
};

/** A set of clusters; the next tier is used when the one before is full. */
export type Tier = { readonly name: string; readonly clusterSelector?: LabelSelector };

/** Effects of a cluster's taint, as a node's. */
export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';

/** A taint of a cluster (`Cluster.spec.taints`). */
export type Taint = { readonly key: string; readonly value?: string; readonly effect: TaintEffect };

/** A toleration, as a pod's, against taints of clusters. */
export type Toleration = {
  readonly key?: string;
  readonly operator?: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect?: TaintEffect;
  /** Only with NoExecute: how long replicas stay; absent = for ever. */
  readonly tolerationSeconds?: number;
};

/** How replicas spread over the values of a label of the clusters. */
export type SpreadConstraint = {
  readonly topologyKey: string;
  readonly minDomains?: number;
  readonly maxDomains?: number;
  readonly maxSkew?: number;
  /** Percent of the replicas in one domain, rounded down. */
  readonly maxShare?: number;
  readonly whenUnsatisfiable?: 'DoNotSchedule' | 'ScheduleAnyway';
};

/** How replicas are divided among clusters. */
export type Strategy = 'Duplicated' | 'Weighted' | 'Capacity' | 'Aggregated';

/** The strategies, as the API lists them. */
export const strategies: readonly Strategy[] = ['Duplicated', 'Weighted', 'Capacity', 'Aggregated'];

/** A weight for clusters; the largest matching one counts. */
export type WeightRule = { readonly clusterSelector?: LabelSelector; readonly weight: number };

/** Bounds of the replicas in each matching cluster. */
export type BoundRule = { readonly clusterSelector?: LabelSelector; readonly min?: number; readonly max?: number };

/** How replicas are divided. */
export type ReplicaScheduling = {
  readonly strategy?: Strategy;
  readonly weights?: readonly WeightRule[];
  readonly bounds?: readonly BoundRule[];
  /** All replicas or none. */
  readonly gang?: boolean;
  /** At least so many replicas or none. */
  readonly minReplicas?: number;
};

/** One operation of a JSON patch (RFC 6902). */
export type PatchOperation = {
  readonly op: 'add' | 'remove' | 'replace' | 'copy' | 'move' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
};

/** Parts of container images to replace. */
export type ImageOverride = { readonly registry?: string; readonly repository?: string; readonly tag?: string };

/** What differs in some clusters; later rules win. */
export type OverrideRule = {
  readonly clusterSelector?: LabelSelector;
  readonly image?: ImageOverride;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
  readonly patch?: readonly PatchOperation[];
};

/** What to do with an object that a member has already and that is not ours. */
export type Adoption = 'Never' | 'IfUnowned' | 'Always';

/** `spec` of PlacementPolicy and ClusterPlacementPolicy. */
export type PolicySpec = {
  readonly priority?: number;
  readonly resourceSelectors: readonly ResourceSelector[];
  readonly propagateDependencies?: boolean;
  readonly tiers?: readonly Tier[];
  readonly tolerations?: readonly Toleration[];
  readonly spread?: readonly SpreadConstraint[];
  readonly replicaScheduling?: ReplicaScheduling;
  readonly overrides?: readonly OverrideRule[];
  readonly adopt?: Adoption;
};
