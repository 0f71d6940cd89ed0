/**
 * @module Many workloads over the same clusters: by priority, what must be near others after them, each one seeing what those before it took,
 * so that no two spend the same room. Preemption is for those that opt in, and says who gave way to whom.
 */
import { explanationRows } from '../api/index.ts';
import type { MadePlace, PodShape } from '../capacity/index.ts';
import { compareText } from '../lib/compare-text.ts';
import { shapeIn } from './asking.ts';
import { waitingText } from './leaving.ts';
import type { ClusterView, Decision, OtherWorkload, Workload } from './model.ts';
import {
  freedIn,
  keptIn,
  leavingFrom,
  type NodeTerms,
  noNodeTerms,
  noteFreed,
  noteKept,
  noteLeft,
  podsOnNow,
  withNodeTerms,
} from './node-terms.ts';
import { type PlaceEnv, place } from './place.ts';
import { placeRunnable } from './place-runnable.ts';
import { type Preempted, preemptedText, summed } from './preempted.ts';
import { heldAgainst, withClusters, withMessage } from './retold.ts';
import { byPriority, inTurn, rankOf, type Task, youngerFirst } from './turn.ts';
import { fullIn, holdsTheSame, type Lower, roomierBy, stayingText, type Way, type Ways, wayIn } from './victims.ts';
import { refText } from './workload-fields.ts';

/** What all are decided from. The rooms are used up by the decisions. Present replicas hold room in them already. */
export type FleetSnapshot = {
  readonly clusters: readonly ClusterView[];
  /** Placed workloads that are not decided on now. */
  readonly others?: readonly OtherWorkload[];
  /** Placed workloads that are decided on only when they give way; asked for when somebody may make them. */
  readonly placed?: () => readonly Task[];
  /** Takes the room of a decision as soon as it is made; absent = it is taken from the rooms of `clusters`. */
  readonly take?: (task: Task, decision: Decision) => void;
};

/** The decision about one workload. */
export type TaskDecision = Task & {
  readonly decision: Decision;
  /** What gives way to this workload, and what of it gives way to others. */
  readonly preempted: readonly Preempted[];
};

/** All decisions, in the order in which they were made. */
export type FleetDecision = { readonly decisions: readonly TaskDecision[]; readonly preempted: readonly Preempted[] };

/** The workloads of a namespace by {@link refText}. */
type Around = { readonly byRef: Map<string, OtherWorkload>; keepsApart: boolean };

/** Where everything is while decisions are made. */
type Ledger = {
  readonly snapshot: FleetSnapshot;
  readonly clusters: readonly ClusterView[];
  readonly views: ReadonlyMap<string, ClusterView>;
  readonly others: Map<string, Around>;
  /** Present replicas less those that gave way, by workload. */
  readonly current: Map<string, ReadonlyMap<string, number>>;
  readonly preempted: Preempted[];
  /** Replicas of a workload that come into places of the very same room, by workload and cluster: they take none of what is free. */
  readonly inPlaces: Map<string, Map<string, number>>;
  readonly nodeTerms: NodeTerms;
  /** Tasks in turn; those that give way join it. */
  readonly turn: Task[];
  /** Those of the snapshot that may give way and have not joined; read when first needed. */
  placed: Map<string, Task> | undefined;
};

const currentOf = (ledger: Ledger, { ref, current }: Workload): ReadonlyMap<string, number> => ledger.current.get(refText(ref)) ?? current;

const putOther = (ledger: Ledger, other: OtherWorkload): void => {
  const { namespace } = other.ref;
  const around = ledger.others.get(namespace) ?? { byRef: new Map<string, OtherWorkload>(), keepsApart: false };
  ledger.others.set(namespace, around);
  around.byRef.set(refText(other.ref), other);
  around.keepsApart ||= (other.apart ?? []).length > 0;
};

const noOthers: readonly OtherWorkload[] = [];

/** Those that bear on where the task may be. */
const othersFor = ({ workload, policy: { near, apart } }: Task, ledger: Ledger): readonly OtherWorkload[] => {
  const around = ledger.others.get(workload.ref.namespace);
  const terms = near.required.length + near.preferred.length + apart.required.length + apart.preferred.length;
  return around === undefined || (terms === 0 && !around.keepsApart) ? noOthers : [...around.byRef.values()];
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

/** Ways to make room for so many replicas of the task in clusters that it may run in; none where nobody gives way to it. */
const waysFor = (task: Task, place: number, plain: Decision, ledger: Ledger): Ways => {
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
  return new Map(
    [...byCluster].flatMap(([cluster, running]) => {
      const view = ledger.views.get(cluster);
      const way = view === undefined ? undefined : wayIn(view, task, running, plain.unplaced);
      return way === undefined ? [] : [[cluster, way] as const];
    }),
  );
};

/** What may be lost beyond the replicas that are taken: of what is all or nothing all the rest. */
const lossOf = ({ workload, policy }: Task, ledger: Ledger): number => {
  const isWhole = policy.gang || policy.minReplicas > 0;
  return isWhole ? [...currentOf(ledger, workload).values()].reduce((sum, replicas) => sum + replicas, 0) : 0;
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
type Eviction = { readonly view: ClusterView; readonly shape: PodShape; readonly way: Way; readonly places: readonly MadePlace[] };

/** Where the decision goes beyond the room there was, and who has to go for it. */
const evictionsFor = (task: Task, decision: Decision, ways: Ways, ledger: Ledger): readonly Eviction[] => {
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
const evict = (task: Task, place: number, evictions: readonly Eviction[], ledger: Ledger): void => {
  for (const { view, shape, way, places } of evictions) {
    const gone = new Map<number, { replicas: number; readonly nodes: Set<string> }>();
    for (const made of places) {
      noteKept(ledger.nodeTerms, task.workload, view.name, made);
      for (const { lot, count, leave } of made.gone) {
        const victim = way.lower[lot]?.task;
        if (victim === undefined) continue;
        const sum = gone.get(lot) ?? { replicas: 0, nodes: new Set() };
        gone.set(lot, sum);
        sum.replicas += count;
        if (made.node !== undefined) sum.nodes.add(made.node);
        noteLeft(ledger.nodeTerms, victim.workload, view.name, made.node, leave);
        const freed = shapeIn(victim, view);
        if (freed === undefined) continue;
        if (made.node !== undefined) noteFreed(ledger.nodeTerms, task.workload, view.name, { shape: freed, node: made.node, count: leave });
        else if (holdsTheSame(freed, shape)) comeInPlaces(ledger, task, view.name, count);
      }
    }
    for (const [lot, { replicas, nodes }] of [...gone].sort(([one], [other]) => one - other)) {
      const victim = way.lower[lot]?.task;
      if (victim === undefined || replicas === 0) continue;
      takeFrom(ledger, victim, { by: task, cluster: view.name, replicas, nodes: [...nodes] });
      join(ledger, victim, place);
    }
  }
};

/** Replicas of a workload in a cluster give way. */
const takeFrom = (
  ledger: Ledger,
  { workload }: Task,
  { by, ...gone }: { readonly by: Task } & Pick<Preempted, 'cluster' | 'replicas' | 'nodes'>,
): void => {
  const { cluster, replicas } = gone;
  const left = new Map(currentOf(ledger, workload));
  left.set(cluster, (left.get(cluster) ?? 0) - replicas);
  if ((left.get(cluster) ?? 0) <= 0) left.delete(cluster);
  ledger.current.set(refText(workload.ref), left);
  ledger.preempted.push({ victim: workload.ref, by: by.workload.ref, ...gone });
};

/** What was decided takes its room. Replicas that leave give theirs back only when they are gone: not in the same round. */
const takeRoom = (task: Task, decision: Decision, ledger: Ledger): void => {
  const current = currentOf(ledger, task.workload);
  const inPlaces = ledger.inPlaces.get(refText(task.workload.ref));
  for (const { name, replicas = 0 } of decision.clusters) {
    const view = ledger.views.get(name);
    const more = replicas - (current.get(name) ?? 0);
    const shape = view === undefined || more <= 0 ? undefined : shapeIn(task, view);
    if (shape === undefined) continue;
    const on = keptIn(ledger.nodeTerms, task.workload, name);
    const kept = on === undefined ? {} : { on, freed: freedIn(ledger.nodeTerms, task.workload, name) };
    view?.room?.assume({ shape, count: more, inPlaces: inPlaces?.get(name) ?? 0, ...kept });
  }
};

const book = (task: Task, decision: Decision, ledger: Ledger): void => {
  if (ledger.snapshot.take === undefined) takeRoom(task, decision, ledger);
  else ledger.snapshot.take(task, decision);
  putOther(
    ledger,
    otherOf(
      task,
      decision.clusters.map(({ name }) => name),
    ),
  );
};

const otherOf = ({ workload: { ref, labels = {} }, policy }: Task, clusters: readonly string[]): OtherWorkload => ({
  ref,
  labels,
  clusters,
  apart: policy.apart.required,
});

/** True when less is placed than what is all or nothing asks for. */
const isTorn = ({ workload: { replicas }, policy }: Task, { clusters, unplaced }: Decision): boolean => {
  if (replicas === undefined || clusters.length === 0) return false;
  const placed = clusters.reduce((sum, entry) => sum + (entry.replicas ?? 0), 0);
  return (policy.gang && unplaced > 0) || placed < Math.min(policy.minReplicas, replicas);
};

/**
 * A decision that keeps what is all or nothing whole: one that gave way in part and finds no place for that part gives way with all of it, and
 * is decided on as if nothing of it ran.
 */
const decideWhole = (task: Task, at: number, ledger: Ledger, env: PlaceEnv): Decision => {
  const { ref } = task.workload;
  const text = refText(ref);
  const decision = decideOne(task, at, ledger, env);
  const last = ledger.preempted.findLast(({ victim }) => refText(victim) === text);
  if (last === undefined || !isTorn(task, decision)) return decision;
  for (const [cluster, replicas] of currentOf(ledger, task.workload))
    ledger.preempted.push({ victim: ref, by: last.by, cluster, replicas, nodes: [] });
  ledger.current.set(text, new Map());
  return heldAgainst(task.workload, decision, decideOne(task, at, ledger, env));
};

/** What gives way in a cluster does not come back there before all of it has left: a controller that makes one takes one less away. */
const clustersFor = ({ workload }: Task, { clusters, nodeTerms }: Ledger): readonly ClusterView[] =>
  fullIn(clusters, leavingFrom(nodeTerms, workload));

const decideOne = (task: Task, at: number, ledger: Ledger, env: PlaceEnv): Decision => {
  const workload: Workload = { ...task.workload, current: currentOf(ledger, task.workload) };
  const snapshot = { policy: task.policy, clusters: clustersFor(task, ledger), others: othersFor(task, ledger) };
  const plain = placeRunnable(snapshot, workload, env);
  if (plain.unplaced === 0) return plain;
  const ways = waysFor(task, at, plain, ledger);
  if (ways.size === 0) return plain;
  if (![...ways.values()].some(({ places }) => places.length > 0)) return withMessage(plain, stayingText(ways));
  const forced = forcedOf(task, plain, ways, ledger, env);
  if (forced.unplaced >= plain.unplaced) return withMessage(plain, stayingText(ways));
  const before = ledger.preempted.length;
  evict(task, at, evictionsFor(task, forced, ways, ledger), ledger);
  const gone = ledger.preempted.slice(before).map((one) => preemptedText(one, one.victim.name));
  return withMessage(forced, gone.length === 0 ? '' : `; ${gone.join(', ')} gave way`);
};

/** The decision with the room that others can make. Free room first: what finds a place in it stays there, and only the rest makes others go. */
const forcedOf = (task: Task, plain: Decision, ways: Ways, ledger: Ledger, env: PlaceEnv): Decision => {
  const workload: Workload = { ...task.workload, current: currentOf(ledger, task.workload) };
  const reached = new Map(plain.clusters.map(({ name, replicas }) => [name, replicas ?? 1]));
  const taken = new Map([...reached].map(([name, replicas]) => [name, Math.max(0, replicas - (workload.current.get(name) ?? 0))]));
  const snapshot = { policy: task.policy, clusters: roomierBy(clustersFor(task, ledger), ways, taken), others: othersFor(task, ledger) };
  return heldAgainst(workload, plain, place(snapshot, { ...workload, current: reached }, env));
};

const eligibleIn = ({ explained }: Decision): ((cluster: string) => boolean) => {
  const eligible = new Set(explanationRows(explained).flatMap((row) => (row.eligible ? [row.cluster] : [])));
  return (cluster) => eligible.has(cluster);
};

/** What a task without room is told of those that leave. */
const withLeaving = (decision: Decision, { workload: { ref } }: Task, { views, preempted }: Ledger): Decision => {
  const leavingFrom = (cluster: string): string[] => {
    const gone = preempted.filter((one) => one.cluster === cluster).map(({ victim }) => victim.name);
    return [...new Set([...gone, ...(views.get(cluster)?.room?.leaving?.() ?? [])])].filter((name) => name !== ref.name);
  };
  return withMessage(decision, waitingText(decision, leavingFrom));
};

/** What a victim is told. */
const withPreemption = (decision: Decision, mine: readonly Preempted[]): Decision => {
  const told = summed(mine).map((one) => `${preemptedText(one)} gave way to ${one.by.namespace}/${one.by.name}`);
  return withMessage(decision, told.length === 0 ? '' : `; ${told.join(', ')}`);
};

const ledgerOf = (snapshot: FleetSnapshot, tasks: readonly Task[]): Ledger => {
  const ledger: Ledger = {
    snapshot,
    clusters: snapshot.clusters,
    views: new Map(snapshot.clusters.map((view) => [view.name, view])),
    others: new Map(),
    current: new Map(),
    preempted: [],
    inPlaces: new Map(),
    nodeTerms: noNodeTerms(),
    turn: inTurn(tasks),
    placed: undefined,
  };
  for (const other of snapshot.others ?? []) putOther(ledger, other);
  for (const task of ledger.turn) {
    const clusters = [...task.workload.current.keys()];
    if (clusters.length > 0) putOther(ledger, otherOf(task, clusters));
  }
  return ledger;
};

/**
 * Decides on all workloads, one a step, so that whoever drives it may pause. The same input gives the same answer whatever the order of the
 * lists.
 */
export const placeEach = function* (snapshot: FleetSnapshot, tasks: readonly Task[], env: PlaceEnv): Generator<TaskDecision, void, void> {
  const ledger = ledgerOf(snapshot, tasks);
  for (let at = 0; at < ledger.turn.length; at++) {
    const task = ledger.turn[at];
    if (task === undefined) continue;
    const text = refText(task.workload.ref);
    const before = ledger.preempted.length;
    const made = decideWhole(task, at, ledger, env);
    const decision = withClusters(made, withNodeTerms(ledger.nodeTerms, task.workload, made));
    book(task, decision, ledger);
    const mine = ledger.preempted.filter(({ victim }) => refText(victim) === text);
    const others = ledger.preempted.slice(before).filter((one) => !mine.includes(one));
    yield { ...task, decision: withPreemption(withLeaving(decision, task, ledger), mine), preempted: [...mine, ...others] };
  }
};

/** {@link placeEach} in one go. */
export const placeAll = (snapshot: FleetSnapshot, tasks: readonly Task[], env: PlaceEnv): FleetDecision => {
  const decisions = [...placeEach(snapshot, tasks, env)];
  return { decisions, preempted: summed([...new Set(decisions.flatMap(({ preempted }) => preempted))]) };
};
