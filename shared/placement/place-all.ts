/**
 * @module Many workloads over the same clusters: by priority, what must be near others after them, each one seeing what those before it took,
 * so that no two spend the same room. Preemption is for those that opt in, and says who gave way to whom.
 */
import { keepAgain } from './keep-again.ts';
import { waitingText } from './leaving.ts';
import type { ClusterView, Decision, Workload } from './model.ts';
import { leavingFrom, withNodeTerms } from './node-terms.ts';
import { type PlaceEnv, place } from './place.ts';
import { placeRunnable } from './place-runnable.ts';
import { type Preempted, preemptedText, summed } from './preempted.ts';
import { evict, evictionsFor, takeFrom, waysFor } from './preemption.ts';
import { heldAgainst, withClusters, withMessage } from './retold.ts';
import { book, currentOf, type FleetSnapshot, type Ledger, ledgerOf, othersFor } from './round-ledger.ts';
import type { Task } from './turn.ts';
import { fullIn, roomierBy, stayingText, type Ways } from './victims.ts';
import { refText } from './workload-fields.ts';

/** The decision about one workload. */
export type TaskDecision = Task & {
  readonly decision: Decision;
  /** What gives way to this workload, and what of it gives way to others. */
  readonly preempted: readonly Preempted[];
};

/** All decisions, in the order in which they were made. */
export type FleetDecision = { readonly decisions: readonly TaskDecision[]; readonly preempted: readonly Preempted[] };

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
    if (replicas > 0) takeFrom(ledger, task, { by: last.by, cluster, replicas, nodes: [] });
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
    const made = keepAgain(task, at, decideWhole(task, at, ledger, env), ledger);
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
