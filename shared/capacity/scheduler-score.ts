/**
 * @module How kube-scheduler ranks the nodes that a pod fits on: NodeResourcesFit by LeastAllocated and NodeResourcesBalancedAllocation, both
 * over cpu and memory as they are once the pod is there, whole numbers of 0 to 100.
 */

/** CPU and memory, in one unit each. */
export type CpuAndMemory = { readonly cpu: number; readonly memory: number };

/** A node as it is once the pod is there. */
export type ScoredNode = {
  readonly whole: CpuAndMemory;
  /** By what pods ask for. */
  readonly free: CpuAndMemory;
  /** As `free`, with {@link defaultAsk} for pods that ask for nothing. */
  readonly shown: CpuAndMemory;
};

/** What LeastAllocated counts for a container that asks for none: milli-CPU and bytes (scheduler util/pod_resources.go). */
export const defaultAsk: CpuAndMemory = { cpu: 100, memory: 200 * 1_048_576 };

const share = (free: number, whole: number): number => (whole > 0 ? Math.max(0, free) / whole : 0);

const counted = ({ whole }: ScoredNode): number => (whole.cpu > 0 ? 1 : 0) + (whole.memory > 0 ? 1 : 0);

/** The free share, not rounded, 0 to 100. */
export const freeShare = (node: ScoredNode): number =>
  ((share(node.shown.cpu, node.whole.cpu) + share(node.shown.memory, node.whole.memory)) * 100) / Math.max(1, counted(node));

/** LeastAllocated as the scheduler rounds it: each resource, then their mean. */
export const leastAllocated = (node: ScoredNode): number =>
  Math.floor(
    (Math.floor((Math.max(0, node.shown.cpu) * 100) / Math.max(1, node.whole.cpu)) +
      Math.floor((Math.max(0, node.shown.memory) * 100) / Math.max(1, node.whole.memory))) /
      Math.max(1, counted(node)),
  );

/** BalancedAllocation: 100 less the deviation of the used shares. */
export const balancedAllocation = ({ whole, free }: ScoredNode): number =>
  whole.cpu > 0 && whole.memory > 0
    ? Math.floor((1 - Math.abs(share(free.cpu, whole.cpu) - share(free.memory, whole.memory)) / 2) * 100)
    : 100;

/** A way to choose among nodes; of equal scores the scheduler takes any, here the one that `tie` puts first, then the first in order. */
export type BindingRule = {
  readonly score: (node: ScoredNode) => number;
  /** Higher first. */
  readonly tie: (node: ScoredNode) => number;
};

const roomy = ({ free }: ScoredNode): number => free.cpu;
const tight = ({ free }: ScoredNode): number => -free.cpu;
const both = (node: ScoredNode): number => leastAllocated(node) + balancedAllocation(node);

/** The ways that a default scheduler may choose: by either score or both, equal ones to either end. */
export const bindingRules: readonly BindingRule[] = [
  { score: freeShare, tie: () => 0 },
  { score: leastAllocated, tie: roomy },
  { score: leastAllocated, tie: tight },
  { score: both, tie: roomy },
  { score: both, tie: tight },
  { score: both, tie: ({ free }) => free.memory },
  { score: both, tie: ({ free }) => -free.memory },
];
