/**
 * @module What an agent reports of its cluster's capacity: node groups interned, free amounts as columns of signed integers.
 * Free may be negative (an overcommitted or shrunk node): the sign is kept. Unknown is never zero: what could not be read is in
 * `unsupported`. Amounts are floored to canonical integer units: cpu in milli-CPU, memory, ephemeral-storage and hugepages in MiB,
 * everything else in whole devices.
 */

import type { PodKind } from './node.ts';
import type { TolerationLike } from './taints.ts';

/** A node taint (core/v1 Taint). */
export type NodeTaint = { readonly key: string; readonly value: string; readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' };

/** How a GPU is shared (facts: MIG single and mixed, time-slicing, MPS, HAMi). */
export type GpuFacts = {
  readonly vendor: 'nvidia' | 'amd' | 'intel' | 'other';
  readonly product: string;
  readonly memoryMiB: number;
  /** Physical GPUs a node. */
  readonly count: number;
  /** `replicas` = what one GPU (with MIG `single`: one slice) is offered as; 1 = not shared. */
  readonly sharing: { readonly kind: 'exclusive' | 'timeSlicing' | 'mps' | 'mig' | 'vgpu'; readonly replicas: number };
  /** NVIDIA's MIG strategy, when slices are offered: `single` = as `nvidia.com/gpu`, `mixed` = a resource for each profile. */
  readonly migStrategy?: 'single' | 'mixed';
  /** Memory of one slice by profile (`1g.5gb`), MiB; MIG `mixed`. */
  readonly migProfiles?: { readonly [profile: string]: number };
  /** Multi-node NVLink domain: nodes with an equal value are in one (`nvidia.com/gpu.clique`). */
  readonly clique?: string;
};

/** A GPU that several pods share by HAMi, as all nodes of the group have it at this place. Cores are percent of the GPU. */
export type SharedDevice = {
  readonly type: string;
  readonly memoryMiB: number;
  readonly cores: number;
  readonly slots: number;
  /** NUMA zone, -1 = unknown. */
  readonly numa: number;
  /** `hami-core`, `mig`, `mps`; '' = the default. */
  readonly mode: string;
};

/** A setting of the kubelet's managers. */
export type NumaSetting = 'policy' | 'scope' | 'cpuManager' | 'memoryManager';

/** NUMA facts of a group's nodes, from NodeResourceTopology. */
export type NumaFacts = {
  readonly policy: 'none' | 'best-effort' | 'restricted' | 'single-numa-node';
  readonly scope: 'container' | 'pod';
  readonly cpuManager: 'none' | 'static';
  readonly memoryManager: 'None' | 'Static';
  /** `name=value` of the managers' options: `full-pcpus-only=true`, `max-allowable-numa-nodes=8`, `prefer-closest-numa-nodes=true`. */
  readonly options: readonly string[];
  /** Settings that are not told but guessed, those of the managers from what the zones list: others may hold. */
  readonly guessed?: readonly NumaSetting[];
  /** Hardware threads of a core; absent = not known. */
  readonly threadsPerCore?: number;
  /**
   * One a zone, ordered by id (the number in the zone's name). `total` has an amount for each resource name, -1 = the zone says nothing of
   * it; of cpu and devices it is the capacity, of memory and hugepages the allocatable: what the kubelet's widths are counted from.
   */
  readonly zones: readonly { readonly id: number; readonly total: readonly number[] }[];
  /** distances[from][to] between zones in the order of `zones`; absent = not told. */
  readonly distances?: readonly (readonly number[])[];
};

/** Nodes that differ only in what is free on them. */
export type NodeGroup = {
  readonly id: number;
  /** Labels without those unique to a node (hostname). */
  readonly labels: { readonly [key: string]: string };
  readonly taints: readonly NodeTaint[];
  readonly ready: boolean;
  readonly unschedulable: boolean;
  /** One amount for each resource name. */
  readonly allocatable: readonly number[];
  readonly runtimeHandlers: readonly string[];
  readonly gpu?: GpuFacts;
  readonly numa?: NumaFacts;
  /**
   * Set where the NodeResourceTopology of each node cannot be read (`unread`: what its zones are is not known), or says what is not known or
   * contradicts its node (`unsure`): counts over them are estimates. Why, is in {@link CapacityReport.unsupported}. Absent = all is told.
   */
  readonly topologyDoubt?: 'unread' | 'unsure';
  /** GPUs shared by HAMi, by their place on the node; their free amounts are in {@link NodeColumns}. */
  readonly devices?: readonly SharedDevice[];
  /**
   * Set where HAMi annotations of each node or of its pods are missing or cannot be read: so many further devices are held by pods that do not
   * say which. The columns have no room of what else cannot be read. Absent = all is told.
   */
  readonly devicesUntold?: number;
};

/** Free amounts of the shared devices at one place, one value a node; -1 = no such device there. */
export type DeviceColumns = { readonly slots: readonly number[]; readonly memoryMiB: readonly number[]; readonly cores: readonly number[] };

/** Columns, one value a node, in node order of the epoch. */
export type NodeColumns = {
  readonly names: readonly string[];
  readonly group: readonly number[];
  readonly podsFree: readonly number[];
  /** free[r][node], r indexes `resourceNames`. */
  readonly free: readonly (readonly number[])[];
  /** zoneFree[zone][r][node], zone = place in the group's `numa.zones`; absent when no node has zones; -1 = unknown. */
  readonly zoneFree?: readonly (readonly (readonly number[])[])[];
  /** deviceFree[place], place = that in the group's `devices`; absent when nothing is shared. A device out of service has no free slots. */
  readonly deviceFree?: readonly DeviceColumns[];
  /** Id of the {@link CapacityReport.podSets} entry, 0 = no such pod; absent when there is none anywhere. */
  readonly podSet?: readonly number[];
  /** Id of the {@link CapacityReport.workSets} entry, 0 = nothing of Hanse runs there; absent when nothing does anywhere. */
  readonly workSet?: readonly number[];
};

/**
 * Pods that run and that others must know of: they hold host ports, or have required pod (anti-)affinity or hard topology spread. Labels
 * without those that tell replicas of one workload apart.
 */
export type ReportedPodKind = PodKind & { readonly id: number };

/** Such pods on a node: kind, how many live, how many terminating; sorted by kind. */
export type PodSet = { readonly id: number; readonly pods: readonly (readonly [kind: number, live: number, terminating: number])[] };

/** A workload that Hanse placed and of which pods are bound to nodes. */
export type ReportedWork = { readonly id: number; readonly workId: string };

/**
 * Pods of such workloads on a node: whose, how many are bound and live, and how many of these are ready; sorted by workload. One whose pods have
 * several controllers, as while a Deployment rolls out, or are just starting is left out: which of them go cannot be chosen.
 */
export type WorkSet = { readonly id: number; readonly pods: readonly (readonly [work: number, bound: number, ready: number])[] };

/** What one ResourceQuota leaves. */
export type QuotaFree = {
  readonly namespace: string;
  readonly name: string;
  /** hard - used by the quota's own names (`requests.cpu`, `limits.memory`, `pods`, `requests.nvidia.com/gpu`); canonical units, floored. */
  readonly free: { readonly [resource: string]: number };
  /** Which pods it counts: `BestEffort`, `NotTerminating`, `PriorityClass In high,low`; empty = all. */
  readonly scopes: readonly string[];
};

/** Nodes that an autoscaler could add: never part of what is free. */
export type Potential = {
  readonly source: 'cluster-autoscaler' | 'cluster-api' | 'karpenter';
  readonly name: string;
  readonly labels: { readonly [key: string]: string };
  readonly taints: readonly NodeTaint[];
  /** What one new node would offer, canonical units; absent = not known. */
  readonly allocatable?: { readonly [resource: string]: number };
  /** Further nodes; absent = not limited by number. */
  readonly maxExtraNodes?: number;
  /** Further amounts over all new nodes; absent = not limited by amount. */
  readonly maxExtra?: { readonly [resource: string]: number };
};

/** A value of a DRA attribute. */
export type DraValue = string | number | boolean;

/** Devices of `resource.k8s.io/v1` that differ in nothing a claim may ask for. */
export type DraKind = {
  readonly id: number;
  readonly driver: string;
  /** Device classes whose selectors admit it. */
  readonly classes: readonly string[];
  /** By qualified name (`gpu.nvidia.com/productName`); those unique to a device (uuid, bus id) are left out. */
  readonly attributes: { readonly [name: string]: DraValue };
  /** By qualified name; bytes in MiB where the quantity has a byte suffix, whole units elsewhere, floored. */
  readonly capacity: { readonly [name: string]: number };
  /** The same as the driver wrote it, for selectors that compare amounts; absent = there is none. */
  readonly quantities?: { readonly [name: string]: string };
  /** What a partition takes of its pool's counters, by `<set>/<counter>`. */
  readonly consumes: { readonly [counter: string]: number };
  /** May be allocated to several claims. */
  readonly shared: boolean;
  /** Attributes of which parts of one device have the same value, as its bus or its UUID: equal numbers within a pool are equal values; absent = none. */
  readonly groups?: { readonly [name: string]: number };
};

/** The devices of one node, or, with `node` '', those that many nodes reach. */
export type DraPool = {
  readonly driver: string;
  readonly pool: string;
  readonly node: string;
  /** Nodes that reach a pool of no single node: labels of its `nodeSelector` as terms; absent = all. */
  readonly nodeTerms?: readonly unknown[];
  /** By {@link DraKind} id. */
  readonly devices: readonly { readonly kind: number; readonly total: number; readonly free: number }[];
  /** What is left of each counter: `<set>/<counter>`. */
  readonly counters: { readonly [counter: string]: number };
};

/** Figures of the GPUs of one product from DCGM; a figure that no exporter gave is absent. */
export type GpuUse = {
  readonly product: string;
  /** GPUs that were heard. */
  readonly gpus: number;
  /** Mean, percent. */
  readonly utilizationPercent?: number;
  /** Sums over the GPUs. */
  readonly memoryUsedMiB?: number;
  readonly memoryTotalMiB?: number;
  readonly temperatureMaxCelsius?: number;
  /** Sum. */
  readonly powerWatts?: number;
  /** GPUs whose last XID error is not 0, by its code. */
  readonly xid?: { readonly [code: string]: number };
};

/** Pods that exist and are bound to no node, by shape. */
export type PendingDemand = {
  readonly shapeHash: string;
  readonly count: number;
  readonly oldestSeconds: number;
  readonly requests: { readonly [resource: string]: number };
};

/** The whole state; {@link CapacityDelta} leads from one to a later one. */
export type CapacityReport = {
  readonly kind: 'snapshot';
  /** New at each start of an agent's count. */
  readonly epoch: number;
  readonly seq: number;
  readonly observedAtMs: number;
  /** Resource versions the snapshot was made at, by resource (`nodes`, `pods`, …). */
  readonly sources: { readonly [resource: string]: string };
  /** False until every source has been read once. */
  readonly complete: boolean;
  /** What the agent could not read and why, such as `noderesourcetopologies: not served`. */
  readonly unsupported: readonly string[];
  readonly resourceNames: readonly string[];
  readonly groups: readonly NodeGroup[];
  readonly nodes: NodeColumns;
  readonly pending: readonly PendingDemand[];
  readonly runtimeClasses: readonly {
    readonly name: string;
    readonly handler: string;
    readonly overhead: { readonly [resource: string]: number };
    readonly nodeSelector: { readonly [key: string]: string };
    readonly tolerations?: readonly TolerationLike[];
  }[];
  readonly networks: readonly { readonly namespace: string; readonly name: string; readonly resource?: string }[];
  /** Highest work `seq` applied, by work id: the hub drops its assumed entries. */
  readonly acks: { readonly [workId: string]: number };
  /** Present replicas by workload: live pods (bound or not) that descend from a work item, by work id. */
  readonly present: { readonly [workId: string]: { readonly bound: number; readonly pending: number } };
  readonly podKinds?: readonly ReportedPodKind[];
  readonly podSets?: readonly PodSet[];
  readonly works?: readonly ReportedWork[];
  readonly workSets?: readonly WorkSet[];
  readonly quotas?: readonly QuotaFree[];
  readonly potential?: readonly Potential[];
  readonly dra?: { readonly kinds: readonly DraKind[]; readonly pools: readonly DraPool[] };
  readonly gpuUse?: readonly GpuUse[];
};

/** Changes of keyed facts by section: what is set anew, and keys that are gone. */
export type FactsPatch = {
  readonly set: { readonly [section: string]: { readonly [key: string]: unknown } };
  readonly drop: { readonly [section: string]: readonly string[] };
};

/**
 * What changed since the report `baseSeq` of the same epoch. Rows are first removed (each, from the highest, is replaced by the last row),
 * then added at the end as rows of zeros, then changed.
 */
export type CapacityDelta = {
  readonly kind: 'delta';
  readonly epoch: number;
  readonly baseSeq: number;
  readonly seq: number;
  readonly observedAtMs: number;
  /** Of the state after this delta, 16 hexadecimal digits. */
  readonly hash: string;
  readonly facts: FactsPatch;
  /** Row numbers, descending. */
  readonly removed: readonly number[];
  /** Names of new nodes. */
  readonly added: readonly string[];
  /** Differences by flat column number, ascending. */
  readonly rows: readonly { readonly node: number; readonly cells: readonly (readonly [column: number, difference: number])[] }[];
};
