/**
 * @module The common case of a fit, in as few passes as there are amounts: nothing but sums, taints and labels decides, and only nodes that
 * take none are asked why. Half a million nodes are counted for each new shape, so that nothing is made for a node.
 */
import type { FitPlan, FreeColumns } from './fit.ts';
import { asksForHost, nodeRefusal } from './node-match.ts';
import type { CapacityReport } from './report.ts';
import { bearsOnPods, isKeptAway } from './thin-cluster.ts';
import { gpuPlan, zonePlan } from './zone-plan.ts';

/** True when nothing but amounts, taints and labels decides. */
export const isPlain = (report: CapacityReport, { demand, shape, refusal }: FitPlan, columns: FreeColumns): boolean =>
  refusal === undefined &&
  demand.ports.length === 0 &&
  demand.claims.length === 0 &&
  !bearsOnPods(demand) &&
  (report.quotas ?? []).length === 0 &&
  !asksForHost(demand) &&
  !isKeptAway(report, demand) &&
  report.groups.every(
    (group) =>
      zonePlan(report, group, columns, demand, shape.numaSingleNode === true) === undefined &&
      gpuPlan(group, columns, demand) === undefined,
  );

/** Counts of the nodes at hand, used again for each cluster. */
let scratch = new Float64Array(0);

const fillCounts = (plan: FitPlan, columns: FreeColumns, nodes: number): Float64Array => {
  if (scratch.length < nodes) scratch = new Float64Array(nodes);
  const counts = scratch;
  const { podsFree } = columns;
  for (let node = 0; node < nodes; node++) counts[node] = podsFree[node] as number;
  for (const { column, amount } of plan.amounts) lowerTo(counts, columns.free[column] ?? [], amount, nodes);
  return counts;
};

/** A function of its own, so that it is compiled for plain arrays of numbers. */
const lowerTo = (counts: Float64Array, free: readonly number[], amount: number, nodes: number): void => {
  for (let node = 0; node < nodes; node++) {
    const fits = Math.floor((free[node] as number) / amount);
    if (fits < (counts[node] as number)) counts[node] = fits;
  }
};

/** Counts by the sum over all nodes, and nodes that take none by reason. */
export const sumPlain = (
  report: CapacityReport,
  plan: FitPlan,
  columns: FreeColumns,
  out: ReadonlyMap<number, string> = outOf(report, plan),
): { readonly count: number; readonly refusals: Record<string, number> } => {
  const { group } = report.nodes;
  const counts = fillCounts(plan, columns, group.length);
  const refusals: Record<string, number> = {};
  const refuse = (reason: string): void => {
    refusals[reason] = (refusals[reason] ?? 0) + 1;
  };
  let total = 0;
  for (let node = 0; node < group.length; node++) {
    const count = counts[node] as number;
    const reason = out.size === 0 ? undefined : out.get(group[node] as number);
    if (reason !== undefined) refuse(reason);
    else if (count > 0) total += count;
    else refuse(shortOf(plan, columns, node));
  }
  return { count: total, refusals };
};

/** Groups whose nodes may not run the shape, with why. */
export const outOf = (report: CapacityReport, plan: FitPlan): ReadonlyMap<number, string> => {
  const out = new Map<number, string>();
  for (const group of report.groups) {
    const reason = nodeRefusal(group, '', plan.demand);
    if (reason !== undefined) out.set(group.id, reason);
  }
  return out;
};

/** Replicas of one node that is not out, by its amounts alone; 0 or below where it takes none. */
export const plainCount = (plan: FitPlan, columns: FreeColumns, node: number): number => {
  let count = columns.podsFree[node] ?? 0;
  for (const { column, amount } of plan.amounts) {
    const fits = Math.floor((columns.free[column]?.[node] ?? 0) / amount);
    if (fits < count) count = fits;
  }
  return count;
};

/** What is short on a node that takes none. */
export const shortOf = (plan: FitPlan, columns: FreeColumns, node: number): string => {
  if ((columns.podsFree[node] ?? 0) <= 0) return 'pods';
  return plan.amounts.find(({ column, amount }) => (columns.free[column]?.[node] ?? 0) < amount)?.name ?? 'pods';
};
