/**
 * @module Counts of plain shapes over one cluster that follow each change of a node: a promise takes from a few nodes, and only these are
 * counted again.
 */
import { type FitPlan, type FitResult, type FreeColumns, planFit } from './fit.ts';
import { isPlain, outOf, plainCount, shortOf, sumPlain } from './plain-fit.ts';
import type { PodShape } from './pod-shape.ts';
import type { CapacityReport } from './report.ts';

/** A plain shape made ready. */
export type PlainShape = { readonly plan: FitPlan; readonly isOut: (node: number) => boolean };

/** Counts that follow. */
export type PlainIndex = {
  /** The shape made ready under this key; undefined when more than sums, taints and labels decides about it. */
  readonly shape: (key: string, shape: PodShape) => PlainShape | undefined;
  /** What `tell` makes of the count of a shape; the same as long as nothing changes. */
  readonly count: (key: string, shape: PodShape) => FitResult | undefined;
  /** Does `work`, which changes amounts of this node and of no other. */
  readonly change: (node: number, work: () => void) => void;
  /** What `tell` goes by has changed beside the amounts. */
  readonly tellAnew: () => void;
};

/** Makes the answer of a count; it may not keep `refusals`, which follow. */
export type Tell = (shape: PodShape, count: number, refusals: Readonly<Record<string, number>>) => FitResult;

type Entry = {
  readonly shape: PodShape;
  readonly plan: FitPlan;
  readonly out: ReadonlyMap<number, string>;
  readonly isOut: (node: number) => boolean;
  total: number;
  /** Undefined until it is counted. */
  refusals: Record<string, number> | undefined;
  told: FitResult | undefined;
};

/** Shapes whose counts follow; beyond it all are counted anew when they are next asked for. */
const entriesMax = 64;
/** Shapes of which it is remembered that they are not plain. */
const othersMax = 256;

const nowhere = (): boolean => false;

/** An index over columns that change only through it. */
export const createPlainIndex = (report: CapacityReport, columns: FreeColumns, tell: Tell): PlainIndex => {
  const entries = new Map<string, Entry>();
  const others = new Set<string>();
  const { group } = report.nodes;
  const entryOf = (key: string, shape: PodShape): Entry | undefined => {
    const known = entries.get(key);
    if (known !== undefined || others.has(key)) return known;
    const plan = planFit(report, shape);
    if (!isPlain(report, plan, columns)) {
      if (others.size >= othersMax) others.clear();
      others.add(key);
      return undefined;
    }
    if (entries.size >= entriesMax) entries.clear();
    const out = outOf(report, plan);
    const isOut = out.size === 0 ? nowhere : (node: number): boolean => out.has(group[node] ?? -1);
    const entry: Entry = { shape, plan, out, isOut, total: 0, refusals: undefined, told: undefined };
    entries.set(key, entry);
    return entry;
  };
  const count = (entry: Entry): Record<string, number> => {
    if (entry.refusals !== undefined) return entry.refusals;
    const counted = sumPlain(report, entry.plan, columns, entry.out);
    entry.total = counted.count;
    entry.refusals = counted.refusals;
    return counted.refusals;
  };
  const add = (entry: Entry, node: number, sign: 1 | -1): void => {
    const { plan, refusals } = entry;
    if (refusals === undefined || entry.isOut(node)) return;
    const here = plainCount(plan, columns, node);
    if (here > 0) {
      entry.total += sign * here;
      return;
    }
    const reason = shortOf(plan, columns, node);
    const nodes = (refusals[reason] ?? 0) + sign;
    if (nodes === 0) delete refusals[reason];
    else refusals[reason] = nodes;
  };
  return {
    shape: entryOf,
    count: (key, shape) => {
      const entry = entryOf(key, shape);
      if (entry === undefined) return undefined;
      if (entry.told !== undefined) return entry.told;
      const refusals = count(entry);
      entry.told = tell(shape, entry.total, refusals);
      return entry.told;
    },
    change: (node, work) => {
      for (const entry of entries.values()) add(entry, node, -1);
      work();
      for (const entry of entries.values()) {
        add(entry, node, 1);
        if (!entry.isOut(node)) entry.told = undefined;
      }
    },
    tellAnew: () => {
      for (const entry of entries.values()) entry.told = undefined;
    },
  };
};
