/** @module What a pod that is on its way takes of a report's zones and shared GPUs, of these the emptiest. */

import { countsBytes } from './amounts.ts';
import type { MutableColumns } from './bind.ts';
import type { PodDemand } from './demand.ts';
import type { CapacityReport, DeviceColumns } from './report.ts';
import { drainedZones, heldInZones } from './zone-drain.ts';

const mebibyte = 1_048_576n;

/** What a demand holds in zones, by column, in canonical units rounded up. */
const zoneAmounts = (report: CapacityReport, demand: PodDemand): { column: number; amount: number }[] =>
  heldInZones(demand).flatMap(([resource, amount]) => {
    const column = report.resourceNames.indexOf(resource);
    return column < 0 ? [] : [{ column, amount: Number(countsBytes(resource) ? (amount + mebibyte - 1n) / mebibyte : amount) }];
  });

/** Takes one pod's amounts from the zones and shared GPUs of a node. */
export const takeZones = (report: CapacityReport, columns: MutableColumns, demand: PodDemand, node: number): void => {
  if (columns.zoneFree !== undefined) takeFromZones(report, columns, zoneAmounts(report, demand), node);
  if (columns.deviceFree !== undefined && demand.vgpus.length > 0) takeFromDevices(report, columns, demand, node);
};

const takeFromZones = (
  report: CapacityReport,
  columns: MutableColumns,
  amounts: readonly { column: number; amount: number }[],
  node: number,
): void => {
  if (amounts.length === 0) return;
  if (columns.zoneFree === report.nodes.zoneFree) columns.zoneFree = columns.zoneFree?.map((zone) => zone.map((row) => [...row]));
  const zones = (columns.zoneFree ?? []) as number[][][];
  const drained = drainedZones(zones, (zone) => amounts.every(({ column, amount }) => (zone[column]?.[node] ?? -1) >= amount));
  for (const { column, amount } of amounts) {
    let rest = amount;
    for (const zone of drained) {
      const row = zone[column];
      const free = row?.[node] ?? -1;
      if (row === undefined || free <= 0) continue;
      row[node] = free - Math.min(free, rest);
      rest -= Math.min(free, rest);
    }
  }
};

const takeFromDevices = (report: CapacityReport, columns: MutableColumns, demand: PodDemand, node: number): void => {
  if (columns.deviceFree === report.nodes.deviceFree) {
    columns.deviceFree = columns.deviceFree?.map(({ slots, memoryMiB, cores }) => ({
      slots: [...slots],
      memoryMiB: [...memoryMiB],
      cores: [...cores],
    }));
  }
  const group = report.groups.find(({ id }) => id === report.nodes.group[node]);
  type Mutable = { readonly [field in keyof DeviceColumns]: number[] };
  const devices = (columns.deviceFree ?? []) as Mutable[];
  for (const ask of demand.vgpus) {
    const emptiest = devices
      .map((device, place) => ({ device, place }))
      .filter(({ device }) => (device.slots[node] ?? -1) > 0)
      .sort((a, b) => (b.device.memoryMiB[node] ?? 0) - (a.device.memoryMiB[node] ?? 0) || a.place - b.place);
    for (const { device, place } of emptiest.slice(0, Number(ask.count))) {
      const whole = group?.devices?.[place]?.memoryMiB ?? 0;
      const memory = ask.memoryMiB > 0n ? Number(ask.memoryMiB) : Math.floor((whole * Number(ask.memoryPercent)) / 100);
      device.slots[node] = (device.slots[node] ?? 0) - 1;
      device.memoryMiB[node] = (device.memoryMiB[node] ?? 0) - memory;
      device.cores[node] = (device.cores[node] ?? 0) - Number(ask.cores);
    }
  }
};
