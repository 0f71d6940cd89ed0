/** @module Cluster: one member of the federation. Its agent joins it, an operator admits it. */
import type { GpuUse } from '../capacity/report.ts';
import type { Condition } from '../kube/condition.ts';
import type { GroupVersionResource, KubeObject, ObjectMeta } from '../kube/object.ts';
import type { Opinion, ProbeAddress } from '../wire/mesh.ts';
import { hanseGroup, hanseVersion } from './kind.ts';

/** Whether the operator lets the cluster in. */
export type Admission = 'Pending' | 'Approved' | 'Denied';

/** Keeps replicas away that do not tolerate it (core/v1 Taint, for a cluster). */
export type ClusterTaint = {
  readonly key: string;
  readonly value?: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  /** RFC 3339; set by the hub when the taint appears. */
  readonly timeAdded?: string;
};

/** Prices of what a replica asks for, as decimal texts. */
export type Prices = {
  readonly cpuCoreHour?: string;
  readonly memoryGiBHour?: string;
  /** By GPU product, as the node label `nvidia.com/gpu.product` says. */
  readonly gpuHour?: { readonly [product: string]: string };
};

/** Prices of some of a cluster's nodes; what is absent is as in the cluster. */
export type NodeGroupPrices = Prices & { readonly nodeSelector: { readonly [label: string]: string } };

/** Prices for cost terms, in `currency`. */
export type ClusterPricing = Prices & {
  readonly currency?: string;
  /** Prices of spot nodes; what is absent is as in the cluster. */
  readonly spot?: Prices;
  /** The first that selects a node holds; before `spot`. */
  readonly nodeGroups?: readonly NodeGroupPrices[];
};

/** `spec` of a Cluster: what the operator says. */
export type ClusterSpec = {
  readonly admission?: Admission;
  readonly taints?: readonly ClusterTaint[];
  readonly pricing?: ClusterPricing;
  /** `Witness`: its agent watches and votes; nothing is placed there. */
  readonly role?: 'Member' | 'Witness';
  /** Where the cluster can be looked at from outside, to tell its death from its agent's. */
  readonly probes?: readonly ProbeAddress[];
  /** The cluster is emptied: what runs there is started elsewhere first, and nothing new comes. */
  readonly drain?: ClusterDrain;
};

/** Key of the taints on a cluster that is emptied. */
export const drainTaint = 'hanse.dev/drain';

/** They hold while it is: it takes nothing new, and what it has goes elsewhere. */
export const drainTaints = [
  { key: drainTaint, effect: 'NoSchedule' },
  { key: drainTaint, effect: 'NoExecute' },
] as const;

/** How a cluster is emptied. */
export type ClusterDrain = {
  /** Replicas of each workload that may be missing meanwhile: a number, or a share such as `25%`; absent = none. */
  readonly maxUnavailable?: number | string;
};

/** The agent that holds the cluster's name; written when it joins. */
export type ClusterAgent = {
  /** nkey user public key. */
  readonly publicKey: string;
  /** X25519 public key, base64. */
  readonly sealingKey: string;
  readonly joinedAt: string;
  /** Name of the JoinToken. */
  readonly token?: string;
  /** When the credential it was last given expires. */
  readonly credentialExpiresAt?: string;
  readonly version?: string;
  readonly bootId?: string;
};

/** What is wrong with a cluster. */
export type ClusterVerdict = {
  readonly cause: Opinion | 'Isolated';
  readonly message: string;
  readonly since: string;
  /** `Hub`: silence at the hub alone, which counts where the observers have no majority. */
  readonly by?: 'Observers' | 'Hub';
  readonly phase?: 'Standing' | 'Returning' | 'Held';
  /** `Returning`: until when it is held down if it stays well; absent while too few see it well. */
  readonly heldUntil?: string;
  /** `3/3/4`: votes for it, needed, observers. */
  readonly votes?: string;
  readonly voters?: readonly string[];
  readonly epoch?: number;
  /** What keeps its replicas where they are, while something does. */
  readonly obstacle?: string;
};

/** A verdict of the past on the cluster. */
export type PastVerdict = {
  readonly cause: string;
  readonly phase: string;
  readonly at: string;
  readonly votes?: string;
  readonly voters?: readonly string[];
  readonly message?: string;
  /** Number of the newest decision then. */
  readonly epoch?: number;
};

/** A time in which the cluster's agent and the others held the broker or the hub for dead, as it was told when that was over, `at`. */
export type PastOutage = {
  readonly cause: 'Broker' | 'Hub';
  readonly phase: 'Cleared';
  readonly since: string;
  readonly at: string;
  /** Which outage of which start of the agent it is: told again it has other times when a clock stood still or was set. */
  readonly id: string;
  readonly votes: string;
  readonly voters: readonly string[];
  readonly message: string;
};

/** One detection profile over all observers of a cluster. */
export type DetectorSummary = {
  readonly profile: string;
  readonly observers: number;
  readonly suspicions: number;
  readonly falseSuspicions: number;
  readonly heldSuspicions?: number;
  readonly deaths: number;
  readonly callMilliseconds: number;
  readonly longestSilenceMilliseconds: number;
  readonly watchedSeconds: number;
};

/** An object that stays in a cluster that is emptied, for now or until something changes, and why. */
export type DrainStaying = {
  readonly kind: string;
  /** '' for objects of no namespace. */
  readonly namespace: string;
  readonly name: string;
  /** Replicas there; absent for objects that have none. */
  readonly replicas?: number;
  /** For a person, one sentence without a full stop. */
  readonly why: string;
};

/** How far a cluster that is emptied has come. */
export type ClusterDrainStatus = {
  /** What is still there of objects that the hub sent, and replicas of workloads among them. */
  readonly objects: number;
  readonly replicas: number;
  /** Replicas that find no place elsewhere and stay until they do. */
  readonly stuck: number;
  /** Objects that are decided elsewhere, and that a cluster which is not heard keeps until it is back. */
  readonly kept?: number;
  /** What stays until something else changes; the first 20. */
  readonly staying?: readonly DrainStaying[];
  /** How many stay besides those. */
  readonly stayingMore?: number;
  /** What leaves later, and what it waits for, as for its replacements; the first 20. */
  readonly waiting?: readonly DrainStaying[];
  /** How many wait besides those. */
  readonly waitingMore?: number;
  readonly since: string;
  /** metadata.generation of the Cluster that this was counted for. */
  readonly observedGeneration: number;
};

/** `status` of a Cluster: what was found out. */
export type ClusterStatus = {
  /** Singletons that the hub sent up to this number are stopped there: others may have taken over. */
  readonly fence?: number;
  /** Present while `spec.drain` is. */
  readonly drain?: ClusterDrainStatus;
  readonly conditions?: readonly Condition[];
  readonly agent?: ClusterAgent;
  /** UID of the member's namespace kube-system, as its agent tells; absent = not known. No two Clusters have the same. */
  readonly clusterUID?: string;
  readonly kubernetesVersion?: string;
  /** Labels that its agent learnt from its nodes; those in `metadata.labels` win. Policies select by both. */
  readonly labels?: { readonly [key: string]: string };
  /** Who or what is at fault, and who says so. */
  readonly verdict?: ClusterVerdict;
  /** The last verdicts, newest first. */
  readonly verdictHistory?: readonly (PastVerdict | PastOutage)[];
  /** What each detection profile would have done, over all observers. */
  readonly detectors?: readonly DetectorSummary[];
  readonly nodes?: { readonly total: number; readonly ready: number };
  /** Amounts by resource, canonical integer units of the capacity report. */
  readonly capacity?: {
    readonly allocatable: { readonly [resource: string]: number };
    readonly free: { readonly [resource: string]: number };
    /** The most that is free on one node, and in one NUMA zone, that takes pods. */
    readonly largestFreePerNode?: { readonly [resource: string]: number };
    readonly largestFreePerZone?: { readonly [resource: string]: number };
    /** Figures of DCGM by product. */
    readonly gpuUse?: readonly GpuUse[];
    readonly observedAt: string;
  };
  /** Physical GPUs by product. */
  readonly gpus?: { readonly [product: string]: number };
  /** Ready nodes with NUMA zones, by the kubelet's topology policy. */
  readonly numa?: { readonly nodes: number; readonly policies: { readonly [policy: string]: number } };
  /** Pools that an autoscaler could add nodes to; never part of what is free. */
  readonly potential?: readonly { readonly source: string; readonly name: string; readonly maxExtraNodes?: number }[];
  /** What the agent could not read, and why: of that nothing is known. */
  readonly unsupported?: readonly string[];
  readonly features?: { readonly runtimeClasses?: readonly string[]; readonly networks?: readonly string[] };
  /** Taints of its health, which hold beside those of the spec. */
  readonly taints?: readonly Pick<ClusterTaint, 'key' | 'effect'>[];
  /** Since when its replicas are placed elsewhere because it is lost, and who does not hear it sends it no requests; outlives the hub. */
  readonly givenUpSince?: string;
  /** Where others may look at it, by what its agent tells. */
  readonly addresses?: {
    /** `https://host:port`; counts where `spec.probes` is absent, or names gateways alone. */
    readonly apiServer?: string;
    /** Load balancers of exported services, `tcp://host:port`; count where `spec.probes` is absent and no API server is told. */
    readonly services?: readonly string[];
  };
  readonly apis?: readonly { readonly groupVersion: string; readonly kinds: readonly string[] }[];
};

/** A member cluster. */
export type Cluster = {
  readonly apiVersion: string;
  readonly kind: 'Cluster';
  readonly metadata: ObjectMeta;
  readonly spec: ClusterSpec;
  readonly status?: ClusterStatus;
};

/** Where Clusters are. */
export const clusters: GroupVersionResource = { group: hanseGroup, version: hanseVersion, resource: 'clusters' };

/** Kept on a Cluster until its agent's credentials are revoked. */
export const revokeFinalizer = 'hanse.dev/revoke';

/** Labels that place a cluster. */
export const clusterLabels = {
  cluster: 'hanse.dev/cluster',
  provider: 'hanse.dev/provider',
  region: 'topology.kubernetes.io/region',
  zone: 'topology.kubernetes.io/zone',
} as const;

/** The labels that policies select a Cluster by: what its agent learnt, then the operator's, then its name. */
export const labelsOfCluster = ({ metadata, status }: Cluster | KubeObject): Readonly<Record<string, string>> => ({
  ...(status as ClusterStatus | undefined)?.labels,
  ...metadata.labels,
  [clusterLabels.cluster]: metadata.name,
});

/** The condition of this type, if there is one. */
export const clusterCondition = (object: Cluster | KubeObject, type: string): Condition | undefined =>
  ((object.status ?? {}) as ClusterStatus).conditions?.find((condition) => condition.type === type);

/** Set on a Cluster whose member counts under another name already: why its agent was refused. It is counted nowhere. */
export const doubleCondition = (object: Cluster | KubeObject): Condition | undefined => {
  const refused = clusterCondition(object, 'JoinRefused');
  return refused?.status === 'True' && refused.reason === 'ClusterTaken' ? refused : undefined;
};

/** True when the Cluster is a member that counts: approved, joined, not on its way out, and under no other name already. */
export const isMember = (cluster: Cluster): boolean =>
  cluster.metadata.deletionTimestamp === undefined &&
  cluster.spec?.admission === 'Approved' &&
  cluster.status?.agent !== undefined &&
  doubleCondition(cluster) === undefined;
