/** @module Binding pods to nodes as the default scheduler would: one by one, where most is free once the pod is there (kube-scheduler LeastAllocated). */
import { heapOf } from '../lib/heap.ts';
import { deviceAsksOf } from './device-count.ts';
import type { DeviceTaker } from './device-take.ts';
import { type FitPlan, fitNodes, planFit } from './fit.ts';
import { plainCount } from './plain-fit.ts';
import type { PlainShape } from './plain-index.ts';
import type { PodShape } from './pod-shape.ts';
import type { CapacityReport } from './report.ts';
import { defaultAsk } from './scheduler-score.ts';
import { takeZones } from './take-zones.ts';

/** Pods that are on their way to a cluster. */
export type AssumedPods = {
  readonly shape: PodShape;
  readonly count: number;
  /** How many of them come into places of others that give way and hold the very same: they take nothing of what is free. Absent = none. */
  readonly inPlaces?: number;
  /** Nodes that are kept for some of them, by name: these take their amounts there whatever is free, as who is there gives way. Absent = none. */
  readonly on?: ReadonlyMap<string, number>;
  /** Those who give way to them, by node: what they hold there is theirs. Absent = it is not reckoned with. */
  readonly freed?: readonly FreedPods[];
};

/** So many pods of a shape leave a node. */
export type FreedPods = { readonly shape: PodShape; readonly node: string; readonly count: number };

/** Free amounts that a binding takes from; `free[r][node]`. Zones and devices may still be the report's own: they are copied when taken from. */
export type MutableColumns = {
  readonly podsFree: Float64Array;
  readonly free: readonly Float64Array[];
  zoneFree?: CapacityReport['nodes']['zoneFree'] | undefined;
  deviceFree?: CapacityReport['nodes']['deviceFree'] | undefined;
  /** Devices of claims; undefined = nothing is known of them. */
  readonly taker?: DeviceTaker | undefined;
};

/** Columns of one's own; what is still the report's own stays so. */
export const copyColumns = ({ nodes }: CapacityReport, { podsFree, free, zoneFree, deviceFree }: MutableColumns): MutableColumns => ({
  podsFree: podsFree.slice(),
  free: free.map((row) => row.slice()),
  zoneFree: zoneFree === nodes.zoneFree ? zoneFree : zoneFree?.map((zone) => zone.map((row) => [...row])),
  deviceFree:
    deviceFree === nodes.deviceFree
      ? deviceFree
      : deviceFree?.map(({ slots, memoryMiB, cores }) => ({ slots: [...slots], memoryMiB: [...memoryMiB], cores: [...cores] })),
});

type Candidate = { readonly node: number; share: number; room: number };

/** Free share of cpu and memory of a node, 0 to 2, once a pod that asks for so much is there (kube-scheduler LeastAllocated). */
type FreeShares = {
  /** `whole` of the node and `ask` by place in `columns`. */
  readonly after: (node: number, whole: readonly number[], ask: readonly number[]) => number;
  /** Columns that count: cpu and memory, as far as they are reported. */
  readonly columns: readonly number[];
  /** What a node has of each in all. */
  readonly whole: (node: number) => readonly number[];
};

const nothing: readonly number[] = [0, 0];
const scoredNames = ['cpu', 'memory'] as const;

const freeShares = (report: CapacityReport, { free }: MutableColumns): FreeShares => {
  const columns = scoredNames.map((name) => report.resourceNames.indexOf(name)).filter((column) => column >= 0);
  const wholes = new Map(report.groups.map(({ id, allocatable }) => [id, columns.map((column) => allocatable[column] ?? 0)]));
  const whole = (node: number): readonly number[] => wholes.get(report.nodes.group[node] ?? -1) ?? nothing;
  return {
    columns,
    whole,
    after: (node, totals, ask) => {
      let share = 0;
      for (let at = 0; at < columns.length; at++) {
        const total = totals[at] ?? 0;
        if (total > 0) share += Math.max(0, (free[columns[at] as number]?.[node] ?? 0) - (ask[at] ?? 0)) / total;
      }
      return share;
    },
  };
};

/** What a pod asks for by place in `columns`. */
const asksIn = ({ columns }: FreeShares, { amounts }: FitPlan): number[] =>
  columns.map((column) => amounts.find((asked) => asked.column === column)?.amount ?? 0);

/** As the score counts it: a pod that asks for none of a resource is counted with the scheduler's default. */
const shownAsks = ({ columns }: FreeShares, report: CapacityReport, asks: readonly number[]): number[] =>
  asks.map((ask, at) => {
    if (ask > 0) return ask;
    return report.resourceNames[columns[at] ?? -1] === 'cpu' ? defaultAsk.cpu : defaultAsk.memory / 1_048_576;
  });

const takeAmounts = (columns: MutableColumns, { amounts }: FitPlan, node: number, count: number): void => {
  columns.podsFree[node] = (columns.podsFree[node] ?? 0) - count;
  for (const { column, amount } of amounts) {
    const row = columns.free[column];
    if (row !== undefined) row[node] = (row[node] ?? 0) - amount * count;
  }
};

/** Takes one pod's amounts from a node. */
const takeOne = (report: CapacityReport, columns: MutableColumns, plan: FitPlan, node: number): void => {
  takeAmounts(columns, plan, node, 1);
  takeZones(report, columns, plan.demand, node);
};

/** Takes the amounts of pods from the nodes that are kept for them; answers how many have theirs. */
export const takeKept = (
  report: CapacityReport,
  columns: MutableColumns,
  { shape, on, count, freed = [] }: AssumedPods,
  around: AroundChange,
): number => {
  for (const left of freed) {
    const node = report.nodes.names.indexOf(left.node);
    if (node >= 0) around(node, () => takeAmounts(columns, planFit(report, left.shape), node, -left.count));
  }
  const plan = planFit(report, shape);
  let taken = 0;
  for (const [name, pods] of on ?? []) {
    const node = report.nodes.names.indexOf(name);
    for (let left = pods; node >= 0 && left > 0 && taken < count; left--) {
      around(node, () => takeOne(report, columns, plan, node));
      taken += 1;
    }
  }
  return taken;
};

/** Told of each change of a node; the answer of a room that follows them. */
export type AroundChange = (node: number, work: () => void) => void;

const unwatched: AroundChange = (_node, work) => work();

/** Binds up to `pods.count` pods and takes their amounts from `columns`; answers how many found room. Ties go to the first node, and quotas are not looked at: they let a pod in, or none comes to be bound. */
export const bindPods = (report: CapacityReport, columns: MutableColumns, pods: AssumedPods, around: AroundChange = unwatched): number => {
  if (pods.count <= 0) return 0;
  const plan = planFit(report, pods.shape);
  const asked = columns.taker === undefined ? undefined : deviceAsksOf(columns.taker.stock, plan.demand);
  const asks = asked?.ok === true ? asked.asks : [];
  const shares = freeShares(report, columns);
  const shown = shownAsks(shares, report, asksIn(shares, plan));
  const shareOf = (node: number): number => shares.after(node, shares.whole(node), shown);
  const candidates: Candidate[] = fitNodes(report, pods.shape, { ...columns, devices: columns.taker?.stock, quotas: [] })
    .filter(({ count }) => count > 0)
    .map(({ node, count }) => ({ node, share: shareOf(node), room: count }));
  const heap = heapOf(candidates, (a, b) => a.share > b.share || (a.share === b.share && a.node < b.node));
  let bound = 0;
  for (let top = heap.peek(); top !== undefined && bound < pods.count; top = heap.peek()) {
    const { node } = top;
    around(node, () => takeOne(report, columns, plan, node));
    columns.taker?.take(asks, report.nodes.names[node] ?? '', 1);
    bound += 1;
    top.room -= 1;
    if (top.room <= 0) heap.pop();
    else {
      top.share = shareOf(node);
      heap.sinkFirst();
    }
  }
  return bound;
};

/** Binds pods of plain shapes one by one, without a heap over all nodes. */
export type PlainBinder = {
  /** As {@link bindPods}. */
  readonly bind: (shape: PlainShape, count: number, around: AroundChange) => number;
  /** The node's amounts changed. */
  readonly changed: (node: number) => void;
};

/** Nodes whose largest share is known together. */
const blockNodes = 64;

/** Nodes of one group, in order; `whole` = what each has in all, by place in the columns; no free share of them is above `largest`. */
type Block = { readonly nodes: Int32Array; readonly whole: readonly number[]; largest: number };

/** Blocks, and the one of each node. */
type Blocks = { readonly list: readonly Block[]; readonly of: Int32Array };

const noteLargest = (shares: FreeShares, block: Block): void => {
  let most = -1;
  for (const node of block.nodes) most = Math.max(most, shares.after(node, block.whole, nothing));
  block.largest = most;
};

const blocksOf = (shares: FreeShares, group: ArrayLike<number>): Blocks => {
  const byGroup = new Map<number, number[]>();
  for (let node = 0; node < group.length; node++) {
    const id = group[node] as number;
    const known = byGroup.get(id);
    if (known === undefined) byGroup.set(id, [node]);
    else known.push(node);
  }
  const list: Block[] = [];
  const of = new Int32Array(group.length);
  for (const nodes of byGroup.values()) {
    for (let from = 0; from < nodes.length; from += blockNodes) {
      const block = { nodes: Int32Array.from(nodes.slice(from, from + blockNodes)), whole: shares.whole(nodes[from] ?? -1), largest: 0 };
      noteLargest(shares, block);
      for (const node of block.nodes) of[node] = list.length;
      list.push(block);
    }
  }
  return { list, of };
};

/** Shares that were summed in another order differ by less. */
const tiny = 1e-9;

/** No node of the block that takes the pod is left with a larger share. */
const mostIn = ({ largest, whole }: Block, asks: readonly number[]): number => {
  let most = largest;
  for (let at = 0; at < asks.length; at++) {
    const total = whole[at] as number;
    if (total > 0) most -= (asks[at] as number) / total;
  }
  return most;
};

/** A binder that keeps the shares of nodes from call to call: worth it for few pods at a time. */
export const createPlainBinder = (report: CapacityReport, columns: MutableColumns): PlainBinder => {
  const shares = freeShares(report, columns);
  let blocks: Blocks | undefined;
  /** The node of the largest share, with the pod there, of those that take it, the first of equal ones; -1 = none does. */
  const leastAllocated = (
    list: readonly Block[],
    { plan, isOut }: PlainShape,
    asks: readonly number[],
    shown: readonly number[],
  ): number => {
    let best = -1;
    let most = -1;
    for (const block of list) {
      const atMost = mostIn(block, asks);
      if (atMost + tiny < most || (atMost - tiny <= most && (block.nodes[0] as number) > best)) continue;
      for (const node of block.nodes) {
        const share = shares.after(node, block.whole, shown);
        if (share < most || (share === most && node > best) || isOut(node) || plainCount(plan, columns, node) <= 0) continue;
        best = node;
        most = share;
      }
    }
    return best;
  };
  return {
    changed: (node) => {
      const block = blocks?.list[blocks.of[node] as number];
      if (block !== undefined) noteLargest(shares, block);
    },
    bind: (shape, count, around) => {
      blocks ??= blocksOf(shares, report.nodes.group);
      const asks = asksIn(shares, shape.plan);
      const shown = shownAsks(shares, report, asks);
      for (let bound = 0; bound < count; bound++) {
        const best = leastAllocated(blocks.list, shape, asks, shown);
        if (best < 0) return bound;
        around(best, () => takeOne(report, columns, shape.plan, best));
      }
      return count;
    },
  };
};
