/** @module Preemption: who of lower priority makes room for a workload, where, and what of them goes. */
import { explanationRows } from '../api/index.ts';
import type { MadePlace, PodShape } from '../capacity/index.ts';
import { compareText } from '../lib/compare-text.ts';
import { sumOf } from '../lib/sum.ts';
import { shapeIn } from './asking.ts';
import type { ClusterView, Decision } from './model.ts';
import { leavingFrom, noteFreed, noteKept, noteLeft, podsOnNow } from './node-terms.ts';
import type { Preempted } from './preempted.ts';
import { currentOf, type Ledger } from './round-ledger.ts';
import { byPriority, rankOf, type Task, youngerFirst } from './turn.ts';
import { holdsTheSame, type Lower, type Way, type Ways, wayIn } from './victims.ts';
import { refText } from './workload-fields.ts';

const eligibleIn = ({ explained }: Decision): ((cluster: string) => boolean) => {
  const eligible = new Set(explanationRows(explained).flatMap((row) => (row.eligible ? [row.cluster] : [])));
  return (cluster) => eligible.has(cluster);
};

/** Those of lower priority than the task, the first to go first. One that was decided already holds what it was given. */
const lowerThan = (task: Task, place: number, ledger: Ledger): readonly { readonly task: Task; readonly loss: number }[] => {
  ledger.placed ??= placedOf(ledger);
  const own = rankOf(task);
  return [...ledger.turn.slice(place + 1), ...ledger.placed.values()]
    .flatMap((other) => (rankOf(other) < own ? [{ task: other, loss: lossOf(other, ledger), text: refText(other.workload.ref) }] : []))
    .sort((a, b) => rankOf(a.task) - rankOf(b.task) || a.loss - b.loss || youngerFirst(a.task, b.task) || compareText(b.text, a.text));
};

/** True when the task may make others give way. */
export const mayPreempt = ({ workload: { shape, preempts }, policy }: Task): boolean =>
  policy.preemption === 'LowerPriority' && preempts !== false && shape !== undefined;

/** Those of lower priority that may give way to a task, by the clusters that it may run in; none where nobody gives way to it. */
export const lowerIn = (task: Task, place: number, plain: Decision, ledger: Ledger): ReadonlyMap<string, readonly Lower[]> => {
  if (!mayPreempt(task)) return new Map();
  const byCluster = new Map<string, Lower[]>();
  const isEligible = eligibleIn(plain);
  const leaving = leavingFrom(ledger.nodeTerms, task.workload);
  for (const { task: other, loss } of lowerThan(task, place, ledger)) {
    const { workload } = other;
    // What has no replicas (a DaemonSet, a CronJob) gives nothing back by having fewer.
    if (workload.replicas === undefined) continue;
    for (const [cluster, replicas] of currentOf(ledger, workload)) {
      if (replicas <= 0 || leaving.has(cluster) || !isEligible(cluster)) continue;
      const one = { task: other, replicas, loss, on: podsOnNow(ledger.nodeTerms, workload, cluster, ledger.snapshot.take !== undefined) };
      const held = byCluster.get(cluster);
      if (held === undefined) byCluster.set(cluster, [one]);
      else held.push(one);
    }
  }
  return byCluster;
};

/** Ways to make room for so many replicas of the task in clusters that it may run in; none where nobody gives way to it. */
export const waysFor = (task: Task, place: number, plain: Decision, ledger: Ledger): Ways =>
  new Map(
    [...lowerIn(task, place, plain, ledger)].flatMap(([cluster, running]) => {
      const view = ledger.views.get(cluster);
      const way = view === undefined ? undefined : wayIn(view, task, running, plain.unplaced);
      return way === undefined ? [] : [[cluster, way] as const];
    }),
  );

/** What may be lost beyond the replicas that are taken: of what is all or nothing all the rest. */
const lossOf = ({ workload, policy }: Task, ledger: Ledger): number => {
  const isWhole = policy.gang || policy.minReplicas > 0;
  return isWhole ? sumOf(currentOf(ledger, workload).values()) : 0;
};

const placedOf = ({ snapshot, turn }: Ledger): Map<string, Task> => {
  const placed = new Map((snapshot.placed?.() ?? []).map((task) => [refText(task.workload.ref), task]));
  for (const { workload } of turn) placed.delete(refText(workload.ref));
  return placed;
};

/** One that gives way is decided in this round, after those that go before it. */
const join = (ledger: Ledger, task: Task, place: number): void => {
  const text = refText(task.workload.ref);
  if (ledger.placed?.delete(text) !== true) return;
  const { turn } = ledger;
  const later = turn.findIndex((other, at) => at > place && byPriority(task, other) < 0);
  turn.splice(later < 0 ? turn.length : later, 0, task);
};

const comeInPlaces = ({ inPlaces }: Ledger, { workload: { ref } }: Task, cluster: string, replicas: number): void => {
  const text = refText(ref);
  const held = inPlaces.get(text) ?? new Map<string, number>();
  inPlaces.set(text, held.set(cluster, (held.get(cluster) ?? 0) + replicas));
};

/** Places in one cluster that others make for replicas beyond the room there was. */
export type Eviction = {
  readonly view: ClusterView;
  readonly shape: PodShape;
  readonly way: Way;
  readonly places: readonly MadePlace[];
  /** The places are in place of others that were kept and are lost; absent = they are for more replicas. */
  readonly isAgain?: true;
};

/** Where the decision goes beyond the room there was, and who has to go for it. */
export const evictionsFor = (task: Task, decision: Decision, ways: Ways, ledger: Ledger): readonly Eviction[] => {
  const current = currentOf(ledger, task.workload);
  return decision.clusters.flatMap(({ name, replicas = 0 }): Eviction[] => {
    const [view, way] = [ledger.views.get(name), ways.get(name)];
    const shape = view === undefined ? undefined : shapeIn(task, view);
    if (view === undefined || way === undefined || shape === undefined) return [];
    const needed = replicas - (current.get(name) ?? 0) - (view.room?.fit(shape).count ?? 0);
    return needed <= 0 ? [] : [{ view, shape, way, places: way.places.slice(0, needed) }];
  });
};

/** Takes replicas from those of lower priority. */
export const evict = (task: Task, place: number, evictions: readonly Eviction[], ledger: Ledger): void => {
  for (const { view, shape, way, places, isAgain = false } of evictions) {
    const gone = new Map<number, { replicas: number; left: number; readonly nodes: Set<string> }>();
    for (const made of places) {
      noteKept(ledger.nodeTerms, task.workload, view.name, made, isAgain);
      for (const { lot, count, leave } of made.gone) {
        const victim = way.lower[lot]?.task;
        if (victim === undefined) continue;
        const sum = gone.get(lot) ?? { replicas: 0, left: 0, nodes: new Set() };
        gone.set(lot, sum);
        sum.replicas += count;
        sum.left += leave;
        if (made.node !== undefined) sum.nodes.add(made.node);
        noteLeft(ledger.nodeTerms, victim.workload, view.name, made.node, leave);
        const freed = shapeIn(victim, view);
        if (freed === undefined) continue;
        if (made.node !== undefined) noteFreed(ledger.nodeTerms, task.workload, view.name, { shape: freed, node: made.node, count: leave });
        else if (!isAgain && holdsTheSame(freed, shape)) comeInPlaces(ledger, task, view.name, count);
      }
    }
    for (const [lot, { replicas, left, nodes }] of [...gone].sort(([one], [other]) => one - other)) {
      const victim = way.lower[lot]?.task;
      if (victim === undefined || replicas === 0) continue;
      // Where more go than those that have to leave the node, the others leave whichever nodes they are on.
      takeFrom(ledger, victim, { by: task.workload.ref, cluster: view.name, replicas, nodes: left === replicas ? [...nodes] : [] });
      join(ledger, victim, place);
    }
  }
};

/** Replicas of a workload in a cluster give way. */
export const takeFrom = (ledger: Ledger, { workload }: Task, gone: Omit<Preempted, 'victim'>): void => {
  const { cluster, replicas } = gone;
  const left = new Map(currentOf(ledger, workload));
  left.set(cluster, Math.max(0, (left.get(cluster) ?? 0) - replicas));
  // A part of a divided Job stays where it is, without replicas: taken away it would be lost with what was done of it.
  if (left.get(cluster) === 0 && workload.parts === undefined) left.delete(cluster);
  ledger.current.set(refText(workload.ref), left);
  ledger.preempted.push({ victim: workload.ref, ...gone });
};
