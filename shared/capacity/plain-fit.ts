/**
 * @module The common case of a fit, in as few passes as there are amounts: nothing but sums, taints and labels decides, and only nodes that
 * take none are asked why. Half a million nodes are counted for each new shape, so that nothing is made for a node.
 */
import type { Rows } from './alike-nodes.ts';
import type { FitPlan, FreeColumns } from './fit.ts';
import { nodeRefusal } from './node-match.ts';
import type { CapacityReport } from './report.ts';
import { pluginPlan, sharesByPlugin } from './shared-by-plugin.ts';
import { isKeptAway } from './thin-cluster.ts';
import { meetsDoubts } from './topology-doubts.ts';
import { gpuPlan, zonePlan } from './zone-plan.ts';

/** What of a report bears on every shape; made once a report, since a new shape is asked of thousands. */
export type PlainTraits = {
  /** No quota, no zones and no doubt of them, no GPUs shared, and no pod keeps others away: shapes that ask plainly are counted by amounts. */
  readonly isBare: boolean;
  /** Every node takes pods that tolerate nothing. */
  readonly isOpen: boolean;
};

/** The traits of a report. */
export const plainTraits = ({ groups, quotas = [], podKinds = [] }: CapacityReport): PlainTraits => ({
  isBare:
    quotas.length === 0 &&
    podKinds.every(({ antiAffinity }) => antiAffinity.length === 0) &&
    groups.every(
      ({ numa, devices, labels, topologyDoubt }) =>
        (numa?.zones.length ?? 0) === 0 && devices === undefined && topologyDoubt === undefined && !sharesByPlugin(labels),
    ),
  isOpen: groups.every(({ taints, unschedulable }) => taints.length === 0 && !unschedulable),
});

/** True when nothing but amounts, taints and labels decides. */
export const isPlain = (
  report: CapacityReport,
  plan: FitPlan,
  columns: FreeColumns,
  { isBare }: PlainTraits = plainTraits(report),
): boolean => {
  const { demand, refusal } = plan;
  if (refusal !== undefined || !plan.asksPlainly) return false;
  if (isBare && demand.numaSingleNode !== true && !demand.needsVgpu) return true;
  return (
    (report.quotas ?? []).length === 0 &&
    !isKeptAway(report, demand) &&
    !meetsDoubts(report, demand) &&
    report.groups.every(
      (group) =>
        zonePlan(report, group, columns, demand) === undefined &&
        gpuPlan(group, columns, demand) === undefined &&
        pluginPlan(group, demand) === undefined,
    )
  );
};

/** Counts of the rows at hand, used again for each cluster. */
let scratch = new Float64Array(0);

/** A function of its own, so that it is compiled for the columns of rooms. */
const lesser = (counts: Float64Array, most: ArrayLike<number>, free: ArrayLike<number>, amount: number, rows: number): void => {
  for (let row = 0; row < rows; row++) {
    const fits = Math.floor((free[row] as number) / amount);
    const cap = most[row] as number;
    counts[row] = fits < cap ? fits : cap;
  }
};

/** Replicas by amounts, row by row, into `counts`; below zero where something is overcommitted. */
const fillCounts = (counts: Float64Array, { amounts }: FitPlan, { podsFree, free }: Rows, rows: number): void => {
  if (amounts.length === 0) for (let row = 0; row < rows; row++) counts[row] = podsFree[row] as number;
  for (let at = 0; at < amounts.length; at++) {
    const asked = amounts[at];
    if (asked !== undefined) lesser(counts, at === 0 ? podsFree : counts, free[asked.column] ?? [], asked.amount, rows);
  }
};

/** Sum of what is above zero; -1 when some row takes none. */
const sumOfAll = (counts: Float64Array, times: Float64Array | undefined, rows: number): number => {
  let total = 0;
  let least = 1;
  for (let row = 0; row < rows; row++) {
    const count = counts[row] as number;
    total += times === undefined ? count : count * (times[row] as number);
    least = count < least ? count : least;
  }
  return least < 1 ? -1 : total;
};

/** Replicas over all nodes, and nodes that take none by reason. */
export type PlainSum = { readonly count: number; readonly refusals: Record<string, number> };

/** Counts by the sum over all rows. */
export const sumRows = (plan: FitPlan, rows: Rows, out: ReadonlyMap<number, string>): PlainSum => {
  const { group, times } = rows;
  const size = group.length;
  if (scratch.length < size) scratch = new Float64Array(size);
  const counts = scratch;
  fillCounts(counts, plan, rows, size);
  const all = out.size === 0 ? sumOfAll(counts, times, size) : -1;
  const refusals: Record<string, number> = {};
  if (all >= 0) return { count: all, refusals };
  let total = 0;
  for (let row = 0; row < size; row++) {
    const count = counts[row] as number;
    const nodes = times?.[row] ?? 1;
    const reason = out.get(group[row] as number) ?? (count > 0 ? undefined : shortOf(plan, rows, row));
    if (reason === undefined) total += count * nodes;
    else refusals[reason] = (refusals[reason] ?? 0) + nodes;
  }
  return { count: total, refusals };
};

/** Nodes by what refuses one more replica once as many are there as fit: of several that are short together the first that is asked. */
export const shortOnceFull = (
  { amounts }: FitPlan,
  { group, podsFree, free, times }: Rows,
  out: ReadonlyMap<number, string>,
): Record<string, number> => {
  const columns = amounts.map(({ column, amount }) => ({ free: free[column] ?? [], amount }));
  const nodes = new Float64Array(columns.length + 1);
  const refusals: Record<string, number> = {};
  for (let row = 0; row < group.length; row++) {
    const reason = out.size === 0 ? undefined : out.get(group[row] as number);
    if (reason !== undefined) {
      refusals[reason] = (refusals[reason] ?? 0) + (times?.[row] ?? 1);
      continue;
    }
    let count = Math.max(0, podsFree[row] as number);
    let bound = 0;
    for (let at = 0; at < columns.length; at++) {
      const asked = columns[at] as (typeof columns)[number];
      const fits = Math.max(0, Math.floor((asked.free[row] as number) / asked.amount));
      if (fits >= count) continue;
      count = fits;
      bound = at + 1;
    }
    nodes[bound] = (nodes[bound] ?? 0) + (times?.[row] ?? 1);
  }
  nodes.forEach((number, bound) => {
    const reason = bound === 0 ? 'pods' : (amounts[bound - 1]?.name ?? 'pods');
    if (number > 0) refusals[reason] = (refusals[reason] ?? 0) + number;
  });
  return refusals;
};

/** Counts by the sum over all nodes. */
export const sumPlain = (report: CapacityReport, plan: FitPlan, columns: FreeColumns, out = outOf(report, plan)): PlainSum =>
  sumRows(plan, { group: report.nodes.group, podsFree: columns.podsFree, free: columns.free, times: undefined }, out);

const noGroups: ReadonlyMap<number, string> = new Map();

/** Groups whose nodes may not run the shape, with why. */
export const outOf = (report: CapacityReport, plan: FitPlan, traits?: PlainTraits): ReadonlyMap<number, string> => {
  if (traits?.isOpen === true && plan.isUnlabelled) return noGroups;
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

/** What is short on a node, or row, that takes none. */
export const shortOf = (plan: FitPlan, columns: Pick<FreeColumns, 'podsFree' | 'free'>, node: number): string => {
  if ((columns.podsFree[node] ?? 0) <= 0) return 'pods';
  return plan.amounts.find(({ column, amount }) => (columns.free[column]?.[node] ?? 0) < amount)?.name ?? 'pods';
};
