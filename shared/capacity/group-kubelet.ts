/** @module The kubelet and zones of a report's node group, and of one node in it, as the exact count wants them. */
import { countsBytes } from './amounts.ts';
import { type KubeletModel, type NodeModel, plainKubelet, type SharedGpu, type ZoneModel } from './node.ts';
import type { CapacityReport, NodeColumns, NodeGroup, NumaFacts } from './report.ts';
import { settingsOf, untoldPolicies } from './topology.ts';

const mebibyte = 1_048_576n;

/** Canonical units in booked ones. */
export const bookedOf = (resource: string, amount: number): bigint => BigInt(amount) * (countsBytes(resource) ? mebibyte : 1n);

/** How the managers of a group are set; guessed settings may be others. */
export const kubeletOf = (numa: NumaFacts | undefined): KubeletModel => {
  if (numa === undefined) return plainKubelet;
  const guessed = new Set(numa.guessed ?? []);
  return {
    ...settingsOf(guessed.has('policy') ? untoldPolicies : [numa.policy], guessed.has('scope') ? undefined : numa.scope),
    prefersClosest: numa.options.includes('prefer-closest-numa-nodes=true'),
    cpuManager: guessed.has('cpuManager') ? ['none', 'static'] : [numa.cpuManager],
    fullCoresOnly: numa.options.includes('full-pcpus-only=true'),
    threadsPerCore: numa.threadsPerCore,
    memoryManager: guessed.has('memoryManager') ? ['None', 'Static'] : [numa.memoryManager],
  };
};

/** A node that has only the group's kubelet and zones, all of them free. */
export const zoneNodeOf = (report: CapacityReport, group: NodeGroup): NodeModel => ({
  name: '',
  labels: group.labels,
  taints: group.taints,
  unschedulable: group.unschedulable,
  free: new Map(),
  podsFree: 0n,
  zones: (group.numa?.zones ?? []).map(({ id, total }): ZoneModel => {
    const amounts = amountsBy(report.resourceNames, total);
    return { id, total: amounts, available: amounts };
  }),
  kubelet: kubeletOf(group.numa),
  runtimeHandlers: group.runtimeHandlers,
  sharedGpus: undefined,
  pods: [],
  doubts: [],
});

/** Amounts that are told: -1 stands for what a zone says nothing of. */
const amountsBy = (names: readonly string[], column: readonly number[]): ReadonlyMap<string, bigint> =>
  new Map(names.flatMap((name, r) => ((column[r] ?? -1) < 0 ? [] : [[name, bookedOf(name, column[r] ?? 0)] as const])));

/** The same with what is free in the zones of one node. */
export const withZonesOf = (report: CapacityReport, base: NodeModel, zoneFree: NodeColumns['zoneFree'], node: number): NodeModel => ({
  ...base,
  zones: base.zones.map((zone, place) => {
    const column = report.resourceNames.map((_, r) => zoneFree?.[place]?.[r]?.[node] ?? -1);
    const told = amountsBy(report.resourceNames, column);
    return { ...zone, available: new Map([...zone.total.keys()].map((name) => [name, told.get(name) ?? 0n] as const)) };
  }),
});

/** The GPUs that pods share on one node; undefined when the group has none. */
export const sharedGpusAt = (
  group: NodeGroup,
  columns: { readonly deviceFree?: NodeColumns['deviceFree'] | undefined },
  node: number,
): readonly SharedGpu[] | undefined =>
  group.devices?.flatMap((device, place) => {
    const free = columns.deviceFree?.[place];
    const slots = free?.slots[node] ?? -1;
    if (slots < 0) return [];
    return [
      {
        id: String(place),
        type: device.type,
        healthy: true,
        slots: device.slots,
        memoryMiB: device.memoryMiB,
        cores: device.cores,
        slotsUsed: device.slots - slots,
        memoryMiBUsed: device.memoryMiB - (free?.memoryMiB[node] ?? 0),
        coresUsed: device.cores - (free?.cores[node] ?? 0),
      },
    ];
  });
