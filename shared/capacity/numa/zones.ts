/** @module The zones of a node while replicas are put on it: totals that stay, and a state that shrinks. Masks are bit sets of zone places. */
import type { NodeModel, ZoneModel } from '../node.ts';
import type { PodAsk } from './ask.ts';

/** Totals by zone of what is asked: the width of a request is counted on them. */
export type ZoneTotals = {
  readonly count: number;
  readonly cpus: readonly bigint[];
  /** devices[d][zone], memory[m][zone]. */
  readonly devices: readonly (readonly bigint[])[];
  readonly memory: readonly (readonly bigint[])[];
};

/** What is free by zone, and which zones the Memory Manager has bound together. */
export type ZoneState = {
  readonly cpus: readonly bigint[];
  readonly devices: readonly (readonly bigint[])[];
  readonly memory: readonly (readonly bigint[])[];
  /** Mask of the zones that a zone's memory is grouped with, itself among them; 0 = no memory of it was given away. */
  readonly groups: readonly number[];
};

/** Number of zones in a mask. */
export const zonesIn = (mask: number): number => {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count += 1;
  return count;
};

/** True when the zone is in the mask. */
export const hasZone = (mask: number, zone: number): boolean => ((mask >>> zone) & 1) === 1;

/** The sum of a column over a mask. */
export const sumIn = (column: readonly bigint[], mask: number): bigint => {
  let sum = 0n;
  for (let zone = 0; zone < column.length; zone++) if (hasZone(mask, zone)) sum += column[zone] ?? 0n;
  return sum;
};

/** A text that is equal for equal states. */
export const stateKey = (state: ZoneState): string =>
  `${state.cpus.join()}|${state.devices.map((column) => column.join()).join(';')}|${state.memory.map((column) => column.join()).join(';')}|${state.groups.join()}`;

/** CPUs are given whole, and whole cores only where full cores are demanded. */
const wholeCpus = (milli: bigint, threads: bigint): bigint => {
  const cpus = milli > 0n ? milli / 1_000n : 0n;
  return cpus - (cpus % threads);
};

const column = (zones: readonly ZoneModel[], field: 'total' | 'available', resource: string): bigint[] =>
  zones.map((zone) => {
    const amount = zone[field].get(resource) ?? 0n;
    return amount > 0n ? amount : 0n;
  });

/** Zones that hold something of what is asked; the others never matter, and there may be many (GB200 has 34, two with CPUs). */
const askedZones = (node: NodeModel, ask: PodAsk): readonly ZoneModel[] => {
  const names = [...(ask.whole.cpus > 0n ? ['cpu'] : []), ...ask.deviceNames, ...ask.memoryNames];
  return node.zones.filter((zone) => names.some((name) => (zone.total.get(name) ?? 0n) > 0n));
};

/** Totals and first state of a node for an ask; memory groups are not known from here and start empty. `threads`: cores are given whole. */
export const zonesOf = (node: NodeModel, ask: PodAsk, threads: bigint): { totals: ZoneTotals; state: ZoneState; used: number } => {
  const zones = askedZones(node, ask);
  const totals: ZoneTotals = {
    count: zones.length,
    cpus: column(zones, 'total', 'cpu').map((milli) => wholeCpus(milli, 1n)),
    devices: ask.deviceNames.map((name) => column(zones, 'total', name)),
    memory: ask.memoryNames.map((name) => column(zones, 'total', name)),
  };
  const state: ZoneState = {
    cpus: column(zones, 'available', 'cpu').map((milli) => wholeCpus(milli, threads)),
    devices: ask.deviceNames.map((name) => column(zones, 'available', name)),
    memory: ask.memoryNames.map((name) => column(zones, 'available', name)),
    groups: zones.map(() => 0),
  };
  return { totals, state, used: usedMemory(zones) };
};

/** Zones of which memory was given away: some of it is missing. */
const usedMemory = (zones: readonly ZoneModel[]): number => {
  let used = 0;
  zones.forEach((zone, at) => {
    for (const [resource, total] of zone.total) {
      if (resource !== 'memory' && !resource.startsWith('hugepages-')) continue;
      if ((zone.available.get(resource) ?? 0n) < total) used |= 1 << at;
    }
  });
  return used;
};

/** All zones as one, for kubelets that do not look at zones: only sums matter there. */
export const pooled = ({ totals, state }: { totals: ZoneTotals; state: ZoneState }): { totals: ZoneTotals; state: ZoneState } => {
  const sum = (column: readonly bigint[]): bigint[] => [column.reduce((all, amount) => all + amount, 0n)];
  return {
    totals: { count: 1, cpus: sum(totals.cpus), devices: totals.devices.map(sum), memory: [] },
    state: { cpus: sum(state.cpus), devices: state.devices.map(sum), memory: [], groups: [0] },
  };
};

/** A state with CPUs and devices in the first zone: where no hint is taken of them only their sums matter, and memory keeps its zones. */
export const pooledBesideMemory = (state: ZoneState): ZoneState => {
  const first = (column: readonly bigint[]): bigint[] =>
    column.map((_, zone) => (zone === 0 ? column.reduce((all, amount) => all + amount, 0n) : 0n));
  return { ...state, cpus: first(state.cpus), devices: state.devices.map(first) };
};
