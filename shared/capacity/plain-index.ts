/**
 * @module Counts of plain shapes over one cluster that follow each change of a node: a promise takes from a few nodes, and only these are
 * counted again.
 */
import { joinAlike, type Rows } from './alike-nodes.ts';
import { type FitPlan, type FitResult, type FreeColumns, namesText, planNamed } from './fit.ts';
import { isPlain, outOf, plainCount, plainTraits, shortOf, sumRows } from './plain-fit.ts';
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
/** Shapes of which it is remembered that they were counted once: the second time their counts begin to follow. */
const onceMax = 16;
/** New shapes that are counted node by node before it is worth joining nodes that are alike. */
const unjoinedMax = 3;
/** Shapes of which it is remembered that they are not plain. */
const othersMax = 256;

/** A shape that was counted once, or one that is not plain. */
type Met = 'once' | 'other';

const nowhere = (): boolean => false;

/** An index over columns that change only through it. */
export const createPlainIndex = (report: CapacityReport, columns: FreeColumns, tell: Tell): PlainIndex => {
  // One look at one table: a new shape is asked of thousands of clusters, whose tables are far apart.
  const known = new Map<string, Entry | Met>();
  const entries = new Set<Entry>();
  const met: Record<Met, number> = { once: 0, other: 0 };
  const { group } = report.nodes;
  const traits = plainTraits(report);
  const names = namesText(report.resourceNames);
  const nodes: Rows = { group, podsFree: columns.podsFree, free: columns.free, times: undefined };
  /** Nodes that are alike, until one changes. */
  let joined: Rows | undefined;
  let asked = 0;
  const forget = (isForgotten: (one: Entry | Met) => boolean): void => {
    for (const [key, one] of known) if (isForgotten(one)) known.delete(key);
  };
  const remember = (key: string, how: Met, most: number): void => {
    if (met[how] >= most) {
      forget((one) => one === how);
      met[how] = 0;
    }
    met[how] += 1;
    known.set(key, how);
  };
  /** A shape asked for the first time is only counted: most new ones are of one decision, over thousands of clusters. */
  const countOnce = (key: string, shape: PodShape): FitResult | undefined => {
    const plan = planNamed(report, names, shape);
    if (!isPlain(report, plan, columns, traits)) return undefined;
    remember(key, 'once', onceMax);
    asked += 1;
    if (asked === unjoinedMax) joined = joinAlike(nodes);
    const { count: total, refusals } = sumRows(plan, joined ?? nodes, outOf(report, plan, traits));
    return tell(shape, total, refusals);
  };
  const entryOf = (key: string, shape: PodShape): Entry | undefined => {
    const before = known.get(key);
    if (before === 'other') return undefined;
    if (before !== undefined && before !== 'once') return before;
    const plan = planNamed(report, names, shape);
    if (!isPlain(report, plan, columns, traits)) {
      remember(key, 'other', othersMax);
      return undefined;
    }
    if (entries.size >= entriesMax) {
      forget((one) => one !== 'once' && one !== 'other');
      entries.clear();
    }
    if (before === 'once') met.once -= 1;
    const out = outOf(report, plan, traits);
    const isOut = out.size === 0 ? nowhere : (node: number): boolean => out.has(group[node] ?? -1);
    const entry: Entry = { shape, plan, out, isOut, total: 0, refusals: undefined, told: undefined };
    entries.add(entry);
    known.set(key, entry);
    return entry;
  };
  const count = (entry: Entry): Record<string, number> => {
    if (entry.refusals !== undefined) return entry.refusals;
    const counted = sumRows(entry.plan, joined ?? nodes, entry.out);
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
      const first = known.has(key) ? undefined : countOnce(key, shape);
      if (first !== undefined) return first;
      const entry = entryOf(key, shape);
      if (entry === undefined) return undefined;
      if (entry.told !== undefined) return entry.told;
      const refusals = count(entry);
      entry.told = tell(shape, entry.total, refusals);
      return entry.told;
    },
    change: (node, work) => {
      joined = undefined;
      asked = 0;
      for (const entry of entries) add(entry, node, -1);
      work();
      for (const entry of entries) {
        add(entry, node, 1);
        if (!entry.isOut(node)) entry.told = undefined;
      }
    },
    tellAnew: () => {
      for (const entry of entries) entry.told = undefined;
    },
  };
};
