/** @module Binding pods to nodes as the default scheduler would: one by one, least allocated node first (kube-scheduler LeastAllocated). */
import { heapOf } from '../lib/heap.ts';
import { nodeCount, nodeVerdicts, planFit } from './fit.ts';
import type { PodShape } from './pod-shape.ts';
import type { CapacityReport } from './report.ts';

/** Pods that are on their way to a cluster. */
export type AssumedPods = { readonly shape: PodShape; readonly count: number };

/** Free amounts that a binding takes from; `free[r][node]`. */
export type MutableColumns = { podsFree: number[]; free: number[][] };

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

/** Binds up to `pods.count` pods and takes their amounts from `columns`; answers how many found room. Ties go to the first node. */
export const bindPods = (report: CapacityReport, columns: MutableColumns, pods: AssumedPods): number => {
  const plan = planFit(report, pods.shape);
  if (plan.refusal !== undefined || pods.count <= 0) return 0;
  const verdict = nodeVerdicts(report, plan.shape);
  const shareOf = freeShares(report, columns);
  const candidates: Candidate[] = [];
  for (let node = 0; node < report.nodes.group.length; node++) {
    const room = verdict(node) === undefined ? nodeCount(plan, columns, node).count : 0;
    if (room > 0) candidates.push({ node, share: shareOf(node), room });
  }
  const heap = heapOf(candidates, (a, b) => a.share > b.share || (a.share === b.share && a.node < b.node));
  let bound = 0;
  for (let top = heap.peek(); top !== undefined && bound < pods.count; top = heap.peek()) {
    columns.podsFree[top.node] = (columns.podsFree[top.node] ?? 0) - 1;
    for (const { column, amount } of plan.amounts) {
      const row = columns.free[column];
      if (row !== undefined) row[top.node] = (row[top.node] ?? 0) - amount;
    }
    bound += 1;
    top.room -= 1;
    if (top.room <= 0) heap.pop();
    else {
      top.share = shareOf(top.node);
      heap.sinkFirst();
    }
  }
  return bound;
};
