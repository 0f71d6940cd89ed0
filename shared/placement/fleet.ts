/** @module What is kept for a list of clusters whatever the policy: their order, and what each of them answered for a shape. */
import { compareText } from '../lib/compare-text.ts';
import { type Answers, Asked } from './answers.ts';
import type { ClusterView } from './model.ts';
import type { DemandPlan } from './requires.ts';

/** A list of clusters in name order. */
export type Fleet = {
  readonly views: readonly ClusterView[];
  readonly index: ReadonlyMap<string, number>;
  readonly asked: Map<string, Asked>;
};

/** Shapes whose answers are kept for each list of clusters; beyond it the one that was asked for first is forgotten. */
const askedMax = 64;

const fleets = new WeakMap<readonly ClusterView[], Fleet>();

/** The fleet of a list, kept as long as the list lives, so that it may not be changed in place. */
export const fleetOf = (clusters: readonly ClusterView[]): Fleet => {
  const known = fleets.get(clusters);
  if (known !== undefined) return known;
  const views = [...clusters].sort((a, b) => compareText(a.name, b.name));
  const made: Fleet = { views, index: new Map(views.map(({ name }, at) => [name, at])), asked: new Map() };
  fleets.set(clusters, made);
  return made;
};

/** What these clusters (the first `size` places of `at`) answer now; `isCounted` = how many replicas fit is asked too. */
export const answersOf = ({ views, asked }: Fleet, plan: DemandPlan, isCounted: boolean, at: Int32Array, size: number): Answers => {
  const key = `${isCounted ? '+' : '-'}${plan.key}`;
  let known = asked.get(key);
  if (known === undefined) {
    known = new Asked(views, isCounted);
    const [oldest] = asked.size >= askedMax ? asked.keys() : [];
    if (oldest !== undefined) asked.delete(oldest);
    asked.set(key, known);
  }
  return known.answers(plan, at, size);
};
