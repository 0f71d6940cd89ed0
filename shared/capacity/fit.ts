/** @module How many more replicas of a shape a cluster can take, node by node: facts `capacity.md` §2.3 without zones. Integers only. */
import { present } from '../lib/index.ts';
import { asksForHost, nodeRefusal } from './node-match.ts';
import type { PodShape } from './pod-shape.ts';
import type { CapacityReport, NodeGroup } from './report.ts';

/** The answer for one cluster. */
export type FitResult = {
  /** Further replicas that fit. */
  readonly count: number;
  /** False when terms are in play that the count does not know. */
  readonly exact: boolean;
  /** Nodes that can take none, by reason: `taint`, `selector`, `affinity`, `unschedulable`, `pods`, or what is short on them. */
  readonly refusals: { readonly [reason: string]: number };
};

/** One node's share: replicas and what refuses one more. */
export type NodeFit = { readonly node: number; readonly count: number; readonly bound: string };

/** Free amounts of the nodes, in the report's order; `free[r][node]`. */
export type FreeColumns = { readonly podsFree: readonly number[]; readonly free: readonly (readonly number[])[] };

/** The name under which a short resource is told. */
const boundName = (resource: string): string =>
  resource === 'nvidia.com/gpu' ? 'gpu' : resource.startsWith('hugepages-') ? 'hugepages' : resource;

/** A shape made ready for one report: amounts by column, the RuntimeClass folded in. */
export type FitPlan = {
  readonly shape: PodShape;
  /** Column index and amount of each request. */
  readonly amounts: readonly { readonly column: number; readonly amount: number; readonly name: string }[];
  /** Set when no node can take the shape. */
  readonly refusal: string | undefined;
};

const withRuntimeClass = (report: CapacityReport, shape: PodShape): PodShape | undefined => {
  if (shape.runtimeClassName === undefined) return shape;
  const runtime = report.runtimeClasses.find((entry) => entry.name === shape.runtimeClassName);
  if (runtime === undefined) return undefined;
  const amounts = new Map(shape.requests);
  for (const [resource, amount] of Object.entries(runtime.overhead)) amounts.set(resource, (amounts.get(resource) ?? 0) + amount);
  return {
    ...shape,
    requests: [...amounts].filter(([, amount]) => amount > 0),
    nodeSelector: { ...runtime.nodeSelector, ...shape.nodeSelector },
  };
};

/** Prepares a shape for a report. */
export const planFit = (report: CapacityReport, shape: PodShape): FitPlan => {
  const known = withRuntimeClass(report, shape);
  if (known === undefined) return { shape, amounts: [], refusal: 'runtimeClass' };
  const amounts = known.requests.map(([name, amount]) => ({ column: report.resourceNames.indexOf(name), amount, name: boundName(name) }));
  const missing = amounts.find((entry) => entry.column < 0);
  return { shape: known, amounts, refusal: missing?.name };
};

/** Replicas that one node's free amounts allow, and what refuses one more. */
export const nodeCount = (plan: FitPlan, columns: FreeColumns, node: number): { count: number; bound: string } => {
  let count = Math.max(0, columns.podsFree[node] ?? 0);
  let bound = 'pods';
  if (plan.shape.perNodeMax < count) {
    count = plan.shape.perNodeMax;
    bound = 'ports';
  }
  for (const { column, amount, name } of plan.amounts) {
    const free = columns.free[column]?.[node] ?? 0;
    const fits = free <= 0 ? 0 : Math.floor(free / amount);
    if (fits < count) {
      count = fits;
      bound = name;
    }
  }
  return { count, bound };
};

/** Says for each node whether it may run the shape; asked once a group where that suffices. */
export const nodeVerdicts = (report: CapacityReport, shape: PodShape): ((node: number) => string | undefined) => {
  const groups = new Map<number, NodeGroup>(report.groups.map((group) => [group.id, group]));
  const groupAt = (node: number): NodeGroup => present(groups.get(report.nodes.group[node] ?? -1), `node group of node ${node}`);
  const nameAt = (node: number): string => report.nodes.names[node] ?? '';
  if (asksForHost(shape)) return (node) => nodeRefusal(groupAt(node), nameAt(node), shape);
  const verdicts = new Map<number, string | undefined>(report.groups.map((group) => [group.id, nodeRefusal(group, '', shape)]));
  return (node) => verdicts.get(report.nodes.group[node] ?? -1);
};

/** Each node's share of a shape; nodes that are out have count 0 and their reason as bound. */
export const fitNodes = (report: CapacityReport, shape: PodShape, columns: FreeColumns = report.nodes): NodeFit[] => {
  const plan = planFit(report, shape);
  const verdict = nodeVerdicts(report, plan.shape);
  return report.nodes.group.map((_, node) => {
    const refused = verdict(node) ?? plan.refusal;
    return refused === undefined ? { node, ...nodeCount(plan, columns, node) } : { node, count: 0, bound: refused };
  });
};

/** How many more replicas the cluster can take: the sum over its nodes. `columns` stands for the report's own amounts. */
export const fitCluster = (report: CapacityReport, shape: PodShape, columns: FreeColumns = report.nodes): FitResult => {
  const plan = planFit(report, shape);
  const verdict = nodeVerdicts(report, plan.shape);
  const refusals: { [reason: string]: number } = {};
  let total = 0;
  for (let node = 0; node < report.nodes.group.length; node++) {
    const refused = verdict(node) ?? plan.refusal;
    const { count, bound } = refused === undefined ? nodeCount(plan, columns, node) : { count: 0, bound: refused };
    total += count;
    if (count === 0) refusals[bound] = (refusals[bound] ?? 0) + 1;
  }
  return { count: total, exact: shape.exact && report.complete, refusals };
};
