/** @module What was promised and found no node: its amounts are kept free in the sum over the nodes that it may yet find room on. */
import type { MutableColumns } from './bind.ts';
import { type FitPlan, planFit } from './fit.ts';
import { asksForHost, nodeRefusal } from './node-match.ts';
import { outOf, type PlainTraits, plainTraits } from './plain-fit.ts';
import type { PodShape } from './pod-shape.ts';
import type { CapacityReport } from './report.ts';

/** Amounts that are owed. */
export type Debt = {
  readonly isEmpty: () => boolean;
  /** True when something of the resource is owed. */
  readonly isOwed: (resource: string) => boolean;
  /** So many replicas of the shape found no node. */
  readonly owe: (shape: PodShape, missing: number) => void;
  /** Replicas that the sum over the nodes that the shape may run on still holds once what may come to some of them is set aside. */
  readonly most: (shape: PodShape) => number;
};

/** Groups of which no node may run a shape. */
type Out = { readonly has: (group: number) => boolean; readonly size: number };

/** What is owed to shapes that the same groups are closed to. */
type Owed = { readonly out: Out; readonly amounts: Map<string, number> };

const noColumn = new Float64Array(0);

/** Nobody is owed anything yet. */
export const createDebt = (report: CapacityReport, { free }: Pick<MutableColumns, 'free'>): Debt => {
  const { group, names } = report.nodes;
  const owed = new Map<string, Owed>();
  let traits: PlainTraits | undefined;
  const byId = new Map(report.groups.map((one) => [one.id, one]));
  /** Groups of which no node may run it, and the nodes that may: those of one group differ only to who asks for a host by name. */
  const reachOf = (plan: FitPlan): { readonly out: Out; readonly mayRun: (node: number) => boolean } => {
    if (asksForHost(plan.demand)) {
      const mayRun = (node: number): boolean => {
        const one = byId.get(group[node] ?? -1);
        return one !== undefined && nodeRefusal(one, names[node] ?? '', plan.demand) === undefined;
      };
      const open = new Set(group.filter((_, node) => mayRun(node)));
      return { out: new Set([...byId.keys()].filter((id) => !open.has(id))), mayRun };
    }
    traits ??= plainTraits(report);
    const out = outOf(report, plan, traits);
    return { out, mayRun: (node) => !out.has(group[node] ?? -1) };
  };
  const share = (one: Out, other: Out): boolean =>
    one.size + other.size < report.groups.length || report.groups.some(({ id }) => !one.has(id) && !other.has(id));
  return {
    isEmpty: () => owed.size === 0,
    isOwed: (resource) => [...owed.values()].some(({ amounts }) => (amounts.get(resource) ?? 0) > 0),
    owe: (shape, missing) => {
      if (missing <= 0) return;
      const plan = planFit(report, shape);
      const { out } = reachOf(plan);
      const key = report.groups.flatMap(({ id }) => (out.has(id) ? [id] : [])).join();
      const { amounts } = owed.get(key) ?? { amounts: new Map<string, number>() };
      owed.set(key, { out, amounts });
      for (const [resource, amount] of plan.shape.requests) amounts.set(resource, (amounts.get(resource) ?? 0) + missing * amount);
    },
    most: (shape) => {
      const plan = planFit(report, shape);
      const { out, mayRun } = reachOf(plan);
      const near = [...owed.values()].filter((one) => share(one.out, out));
      let most = Number.MAX_SAFE_INTEGER;
      for (const [resource, amount] of plan.shape.requests) {
        const taken = near.reduce((sum, { amounts }) => sum + (amounts.get(resource) ?? 0), 0);
        if (taken === 0 || amount <= 0) continue;
        const column = free[report.resourceNames.indexOf(resource)] ?? noColumn;
        const whole = column.reduce((sum, value, node) => (value > 0 && mayRun(node) ? sum + value : sum), 0);
        most = Math.min(most, Math.max(0, Math.floor((whole - taken) / amount)));
      }
      return most;
    },
  };
};
