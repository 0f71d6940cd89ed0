/** @module Nodes that are kept for pods which wait for them, and where others are by now. */
import { fitNodes } from './fit.ts';
import type { PodShape } from './pod-shape.ts';
import type { CapacityReport } from './report.ts';
import { waitingIn } from './waiting.ts';

/** None. */
export const noneLost: ReadonlyMap<string, number> = new Map();

/**
 * Of the nodes that are kept for pods of a shape, those that by the report have no room for as many, and for how many they lack it; no more than
 * wait in the member with what the shape asks for. Pods that have not left yet have the room still: who asks waits for them first.
 */
export const lostPlaces = (
  report: CapacityReport,
  shape: PodShape,
  kept: ReadonlyMap<string, number>,
  pending: number,
): ReadonlyMap<string, number> => {
  let left = waitingIn(report, [{ shape, count: pending }]).ours.reduce((sum, { count }) => sum + count, 0);
  if (left === 0 || kept.size === 0) return noneLost;
  const lost = new Map<string, number>();
  for (const { node, count } of fitNodes(report, shape, { ...report.nodes, quotas: [] })) {
    const name = report.nodes.names[node] ?? '';
    const lacking = Math.min(left, Math.max(0, (kept.get(name) ?? 0) - count));
    left -= lacking;
    if (lacking > 0) lost.set(name, lacking);
  }
  return lost;
};
