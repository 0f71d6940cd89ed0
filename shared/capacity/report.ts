/**
 * @module What an agent reports of its cluster's capacity: node groups interned, free amounts as columns of signed integers.
 * Free may be negative (an overcommitted or shrunk node): the sign is kept. Unknown is never zero: what could not be read is in
 * `unsupported`. Amounts are floored to canonical integer units: cpu in milli-CPU, memory, ephemeral-storage and hugepages in MiB,
 * everything else in whole devices.
 */

/** A node taint (core/v1 Taint). */
export type NodeTaint = { readonly key: string; readonly value: string; readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' };

/** How a GPU is shared (facts: MIG single and mixed, time-slicing, MPS, HAMi). */
export type GpuFacts = {
  readonly vendor: 'nvidia' | 'amd' | 'intel' | 'other';
  readonly product: string;
  readonly memoryMiB: number;
  /** Physical GPUs a node. */
  readonly count: number;
  readonly sharing: { readonly kind: 'exclusive' | 'timeSlicing' | 'mps' | 'mig' | 'vgpu'; readonly replicas: number };
};

/** NUMA facts of a group's nodes, from NodeResourceTopology. */
export type NumaFacts = {
  readonly policy: 'none' | 'best-effort' | 'restricted' | 'single-numa-node';
  readonly scope: 'container' | 'pod';
  readonly cpuManager: 'none' | 'static';
  readonly memoryManager: 'None' | 'Static';
  readonly options: readonly string[];
  /** One a zone; `total` has an amount for each resource name, -1 = the zone says nothing of it. */
  readonly zones: readonly { readonly id: number; readonly total: readonly number[] }[];
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
};

/** Columns, one value a node, in node order of the epoch. */
export type NodeColumns = {
  readonly names: readonly string[];
  readonly group: readonly number[];
  readonly podsFree: readonly number[];
  /** free[r][node], r indexes `resourceNames`. */
  readonly free: readonly (readonly number[])[];
  /** zoneFree[zone][r][node]; absent when no node has zones; -1 = unknown. */
  readonly zoneFree?: readonly (readonly (readonly number[])[])[];
};

/** Pods that exist and are bound to no node, by shape. */
export type PendingDemand = {
  readonly shapeHash: string;
  readonly count: number;
  readonly oldestSeconds: number;
  readonly requests: { readonly [resource: string]: number };
};

/** A whole snapshot; deltas come with the capacity issue. */
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
  }[];
  readonly networks: readonly { readonly namespace: string; readonly name: string; readonly resource?: string }[];
  /** Highest work `seq` applied, by work id: the hub drops its assumed entries. */
  readonly acks: { readonly [workId: string]: number };
  /** Present replicas by workload: live pods (bound or not) that descend from a work item, by work id. */
  readonly present: { readonly [workId: string]: { readonly bound: number; readonly pending: number } };
};
