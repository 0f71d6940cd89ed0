/**
 * @module Zones in a report's columns: for most shapes a closed form of plain numbers, for the rest the exact count of one node, kept by what
 * its zones have free (facts `capacity.md` §2.3).
 */
import type { PodDemand } from './demand.ts';
import { sharedGpusAt, withZonesOf, zoneNodeOf } from './group-kubelet.ts';
import type { NodeModel } from './node.ts';
import { asksNothing, managersOf, podAskOf, takesOfZones } from './numa/ask.ts';
import { type ZoneCount, zoneCount } from './numa/zone-count.ts';
import type { CapacityReport, NodeColumns, NodeGroup } from './report.ts';
import { vgpuCount, withoutRoomiest } from './vgpu.ts';

/** What bounds a node beside its sums: a count, and whether it is exact. */
export type NodeBound = (node: number, most: number) => { readonly count: number; readonly exact: boolean; readonly bound: string };

/** A row of the closed form: the column of a resource and what one replica takes of it. */
type Row = { readonly column: number; readonly amount: number };

/** Free amounts of zones and shared GPUs. */
export type ZoneColumns = { readonly [column in 'zoneFree' | 'deviceFree']?: NodeColumns[column] | undefined };

/** Counts kept for nodes whose zones are alike. */
const keptMax = 4_096;

/** The bound of a group's zones for a demand, none where they are not known; undefined = they do not matter. */
export const zonePlan = (report: CapacityReport, group: NodeGroup, columns: ZoneColumns, demand: PodDemand): NodeBound | undefined => {
  if (group.topologyDoubt === 'unread' && takesOfZones(demand)) return refusesAll;
  const isSingle = demand.numaSingleNode === true;
  const hasZones = (group.numa?.zones.length ?? 0) > 0;
  if (!hasZones && !isSingle) return undefined;
  const base = zoneNodeOf(report, group);
  // What zones with nothing taken refuse, they refuse with less.
  if (isSingle && refuses(zoneCount(base, demand, 1n))) return refusesAll;
  if (!hasZones) return undefined;
  const { kubelet } = base;
  const asks = managersOf(kubelet, demand).map((managers) => podAskOf(demand, base, managers));
  if (asks.every(asksNothing)) return undefined;
  const rows = asks.length === 1 ? closedForm(report, base, demand) : undefined;
  return rows === undefined ? exactly(report, base, columns, demand) : bySums(rows, base, columns);
};

const refusesAll: NodeBound = () => ({ count: 0, exact: true, bound: 'numa' });
const refuses = ({ count, exact }: ZoneCount): boolean => count === 0n && exact;

/** One container, whole CPUs and devices that fit one zone by totals, under a policy that wants one mask. */
const closedForm = (report: CapacityReport, { kubelet, zones }: NodeModel, demand: PodDemand): readonly Row[] | undefined => {
  if (kubelet.orElse !== undefined || (kubelet.topologyPolicy !== 'restricted' && kubelet.topologyPolicy !== 'single-numa-node'))
    return undefined;
  const [container] = demand.containers;
  if (container === undefined || demand.containers.length !== 1 || kubelet.fullCoresOnly || kubelet.memoryManager.includes('Static'))
    return undefined;
  const pinsCpu = demand.guaranteed && demand.podLevel === undefined && kubelet.cpuManager.includes('static');
  const rows: Row[] = [];
  for (const [resource, amount] of container.requests) {
    const isCpu = resource === 'cpu';
    const takesPart = isCpu ? pinsCpu && amount % 1_000n === 0n : resource.includes('/');
    if (!takesPart || !zones.some(({ total }) => total.has(resource))) continue;
    const column = report.resourceNames.indexOf(resource);
    if (column < 0 || amount > BigInt(Number.MAX_SAFE_INTEGER) || !zones.some(({ total }) => (total.get(resource) ?? 0n) >= amount))
      return undefined;
    rows.push({ column, amount: Number(amount) });
  }
  return rows;
};

const bySums = (rows: readonly Row[], { zones }: NodeModel, { zoneFree }: ZoneColumns): NodeBound => {
  const places = zones.length;
  return (node, most) => {
    let count = 0;
    for (let place = 0; place < places && count < most; place++) {
      const free = zoneFree?.[place];
      let fits = most;
      for (const { column, amount } of rows) {
        const here = Math.floor(Math.max(0, free?.[column]?.[node] ?? 0) / amount);
        if (here < fits) fits = here;
      }
      count += fits;
    }
    return { count: count < most ? count : most, exact: true, bound: 'numa' };
  };
};

const exactly = (report: CapacityReport, base: NodeModel, { zoneFree }: ZoneColumns, demand: PodDemand): NodeBound => {
  const kept = new Map<string, { count: number; exact: boolean; bound: string }>();
  return (node, most) => {
    const key = `${most}|${base.zones.map((_, place) => report.resourceNames.map((_name, r) => zoneFree?.[place]?.[r]?.[node] ?? -1).join()).join('|')}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const counted = zoneCount(withZonesOf(report, base, zoneFree, node), demand, BigInt(most));
    const answer = { count: Number(counted.count), exact: counted.exact, bound: 'numa' };
    if (kept.size >= keptMax) kept.clear();
    kept.set(key, answer);
    return answer;
  };
};

/** The bound of a group's shared GPUs, the lowest where not all is told of them; undefined = they do not matter. */
export const gpuPlan = (group: NodeGroup, columns: ZoneColumns, demand: PodDemand): NodeBound | undefined => {
  const { devices, devicesUntold } = group;
  if (devices === undefined) return demand.needsVgpu ? () => ({ count: 0, exact: true, bound: 'gpu' }) : undefined;
  const [ask] = demand.vgpus;
  if (ask === undefined) return undefined;
  return (node, most) => {
    const gpus = withoutRoomiest(sharedGpusAt(group, columns, node) ?? [], ask, devicesUntold ?? 0);
    const { count, exact } = vgpuCount(gpus, demand.vgpus, BigInt(most));
    // What is not told could only add room, and here no more would be taken.
    const isSure = devicesUntold === undefined || Number(count) >= most;
    return { count: Number(count), exact: exact && isSure, bound: 'gpu' };
  };
};
