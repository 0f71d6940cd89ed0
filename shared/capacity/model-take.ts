/** @module What pods on their way take of a node and of a quota of an exact model. */
import { compareText } from '../lib/compare-text.ts';
import { smaller } from './amounts.ts';
import type { PodDemand } from './demand.ts';
import type { Amounts, NodeModel, QuotaModel, SharedGpu, ZoneModel } from './node.ts';
import { drainedZones, heldInZones } from './zone-drain.ts';

const onTheWay = 'pods on their way to it choose their NUMA zones themselves';
const ownGpus = 'pods on their way to it choose their GPUs themselves';

/** What is left of the amounts when `count` pods have taken theirs. */
const minus = (free: Amounts, taken: Amounts, count: bigint): Amounts => {
  const left = new Map(free);
  for (const [resource, amount] of taken) left.set(resource, (left.get(resource) ?? 0n) - amount * count);
  return left;
};

/** The zones of a node once so many pods have taken theirs. */
const zonesWithout = (zones: readonly ZoneModel[], demand: PodDemand, count: bigint): readonly ZoneModel[] => {
  const left = zones.map((zone) => ({ ...zone, available: new Map(zone.available) }));
  const amounts = heldInZones(demand);
  for (let pod = 0n; pod < count; pod++) {
    const drained = drainedZones(left, ({ available }) =>
      amounts.every(([resource, amount]) => (available.get(resource) ?? -1n) >= amount),
    );
    for (const [resource, amount] of amounts) {
      let rest = amount;
      for (const { available } of drained) {
        const there = available.get(resource) ?? 0n;
        if (there <= 0n) continue;
        const taken = smaller(there, rest);
        available.set(resource, there - taken);
        rest -= taken;
      }
    }
  }
  return left;
};

/** The shared GPUs of a node once so many pods have taken theirs, of the emptiest. */
const gpusWithout = (gpus: readonly SharedGpu[], { vgpus }: PodDemand, count: bigint): readonly SharedGpu[] => {
  let left = gpus;
  const freeOf = ({ memoryMiB, memoryMiBUsed }: SharedGpu): number => memoryMiB - memoryMiBUsed;
  for (let pod = 0n; pod < count; pod++) {
    for (const ask of vgpus) {
      const emptiest = left
        .filter(({ healthy, slots, slotsUsed }) => healthy && slotsUsed < slots)
        .sort((a, b) => freeOf(b) - freeOf(a) || compareText(a.id, b.id))
        .slice(0, Number(ask.count));
      left = left.map((gpu) => {
        if (!emptiest.includes(gpu)) return gpu;
        const memory = ask.memoryMiB > 0n ? Number(ask.memoryMiB) : Math.floor((gpu.memoryMiB * Number(ask.memoryPercent)) / 100);
        const { slotsUsed, memoryMiBUsed, coresUsed } = gpu;
        return { ...gpu, slotsUsed: slotsUsed + 1, memoryMiBUsed: memoryMiBUsed + memory, coresUsed: coresUsed + Number(ask.cores) };
      });
    }
  }
  return left;
};

/** The node once so many pods are bound to it. Which zones and GPUs they have is their kubelet's choice: a guess here, and said to be. */
export const withPods = (node: NodeModel, demand: PodDemand, count: bigint): NodeModel => {
  const inZones = node.zones.length > 0 && heldInZones(demand).length > 0;
  const onGpus = node.sharedGpus !== undefined && demand.vgpus.length > 0;
  const doubts = [...(inZones ? [`Node ${node.name}: ${onTheWay}`] : []), ...(onGpus ? [`Node ${node.name}: ${ownGpus}`] : [])];
  return {
    ...node,
    free: minus(node.free, demand.requests, count),
    podsFree: node.podsFree - count,
    pods: [
      ...node.pods,
      {
        kind: { namespace: demand.namespace, labels: demand.labels, ports: demand.ports, antiAffinity: demand.antiAffinity },
        live: Number(count),
        terminating: 0,
      },
    ],
    ...(inZones ? { zones: zonesWithout(node.zones, demand, count) } : {}),
    ...(onGpus ? { sharedGpus: gpusWithout(node.sharedGpus ?? [], demand, count) } : {}),
    ...(doubts.length === 0 ? {} : { doubts: [...node.doubts, ...doubts] }),
  };
};

/** The node once so many pods that hold nothing but amounts have left it. */
export const withoutPods = (node: NodeModel, demand: PodDemand, count: bigint): NodeModel => ({
  ...node,
  free: minus(node.free, demand.requests, -count),
  podsFree: node.podsFree + count,
});

/** The quota once so many pods that use this much of it count against it. */
export const quotaLess = (quota: QuotaModel, use: Amounts, pods: number): QuotaModel => ({
  ...quota,
  free: minus(quota.free, new Map([...use].filter(([name]) => quota.free.has(name))), BigInt(pods)),
});
