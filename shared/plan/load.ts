/** @module How full a cluster is before and after a plan: cpu, memory, GPUs and pods. */
import type { AssumedPods, CapacityReport, ClusterModel, WholeNodes } from '../capacity/index.ts';
import { sumOf } from '../lib/sum.ts';

/** What load is told of: cpu in milli-CPU, memory in MiB, whole GPUs of any vendor, pods. */
export const measures = ['cpuMilli', 'memoryMiB', 'gpu', 'pods'] as const;
export type Measure = (typeof measures)[number];

/** Amounts of a cluster, all nodes together. `total` is absent where it is not told: a report counts only the free places for pods. */
export type Amount = { readonly total?: number; readonly free: number };
export type ClusterLoad = Readonly<Record<Measure, Amount>>;

const mebibyte = 1_048_576n;

/** What device plugins offer whole GPUs as. */
const gpuResources = new Set(['nvidia.com/gpu', 'nvidia.com/gpu.shared', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe']);

const measureOf = (resource: string): Measure | undefined => {
  if (resource === 'cpu') return 'cpuMilli';
  if (resource === 'memory') return 'memoryMiB';
  if (resource === 'pods') return 'pods';
  return gpuResources.has(resource) ? 'gpu' : undefined;
};

type Sums = Record<Measure, bigint>;
const noSums = (): Sums => ({ cpuMilli: 0n, memoryMiB: 0n, gpu: 0n, pods: 0n });

const add = (sums: Sums, amounts: ReadonlyMap<string, bigint> | undefined): void => {
  for (const [resource, amount] of amounts ?? []) {
    const measure = measureOf(resource);
    if (measure !== undefined) sums[measure] += amount;
  }
};

/** Amounts beyond 2^53 are told as 2^53: nobody reads a percent of them. */
const plain = (amount: bigint): number => Math.min(Number(amount), Number.MAX_SAFE_INTEGER);

/** The load of a cluster that is exactly known. */
export const modelLoad = ({ nodes }: ClusterModel, whole: WholeNodes): ClusterLoad => {
  const [total, free] = [noSums(), noSums()];
  for (const node of nodes) {
    add(total, whole.get(node.name));
    add(free, node.free);
    free.pods += node.podsFree;
  }
  for (const sums of [total, free]) sums.memoryMiB /= mebibyte;
  const amount = (measure: Measure): Amount => ({ total: plain(total[measure]), free: plain(free[measure]) });
  return { cpuMilli: amount('cpuMilli'), memoryMiB: amount('memoryMiB'), gpu: amount('gpu'), pods: amount('pods') };
};

/** The load of a cluster as its report tells it; pods that are bound nowhere yet count. */
export const reportLoad = (report: CapacityReport): ClusterLoad => {
  const total: Record<Measure, number> = { cpuMilli: 0, memoryMiB: 0, gpu: 0, pods: 0 };
  const free = { ...total, pods: sumOf(report.nodes.podsFree) };
  const nodesOf = new Map<number, number>();
  for (const group of report.nodes.group) nodesOf.set(group, (nodesOf.get(group) ?? 0) + 1);
  report.resourceNames.forEach((resource, at) => {
    const measure = measureOf(resource);
    if (measure === undefined) return;
    for (const group of report.groups) total[measure] += (group.allocatable[at] ?? 0) * (nodesOf.get(group.id) ?? 0);
    free[measure] += sumOf(report.nodes.free[at] ?? []);
  });
  for (const { requests, count } of report.pending) {
    for (const [resource, amount] of Object.entries(requests)) {
      const measure = measureOf(resource);
      if (measure !== undefined && measure !== 'pods') free[measure] -= amount * count;
    }
    free.pods -= count;
  }
  const amount = (measure: Measure): Amount => ({ total: total[measure], free: free[measure] });
  return { cpuMilli: amount('cpuMilli'), memoryMiB: amount('memoryMiB'), gpu: amount('gpu'), pods: { free: free.pods } };
};

/** What `count` pods of a shape take; a negative count gives back. */
export const withPods = (load: ClusterLoad, { shape, count }: AssumedPods): ClusterLoad => {
  const taken: Record<Measure, number> = { cpuMilli: 0, memoryMiB: 0, gpu: 0, pods: count };
  for (const [resource, amount] of shape.requests) {
    const measure = measureOf(resource);
    if (measure !== undefined) taken[measure] += amount * count;
  }
  const less = (measure: Measure): Amount => ({ ...load[measure], free: load[measure].free - taken[measure] });
  return { cpuMilli: less('cpuMilli'), memoryMiB: less('memoryMiB'), gpu: less('gpu'), pods: less('pods') };
};

/** Percent of the whole that is used, rounded down; undefined where there is nothing of it or the whole is not told. */
export const usedPercent = ({ total, free }: Amount): number | undefined =>
  total === undefined || total <= 0 ? undefined : Math.floor(((total - free) * 100) / total);
