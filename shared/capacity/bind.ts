/** @module Binding pods to nodes as the default scheduler would: one by one, least allocated node first (kube-scheduler LeastAllocated). */
import { heapOf } from '../lib/heap.ts';
import { deviceAsksOf } from './device-count.ts';
import type { DeviceTaker } from './device-take.ts';
import { type FitPlan, fitNodes, planFit } from './fit.ts';
import { plainCount } from './plain-fit.ts';
import type { PlainShape } from './plain-index.ts';
import type { PodShape } from './pod-shape.ts';
import type { CapacityReport } from './report.ts';
import { takeZones } from './take-zones.ts';

/** Pods that are on their way to a cluster. */
export type AssumedPods = { readonly shape: PodShape; readonly count: number };

/** Free amounts that a binding takes from; `free[r][node]`. Zones and devices may still be the report's own: they are copied when taken from. */
export type MutableColumns = {
  readonly podsFree: Float64Array;
  readonly free: readonly Float64Array[];
  zoneFree?: CapacityReport['nodes']['zoneFree'] | undefined;
  deviceFree?: CapacityReport['nodes']['deviceFree'] | undefined;
  /** Devices of claims; undefined = nothing is known of them. */
  readonly taker?: DeviceTaker | undefined;
};

const scale = 10_000;
type Candidate = { readonly node: number; share: number; room: number };

/** Free share of cpu and memory of a node, each in parts of `scale`. */
const freeShares = (report: CapacityReport, columns: MutableColumns): ((node: number) => number) => {
  const scored = ['cpu', 'memory'].map((name) => report.resourceNames.indexOf(name)).filter((column) => column >= 0);
  const allocatable = new Map(report.groups.map((group) => [group.id, group.allocatable]));
  return (node) => {
    const whole = allocatable.get(report.nodes.group[node] ?? -1) ?? [];
    let share = 0;
    for (const column of scored) {
      const total = whole[column] ?? 0;
      if (total > 0) share += Math.floor((Math.max(0, columns.free[column]?.[node] ?? 0) * scale) / total);
    }
    return share;
  };
};

/** Takes one pod's amounts from a node. */
const takeOne = (report: CapacityReport, columns: MutableColumns, plan: FitPlan, node: number): void => {
  columns.podsFree[node] = (columns.podsFree[node] ?? 0) - 1;
  for (const { column, amount } of plan.amounts) {
    const row = columns.free[column];
    if (row !== undefined) row[node] = (row[node] ?? 0) - amount;
  }
  takeZones(report, columns, plan.demand, node);
};

/** Told of each change of a node; the answer of a room that follows them. */
export type AroundChange = (node: number, work: () => void) => void;

const unwatched: AroundChange = (_node, work) => work();

/** Binds up to `pods.count` pods and takes their amounts from `columns`; answers how many found room. Ties go to the first node. */
export const bindPods = (report: CapacityReport, columns: MutableColumns, pods: AssumedPods, around: AroundChange = unwatched): number => {
  if (pods.count <= 0) return 0;
  const plan = planFit(report, pods.shape);
  const asked = columns.taker === undefined ? undefined : deviceAsksOf(columns.taker.stock, plan.demand);
  const asks = asked?.ok === true ? asked.asks : [];
  const shareOf = freeShares(report, columns);
  const candidates: Candidate[] = fitNodes(report, pods.shape, { ...columns, devices: columns.taker?.stock })
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

/** Shares of nodes, with the largest of each block. */
type Shares = { readonly of: Float64Array; readonly largest: Float64Array };

const noteLargest = ({ of, largest }: Shares, block: number): void => {
  let most = -1;
  for (let node = block * blockNodes; node < Math.min(of.length, (block + 1) * blockNodes); node++)
    most = Math.max(most, of[node] as number);
  largest[block] = most;
};

const sharesOf = (nodes: ArrayLike<number>, shareOf: (node: number) => number): Shares => {
  const of = Float64Array.from(nodes, (_, node) => shareOf(node));
  const shares = { of, largest: new Float64Array(Math.ceil(of.length / blockNodes)) };
  for (let block = 0; block < shares.largest.length; block++) noteLargest(shares, block);
  return shares;
};

/** The node of the largest share of those that take one more, the first of equal ones; -1 = none does. */
const leastAllocated = ({ of, largest }: Shares, columns: MutableColumns, { plan, isOut }: PlainShape): number => {
  let best = -1;
  let most = -1;
  for (let block = 0; block < largest.length; block++) {
    if ((largest[block] as number) <= most) continue;
    for (let node = block * blockNodes; node < Math.min(of.length, (block + 1) * blockNodes); node++) {
      const share = of[node] as number;
      if (share <= most || isOut(node) || plainCount(plan, columns, node) <= 0) continue;
      best = node;
      most = share;
    }
  }
  return best;
};

/** A binder that keeps the shares of nodes from call to call: worth it for few pods at a time. */
export const createPlainBinder = (report: CapacityReport, columns: MutableColumns): PlainBinder => {
  const shareOf = freeShares(report, columns);
  let shares: Shares | undefined;
  return {
    changed: (node) => {
      if (shares === undefined) return;
      shares.of[node] = shareOf(node);
      noteLargest(shares, Math.floor(node / blockNodes));
    },
    bind: (shape, count, around) => {
      shares ??= sharesOf(report.nodes.group, shareOf);
      for (let bound = 0; bound < count; bound++) {
        const best = leastAllocated(shares, columns, shape);
        if (best < 0) return bound;
        around(best, () => takeOne(report, columns, shape.plan, best));
      }
      return count;
    },
  };
};
