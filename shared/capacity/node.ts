/**
 * @module What one node can hold and what of its cluster bears on it, exactly: the facts every fit is counted from, whether they come from
 * a dump or from an agent's report. Amounts are whole numbers as the scheduler books them: milli-CPU, bytes, devices.
 */
import type { DeviceStock } from './device-stock.ts';
import type { NodeTerm } from './node-match.ts';
import type { TaintLike, TolerationLike } from './taints.ts';

/** Amounts by resource name in booked units (milli-CPU, bytes, devices); signed, exact beyond 2^53. */
export type Amounts = ReadonlyMap<string, bigint>;

/** A LabelSelector object as it is written (meta/v1); undefined selects nothing, `{}` everything. */
export type SelectorText = {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
};

/** A required term of pod affinity or anti-affinity (core/v1 PodAffinityTerm); label keys to match are folded into the selector. */
export type PodTerm = {
  readonly topologyKey: string;
  readonly selector: SelectorText | undefined;
  /** Namespaces named; with `namespaceSelector` absent and none named it is the pod's own. */
  readonly namespaces: readonly string[];
  readonly namespaceSelector: SelectorText | undefined;
};

/** A port of the node that a pod takes. `ip` is '0.0.0.0' when none is asked. */
export type HostPort = { readonly ip: string; readonly protocol: string; readonly port: number };

/** What other pods must know of a pod that runs: interned, most pods of a node are alike. */
export type PodKind = {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly HostPort[];
  /** Its own required anti-affinity: it keeps others away as well. */
  readonly antiAffinity: readonly PodTerm[];
};

/** Pods of one kind on a node. Terminating ones still hold their place, but spreading does not count them. */
export type PodGroup = { readonly kind: PodKind; readonly live: number; readonly terminating: number };

/** One NUMA zone of a node. */
export type ZoneModel = {
  /** Number in the zone's name (`node-3`). */
  readonly id: number;
  /** What counts for the width of a request: CPUs and devices by capacity, memory and hugepages by allocatable. */
  readonly total: Amounts;
  /** What is free of it, as it is told; a resource the zone does not list is absent. */
  readonly available: Amounts;
};

/** A policy of the Topology Manager. */
export type TopologyPolicy = 'none' | 'best-effort' | 'restricted' | 'single-numa-node';

/** The kubelet's managers. A list of several values means that it is not known which one holds. */
export type KubeletModel = {
  readonly topologyPolicy: TopologyPolicy;
  readonly topologyScope: 'container' | 'pod';
  /** Policies and scopes that may hold instead, where it is not told which one does; absent = none. */
  readonly orElse?: readonly { readonly topologyPolicy: TopologyPolicy; readonly topologyScope: 'container' | 'pod' }[];
  /** `prefer-closest-numa-nodes`: among equal masks the nearest zones, which the count does not order. */
  readonly prefersClosest: boolean;
  readonly cpuManager: readonly ('none' | 'static')[];
  readonly fullCoresOnly: boolean;
  /** Hardware threads of a core; undefined = not told. */
  readonly threadsPerCore: number | undefined;
  readonly memoryManager: readonly ('None' | 'Static')[];
  /** True where the kubelet is too old to pin pods with pod-level resources; absent = it may. */
  readonly skipsPodLevel?: boolean;
};

/** A GPU that several pods share under HAMi (`hami.io/node-nvidia-register`), with what its pods hold of it. */
export type SharedGpu = {
  readonly id: string;
  readonly type: string;
  readonly healthy: boolean;
  /** Pods it is split into at most. */
  readonly slots: number;
  readonly memoryMiB: number;
  /** Percent of a GPU's cores, 100 unless scaled. */
  readonly cores: number;
  readonly slotsUsed: number;
  readonly memoryMiBUsed: number;
  readonly coresUsed: number;
};

/** One node. */
export type NodeModel = {
  readonly name: string;
  /** All labels, the hostname among them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly TaintLike[];
  readonly unschedulable: boolean;
  /** Conditions that tell of trouble, as `Ready=False`; they put no node out, the taints that come of them do. Absent = none. */
  readonly conditions?: readonly string[];
  /** Allocatable less what its pods hold, without `pods`; negative when overcommitted. */
  readonly free: Amounts;
  readonly podsFree: bigint;
  /** Ordered by id; none = no NodeResourceTopology. */
  readonly zones: readonly ZoneModel[];
  readonly kubelet: KubeletModel;
  readonly runtimeHandlers: readonly string[];
  /** Undefined = the node's GPUs are not shared by HAMi. */
  readonly sharedGpus: readonly SharedGpu[] | undefined;
  /** Shared GPUs that its pods hold and of which it is not told which ones; absent = none. */
  readonly untoldGpus?: number;
  /** What is not known of its shared GPUs: only for pods that ask for some is the answer an estimate. Absent = nothing. */
  readonly gpuDoubts?: readonly string[];
  readonly pods: readonly PodGroup[];
  /** Annotations with registers of shared devices that are not read; absent = none. */
  readonly unread?: readonly string[];
  /** What is not known of the node and may lower its count; any entry makes the answer an estimate. */
  readonly doubts: readonly string[];
};

/** A RuntimeClass; overhead in booked units. */
export type RuntimeClassModel = {
  readonly name: string;
  readonly handler: string;
  readonly overhead: Amounts;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly TolerationLike[];
};

/** A NetworkAttachmentDefinition; `resource` is the device each attachment takes. */
export type NetworkModel = { readonly namespace: string; readonly name: string; readonly resource: string | undefined };

/** What a namespace's ResourceQuota has left. */
export type QuotaModel = {
  readonly namespace: string;
  readonly name: string;
  /** Hard less used by the quota's own resource names (`requests.cpu`, `limits.memory`, `pods`, …), booked units. */
  readonly free: Amounts;
  readonly scopes: readonly QuotaScope[];
};

/** One scope of a quota; `BestEffort` and its kin have operator Exists. */
export type QuotaScope = { readonly name: string; readonly operator: string; readonly values: readonly string[] };

/** A cluster as a fit sees it. */
export type ClusterModel = {
  readonly nodes: readonly NodeModel[];
  readonly runtimeClasses: readonly RuntimeClassModel[];
  readonly networks: readonly NetworkModel[];
  readonly quotas: readonly QuotaModel[];
  /** Labels by namespace, of those that are known. */
  readonly namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Devices that claims may take; undefined = not known, and replicas with claims are an estimate. */
  readonly devices?: DeviceStock;
  /** Amounts of bytes are known to this many bytes, rounded down: 1 from a dump, 1 MiB from a report. */
  readonly grainBytes: bigint;
  /** What is not known of the cluster as a whole; any entry makes the answer an estimate. */
  readonly doubts: readonly string[];
};

/** A kubelet without managers, as nodes without NodeResourceTopology are read. */
export const plainKubelet: KubeletModel = {
  topologyPolicy: 'none',
  topologyScope: 'container',
  prefersClosest: false,
  cpuManager: ['none'],
  fullCoresOnly: false,
  threadsPerCore: undefined,
  memoryManager: ['None'],
};

/** Required node affinity as the scheduler reads it: undefined = none, an empty list matches no node. */
export type NodeTerms = readonly NodeTerm[] | undefined;
