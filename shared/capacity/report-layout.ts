/**
 * @module The columns of a report in one flat order, which snapshots, deltas and hashes share: group, podsFree, podSet, workSet, free by resource,
 * zoneFree by zone and resource, deviceFree by place (slots, memory, cores).
 */
import type { CapacityReport, NodeColumns, NodeGroup } from './report.ts';

/** How many columns of each sort there are. */
export type ReportLayout = {
  readonly resources: number;
  readonly zones: number;
  readonly devices: number;
  readonly pods: boolean;
  readonly works: boolean;
};

/** Flat number of the column of group ids. */
export const groupColumn = 0;

/** Columns before the first resource. */
const leading = (layout: ReportLayout): number => 2 + Number(layout.pods) + Number(layout.works);

/** Flat number of the column of pod set ids; only when the layout has one. */
export const podColumn = 2;

/** Flat number of the column of work set ids; only when the layout has one. */
export const workColumn = (layout: ReportLayout): number => (layout.pods ? 3 : 2);

/** Number of columns. */
export const widthOf = (layout: ReportLayout): number => leading(layout) + layout.resources * (1 + layout.zones) + 3 * layout.devices;

/** The layout of a report. */
export const layoutOf = ({ resourceNames, nodes }: CapacityReport): ReportLayout => ({
  resources: resourceNames.length,
  zones: nodes.zoneFree?.length ?? 0,
  devices: nodes.deviceFree?.length ?? 0,
  pods: nodes.podSet !== undefined,
  works: nodes.workSet !== undefined,
});

/** The columns of a report, not copied. */
export const columnsOf = ({ nodes }: CapacityReport): (readonly number[])[] => [
  nodes.group,
  nodes.podsFree,
  ...(nodes.podSet === undefined ? [] : [nodes.podSet]),
  ...(nodes.workSet === undefined ? [] : [nodes.workSet]),
  ...nodes.free,
  ...(nodes.zoneFree ?? []).flat(),
  ...(nodes.deviceFree ?? []).flatMap(({ slots, memoryMiB, cores }) => [slots, memoryMiB, cores]),
];

/** The named columns over flat ones, not copied. */
export const nodesOver = (names: readonly string[], layout: ReportLayout, columns: readonly (readonly number[])[]): NodeColumns => {
  let at = 0;
  const next = (): readonly number[] => columns[at++] ?? [];
  const table = (): (readonly number[])[] => Array.from({ length: layout.resources }, next);
  return {
    names,
    group: next(),
    podsFree: next(),
    ...(layout.pods ? { podSet: next() } : {}),
    ...(layout.works ? { workSet: next() } : {}),
    free: table(),
    ...(layout.zones === 0 ? {} : { zoneFree: Array.from({ length: layout.zones }, table) }),
    ...(layout.devices === 0
      ? {}
      : { deviceFree: Array.from({ length: layout.devices }, () => ({ slots: next(), memoryMiB: next(), cores: next() })) }),
  };
};

/** What a flat column holds; undefined for group, podsFree, podSet and workSet. */
export const columnPlace = (
  layout: ReportLayout,
  column: number,
):
  | { readonly of: 'free'; readonly resource: number }
  | { readonly of: 'zone'; readonly zone: number; readonly resource: number }
  | { readonly of: 'device'; readonly place: number; readonly field: 'slots' | 'memoryMiB' | 'cores' }
  | undefined => {
  const at = column - leading(layout);
  if (at < 0) return undefined;
  if (at < layout.resources) return { of: 'free', resource: at };
  const inZones = at - layout.resources;
  if (inZones < layout.resources * layout.zones) {
    return { of: 'zone', zone: Math.floor(inZones / layout.resources), resource: inZones % layout.resources };
  }
  const inDevices = inZones - layout.resources * layout.zones;
  const field = (['slots', 'memoryMiB', 'cores'] as const)[inDevices % 3] ?? 'slots';
  return { of: 'device', place: Math.floor(inDevices / 3), field };
};

/** Flat number of a resource's column. */
export const freeColumn = (layout: ReportLayout, resource: number): number => leading(layout) + resource;

/** Flat number of a zone's column of a resource. */
export const zoneColumn = (layout: ReportLayout, zone: number, resource: number): number =>
  leading(layout) + layout.resources * (1 + zone) + resource;

/** True when rows of one mean the same in the other, given equal resource names. */
export const sameLayout = (a: ReportLayout, b: ReportLayout): boolean =>
  a.resources === b.resources && a.zones === b.zones && a.devices === b.devices && a.pods === b.pods && a.works === b.works;

/** True when the amounts of a group have one value a resource. */
export const isGroupWide = ({ allocatable, numa }: Omit<NodeGroup, 'id'>, resources: number): boolean =>
  allocatable.length === resources && numa?.zones.every(({ total }) => total.length === resources) !== false;
