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
  /** As in Kubernetes, empty is Equal. */
  readonly operator?: 'Exists' | 'Equal' | '';
  readonly value?: string;
  /** Empty = all effects. */
  readonly effect?: TaintEffect | '';
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
export type Strategy = 'Duplicated' | 'Weighted' | 'Capacity' | 'Aggregated' | 'Cheapest' | 'Tightest';

/** The strategies, as the API lists them. */
export const strategies: readonly Strategy[] = ['Duplicated', 'Weighted', 'Capacity', 'Aggregated', 'Cheapest', 'Tightest'];

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

/** The only clusters that may hold the data: those whose label has one of the values. A cluster without the label is outside. */
export type Residency = { readonly topologyKey: string; readonly values: readonly string[] };

/** How a GPU may be shared. */
export type GpuSharing = 'exclusive' | 'mig' | 'vgpu' | 'timeSlicing' | 'mps';

/** The ways of sharing, as the API lists them. */
export const gpuSharings: readonly GpuSharing[] = ['exclusive', 'mig', 'vgpu', 'timeSlicing', 'mps'];

/** What the GPUs of a node must be. */
export type GpuRequirement = {
  /** One of these, as the label `nvidia.com/gpu.product` says. */
  readonly products?: readonly string[];
  /** MiB of one GPU, at least. */
  readonly memoryMiBMin?: number;
  readonly sharing?: readonly GpuSharing[];
};

/** What a cluster, and every node that counts, must have. */
export type Requires = {
  readonly runtimeClass?: string;
  /** NetworkAttachmentDefinitions in the workload's namespace, all of them. */
  readonly networks?: readonly string[];
  /** Node Feature Discovery names, all on one node. */
  readonly features?: readonly string[];
  readonly gpu?: GpuRequirement;
  readonly numa?: 'SingleNode';
};

/** Other workloads of the namespace, in the same domain of a label of the clusters. */
export type WorkloadTerm = { readonly selector: LabelSelector; readonly topologyKey: string };

/** Terms on where other workloads are. */
export type WorkloadTerms = {
  readonly required?: readonly WorkloadTerm[];
  readonly preferred?: readonly (WorkloadTerm & { readonly weight: number })[];
};

/** A preference for clusters: the weights that match add up to the score. */
export type PreferredClusters = { readonly clusterSelector: LabelSelector; readonly weight: number };

/** Whether pods of lower PriorityClass give way. */
export type Preemption = 'Never' | 'LowerPriority';

/** What the rebalancer may do with the workload. */
export type Rebalance = {
  /** Off: nothing moves but by need. Auto: replicas return to earlier tiers and cheaper or fitter clusters. */
  readonly mode?: 'Off' | 'Auto';
  /** Room must have been there for so long before replicas move to it. */
  readonly calmSeconds?: number;
  /** Percent of the replicas that may move in one round, rounded up. */
  readonly maxMovesPercent?: number;
};

/** Defaults of {@link Rebalance}. */
export const rebalanceDefaults = { mode: 'Auto', calmSeconds: 300, maxMovesPercent: 10 } as const;

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

/** `Stateless`: two that serve at once do no harm. `Singleton`: the old one has stopped before a new one begins. */
export type FailoverClass = 'Stateless' | 'Singleton';

/** What becomes of replicas when their cluster dies or is left; what is absent is as the FailoverPolicy says. */
export type PolicyFailover = {
  readonly class?: FailoverClass;
  /** From the verdict until replicas go elsewhere; no sooner than the FailoverPolicy says. */
  readonly afterSeconds?: number;
  /** How long what is no longer wanted in one cluster waits for its replacement in another to be ready. */
  readonly surplusSeconds?: number;
};

/** Key of the taint on a cluster that is lost. */
export const unreachableTaint = 'hanse.dev/unreachable';

/** Put on a cluster that came back and is held down. */
export const returningTaint = 'hanse.dev/returning';

/** `spec` of PlacementPolicy and ClusterPlacementPolicy. */
export type PolicySpec = {
  readonly priority?: number;
  readonly resourceSelectors: readonly ResourceSelector[];
  readonly propagateDependencies?: boolean;
  readonly tiers?: readonly Tier[];
  readonly tolerations?: readonly Toleration[];
  readonly spread?: readonly SpreadConstraint[];
  readonly replicaScheduling?: ReplicaScheduling;
  readonly residency?: Residency;
  readonly requires?: Requires;
  readonly workloadAffinity?: WorkloadTerms;
  readonly workloadAntiAffinity?: WorkloadTerms;
  readonly preferredClusters?: readonly PreferredClusters[];
  readonly preemption?: Preemption;
  readonly rebalance?: Rebalance;
  readonly overrides?: readonly OverrideRule[];
  readonly adopt?: Adoption;
  readonly failover?: PolicyFailover;
};
