/** @module Pods on their way dealt to the nodes of an exact model, one by one, under each rule that the scheduler may choose by. */
import { heapOf } from '../lib/heap.ts';
import type { PodDemand } from './demand.ts';
import type { Amounts, NodeModel } from './node.ts';
import { type BindingRule, type CpuAndMemory, defaultAsk, type ScoredNode } from './scheduler-score.ts';

/** Amounts that a node has in all, by its name: what a share of it is counted from. */
export type WholeNodes = ReadonlyMap<string, Amounts>;

/** What the scheduler counts for assumed pods beyond what they ask for, by the place of the node. */
export type HiddenAsks = ReadonlyMap<number, CpuAndMemory>;

/** Pods to deal; `limits` = how many each node takes. */
export type Deal = {
  readonly nodes: readonly NodeModel[];
  readonly limits: readonly bigint[];
  readonly demand: PodDemand;
  readonly count: number;
  readonly whole: WholeNodes;
  readonly hidden: HiddenAsks;
};

/** How many pods each node gets, by its place, under these rules. */
export type Dealt = { readonly given: ReadonlyMap<number, bigint>; readonly rules: readonly BindingRule[] };

const nothing: CpuAndMemory = { cpu: 0, memory: 0 };

const pairOf = (amounts: Amounts | undefined): CpuAndMemory => ({
  cpu: Number(amounts?.get('cpu') ?? 0n),
  memory: Number(amounts?.get('memory') ?? 0n),
});

/** What a pod is counted with beyond its requests. */
const hiddenOf = ({ requests, containers }: PodDemand): CpuAndMemory => {
  const apps = Math.max(1, containers.filter(({ role }) => role === 'app').length);
  return { cpu: requests.has('cpu') ? 0 : defaultAsk.cpu * apps, memory: requests.has('memory') ? 0 : defaultAsk.memory * apps };
};

const plus = (one: CpuAndMemory, other: CpuAndMemory, times: number): CpuAndMemory => ({
  cpu: one.cpu + other.cpu * times,
  memory: one.memory + other.memory * times,
});

/** The hidden asks once these pods are bound. */
export const withHidden = (hidden: HiddenAsks, demand: PodDemand, given: ReadonlyMap<number, bigint>): HiddenAsks => {
  const each = hiddenOf(demand);
  if (each.cpu === 0 && each.memory === 0) return hidden;
  const sums = new Map(hidden);
  for (const [at, pods] of given) sums.set(at, plus(sums.get(at) ?? nothing, each, Number(pods)));
  return sums;
};

type Candidate = { readonly at: number; score: number; tie: number };

const dealBy = (deal: Deal, { score, tie }: BindingRule): Map<number, bigint> => {
  const { nodes, limits, count } = deal;
  const given = new Map<number, bigint>();
  /** The candidate as it is once it has so many of the pods. */
  const ranked = (at: number, pods: number): Candidate => {
    const scored = scoredNode(deal, at, pods);
    return { at, score: score(scored), tie: tie(scored) };
  };
  const open = nodes.flatMap((_, at) => ((limits[at] ?? 0n) > 0n ? [ranked(at, 1)] : []));
  const heap = heapOf(open, (a, b) => a.score > b.score || (a.score === b.score && (a.tie > b.tie || (a.tie === b.tie && a.at < b.at))));
  for (let left = count; left > 0; left--) {
    const top = heap.peek();
    if (top === undefined) break;
    const now = (given.get(top.at) ?? 0n) + 1n;
    given.set(top.at, now);
    if (now >= (limits[top.at] ?? 0n)) {
      heap.pop();
      continue;
    }
    Object.assign(top, ranked(top.at, Number(now) + 1));
    heap.sinkFirst();
  }
  return given;
};

/** The node once it has so many pods of the deal, as scores see it. */
export const scoredNode = ({ nodes, demand, whole, hidden }: Omit<Deal, 'limits' | 'count'>, at: number, pods: number): ScoredNode => {
  const node = nodes[at];
  const free = plus(pairOf(node?.free), pairOf(demand.requests), -pods);
  const shown = plus(plus(free, hidden.get(at) ?? nothing, -1), hiddenOf(demand), -pods);
  return { whole: pairOf(whole.get(node?.name ?? '')), free, shown };
};

/** Deals the pods in one way under each rule; rules that agree are told together. */
export const dealPods = (deal: Deal, rules: readonly BindingRule[]): readonly Dealt[] => {
  const dealt = new Map<string, { given: Map<number, bigint>; rules: BindingRule[] }>();
  for (const rule of rules) {
    const given = dealBy(deal, rule);
    const key = [...given].sort(([a], [b]) => a - b).join(';');
    const known = dealt.get(key);
    if (known === undefined) dealt.set(key, { given, rules: [rule] });
    else known.rules.push(rule);
  }
  return [...dealt.values()];
};
