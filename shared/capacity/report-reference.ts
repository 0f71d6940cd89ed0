/** @module What a column is likely to be near, from what was written before it: a snapshot's columns are told as differences to that. */
import type { NodeGroup } from './report.ts';
import { columnPlace, freeColumn, groupColumn, type ReportLayout, zoneColumn } from './report-layout.ts';

const unknown = -1;

/**
 * The guess for each row of a column: of a resource what the node's group offers; of a zone its total, but of the last zone what the node's
 * free amount leaves beyond the other zones; of a device its whole. Undefined when there is none. `columns` has those before `column`.
 */
export const referenceOf = (
  layout: ReportLayout,
  groups: ReadonlyMap<number, NodeGroup>,
  columns: readonly (readonly number[])[],
  column: number,
): readonly number[] | undefined => {
  const place = columnPlace(layout, column);
  const ids = columns[groupColumn];
  if (place === undefined || ids === undefined) return undefined;
  const byGroup = (of: (group: NodeGroup) => number | undefined): readonly number[] => {
    const known = new Map([...groups].map(([id, group]) => [id, of(group) ?? unknown]));
    return ids.map((id) => known.get(id) ?? unknown);
  };
  if (place.of === 'free') return byGroup((group) => group.allocatable[place.resource]);
  if (place.of === 'device') return byGroup((group) => group.devices?.[place.place]?.[place.field]);
  const { zone, resource } = place;
  const totals = byGroup((group) => group.numa?.zones[zone]?.total[resource]);
  if (zone === 0 || zone !== layout.zones - 1) return totals;
  return totals.map((total, row) => {
    if (total < 0) return unknown;
    let left = columns[freeColumn(layout, resource)]?.[row] ?? 0;
    for (let other = 0; other < zone; other++) left -= columns[zoneColumn(layout, other, resource)]?.[row] ?? 0;
    return Math.min(total, left);
  });
};
