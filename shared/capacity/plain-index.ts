/**
 * @module Counts of plain shapes over one cluster that follow each change of a node: a promise takes from a few nodes, and only these are
 * counted again.
 */
import { type FitPlan, type FreeColumns, planFit } from './fit.ts';
import { isPlain, outOf, plainCount, shortOf, sumPlain } from './plain-fit.ts';
import type { PodShape } from './pod-shape.ts';
import type { CapacityReport } from './report.ts';

/** A count of one shape. */
export type PlainCount = { readonly count: number; readonly refusals: Readonly<Record<string, number>> };

/** A plain shape made ready. */
export type PlainShape = { readonly plan: FitPlan; readonly isOut: (node: number) => boolean };

/** Counts that follow. */
export type PlainIndex = {
  /** The shape made ready under this key; undefined when more than sums, taints and labels decides about it. */
  readonly shape: (key: string, shape: PodShape) => PlainShape | undefined;
  readonly count: (key: string, shape: PodShape) => PlainCount | undefined;
  /** Does `work`, which changes amounts of this node and of no other. */
  readonly change: (node: number, work: () => void) => void;
};

type Entry = PlainShape & { total: number; refusals: Record<string, number> | undefined; told: PlainCount | undefined };

/** Shapes whose counts follow; beyond it all are counted anew when they are next asked for. */
const entriesMax = 64;
/** Shapes of which it is remembered that they are not plain. */
const otherMax = 256;

/** An index over columns that change only through it. */
export const createPlainIndex = (report: CapacityReport, columns: FreeColumns): PlainIndex => {
  const entries = new Map<string, Entry>();
  const others = new Set<string>();
  const entryOf = (key: string, shape: PodShape): Entry | undefined => {
    const known = entries.get(key);
    if (known !== undefined || others.has(key)) return known;
    const plan = planFit(report, shape);
    if (!isPlain(report, plan, columns)) {
      if (others.size >= otherMax) others.clear();
      others.add(key);
      return undefined;
    }
    if (entries.size >= entriesMax) entries.clear();
    const out = outOf(report, plan);
    const { group } = report.nodes;
    const entry: Entry = { plan, isOut: (node) => out.has(group[node] ?? -1), total: 0, refusals: undefined, told: undefined };
    entries.set(key, entry);
    return entry;
  };
  const counted = (entry: Entry): entry is Entry & { refusals: Record<string, number> } => entry.refusals !== undefined;
  const add = (entry: Entry & { refusals: Record<string, number> }, node: number, sign: 1 | -1): void => {
    const count = plainCount(entry.plan, columns, node);
    if (count > 0) {
      entry.total += sign * count;
      return;
    }
    const reason = shortOf(entry.plan, columns, node);
    const nodes = (entry.refusals[reason] ?? 0) + sign;
    if (nodes === 0) delete entry.refusals[reason];
    else entry.refusals[reason] = nodes;
  };
  return {
    shape: entryOf,
    count: (key, shape) => {
      const entry = entryOf(key, shape);
      if (entry === undefined) return undefined;
      if (!counted(entry)) {
        const { count, refusals } = sumPlain(report, entry.plan, columns);
        entry.total = count;
        entry.refusals = { ...refusals };
      }
      // Whoever was told keeps what was told.
      entry.told ??= { count: entry.total, refusals: { ...entry.refusals } };
      return entry.told;
    },
    change: (node, work) => {
      const touched = [...entries.values()].filter(counted).filter((entry) => !entry.isOut(node));
      for (const entry of touched) add(entry, node, -1);
      work();
      for (const entry of touched) {
        add(entry, node, 1);
        entry.told = undefined;
      }
    },
  };
};
