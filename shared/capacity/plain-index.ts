/**
 * @module Counts of plain shapes over one cluster that follow each change of a node: a promise takes from a few nodes, and only these are
 * counted again.
 */
import { joinAlike, type Rows } from './alike-nodes.ts';
import { type FitPlan, type FitResult, type FreeColumns, namesText, planNamed } from './fit.ts';
import { isPlain, outOf, type PlainTraits, plainCount, plainTraits, shortOf, shortOnceFull, sumRows } from './plain-fit.ts';
import type { PodShape } from './pod-shape.ts';
import type { CapacityReport } from './report.ts';

/** A plain shape made ready. */
export type PlainShape = { readonly plan: FitPlan; readonly isOut: (node: number) => boolean };

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

/**
 * An index over columns that change only through it. A class, so that all it looks at for a new shape lies together: that is asked of thousands
 * of clusters, none of which is in the processor's caches.
 */
export class PlainIndex {
  readonly #report: CapacityReport;
  readonly #columns: FreeColumns;
  readonly #tell: Tell;
  readonly #traits: PlainTraits;
  /** Text of the report's resources. */
  readonly #names: string;
  readonly #nodes: Rows;
  /** Nodes that are alike, until one changes. */
  #joined: Rows | undefined;
  /** New shapes that were counted since. */
  #asked = 0;
  readonly #known = new Map<string, Entry | Met>();
  #onceSize = 0;
  #othersSize = 0;
  readonly #entries = new Set<Entry>();

  constructor(report: CapacityReport, columns: FreeColumns, tell: Tell) {
    this.#report = report;
    this.#columns = columns;
    this.#tell = tell;
    this.#traits = plainTraits(report);
    this.#names = namesText(report.resourceNames);
    this.#nodes = { group: report.nodes.group, podsFree: columns.podsFree, free: columns.free, times: undefined };
  }

  #forget(isForgotten: (one: Entry | Met) => boolean): void {
    for (const [key, one] of this.#known) if (isForgotten(one)) this.#known.delete(key);
  }

  /** A shape asked for the first time is only counted: most new ones are of one decision, over thousands of clusters. */
  #countOnce(key: string, shape: PodShape): FitResult | undefined {
    const plan = planNamed(this.#report, this.#names, shape);
    if (!isPlain(this.#report, plan, this.#columns, this.#traits)) return undefined;
    if (this.#onceSize >= onceMax) {
      this.#forget((one) => one === 'once');
      this.#onceSize = 0;
    }
    this.#onceSize += 1;
    this.#known.set(key, 'once');
    this.#asked += 1;
    if (this.#asked === unjoinedMax) this.#joined = joinAlike(this.#nodes);
    const { count: total, refusals } = sumRows(plan, this.#joined ?? this.#nodes, outOf(this.#report, plan, this.#traits));
    return this.#tell(shape, total, refusals);
  }

  #makeEntry(shape: PodShape, plan: FitPlan): Entry {
    const { group } = this.#nodes;
    const out = outOf(this.#report, plan, this.#traits);
    const isOut = out.size === 0 ? nowhere : (node: number): boolean => out.has(group[node] ?? -1);
    return { shape, plan, out, isOut, total: 0, refusals: undefined, told: undefined };
  }

  /** The shape made ready under this key; undefined when more than sums, taints and labels decides about it. */
  shape(key: string, shape: PodShape): Entry | undefined {
    const before = this.#known.get(key);
    if (before === 'other') return undefined;
    if (before !== undefined && before !== 'once') return before;
    const plan = planNamed(this.#report, this.#names, shape);
    if (!isPlain(this.#report, plan, this.#columns, this.#traits)) {
      if (this.#othersSize >= othersMax) {
        this.#forget((one) => one === 'other');
        this.#othersSize = 0;
      }
      this.#othersSize += 1;
      this.#known.set(key, 'other');
      return undefined;
    }
    if (this.#entries.size >= entriesMax) {
      this.#forget((one) => one !== 'once' && one !== 'other');
      this.#entries.clear();
    }
    if (before === 'once') this.#onceSize -= 1;
    const entry = this.#makeEntry(shape, plan);
    this.#entries.add(entry);
    this.#known.set(key, entry);
    return entry;
  }

  /** What `tell` makes of the count of a shape; the same as long as nothing changes. */
  count(key: string, shape: PodShape): FitResult | undefined {
    const first = this.#known.has(key) ? undefined : this.#countOnce(key, shape);
    if (first !== undefined) return first;
    const entry = this.shape(key, shape);
    if (entry === undefined) return undefined;
    if (entry.told !== undefined) return entry.told;
    const refusals = this.#counted(entry);
    entry.told = this.#tell(shape, entry.total, refusals);
    return entry.told;
  }

  /** Nodes by what refuses one more replica once as many are there as fit; undefined when more than sums, taints and labels decides. */
  onceFull(shape: PodShape): Record<string, number> | undefined {
    const plan = planNamed(this.#report, this.#names, shape);
    if (!isPlain(this.#report, plan, this.#columns, this.#traits)) return undefined;
    return shortOnceFull(plan, this.#joined ?? this.#nodes, outOf(this.#report, plan, this.#traits));
  }

  #counted(entry: Entry): Record<string, number> {
    if (entry.refusals !== undefined) return entry.refusals;
    const counted = sumRows(entry.plan, this.#joined ?? this.#nodes, entry.out);
    entry.total = counted.count;
    entry.refusals = counted.refusals;
    return counted.refusals;
  }

  #add(entry: Entry, node: number, sign: 1 | -1): void {
    const { plan, refusals } = entry;
    if (refusals === undefined || entry.isOut(node)) return;
    const here = plainCount(plan, this.#columns, node);
    if (here > 0) {
      entry.total += sign * here;
      return;
    }
    const reason = shortOf(plan, this.#columns, node);
    const nodes = (refusals[reason] ?? 0) + sign;
    if (nodes === 0) delete refusals[reason];
    else refusals[reason] = nodes;
  }

  /** Does `work`, which changes amounts of this node and of no other. */
  change(node: number, work: () => void): void {
    this.#joined = undefined;
    this.#asked = 0;
    for (const entry of this.#entries) this.#add(entry, node, -1);
    work();
    for (const entry of this.#entries) {
      this.#add(entry, node, 1);
      if (!entry.isOut(node)) entry.told = undefined;
    }
  }

  /** What `tell` goes by has changed beside the amounts. */
  tellAnew(): void {
    for (const entry of this.#entries) entry.told = undefined;
  }
}
