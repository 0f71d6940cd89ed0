/**
 * @module Many workloads over the same clusters: by priority, what must be near others after them, each one seeing what those before it took,
 * so that no two spend the same room. Preemption is for those that opt in, and says who gave way to whom.
 */

import type { WorkloadRef } from '../api/index.ts';
import type { ClusterRoom, PodShape } from '../capacity/index.ts';
import { matchesLabels } from '../kube/selectors/index.ts';
import { compareText } from '../lib/compare-text.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { type ClusterView, type Decision, factsOf, type OtherWorkload, type Workload } from './model.ts';
import { type PlaceEnv, place } from './place.ts';
import { demandOf } from './requires.ts';
import { refText } from './workload-fields.ts';

/** A workload and the policy that holds for it. */
export type Task = { readonly workload: Workload; readonly policy: CompiledPolicy };

/** What all are decided from. The rooms are used up by the decisions: hand in rooms of your own. Present replicas hold room in them already. */
export type FleetSnapshot = {
  readonly clusters: readonly ClusterView[];
  /** Placed workloads that are not decided on now. */
  readonly others?: readonly OtherWorkload[];
};

/** Replicas that gave way to a workload of higher priority. */
export type Preempted = { readonly victim: WorkloadRef; readonly by: WorkloadRef; readonly cluster: string; readonly replicas: number };

/** The decision about one workload. */
export type TaskDecision = Task & { readonly decision: Decision };

/** All decisions, in the order in which they were made. */
export type FleetDecision = { readonly decisions: readonly TaskDecision[]; readonly preempted: readonly Preempted[] };

const priorityOf = ({ workload }: Task): number => workload.priority ?? 0;
const byPriority = (a: Task, b: Task): number =>
  priorityOf(b) - priorityOf(a) || compareText(refText(a.workload.ref), refText(b.workload.ref));

/** The workloads that a task must be near, by place in the list. */
const targetsOf = (task: Task, tasks: readonly Task[]): number[] => {
  const { required } = task.policy.near;
  if (required.length === 0) return [];
  return tasks.flatMap((other, at) =>
    other !== task &&
    other.workload.ref.namespace === task.workload.ref.namespace &&
    required.some(({ selector }) => matchesLabels(selector, other.workload.labels ?? {}))
      ? [at]
      : [],
  );
};

/** Tasks in turn: by priority, but after those they must be near. One that closes a circle does not wait for it. */
const inTurn = (tasks: readonly Task[]): Task[] => {
  const sorted = [...tasks].sort(byPriority);
  const state = new Uint8Array(sorted.length);
  const turn: Task[] = [];
  const [untouched, entered, done] = [0, 1, 2];
  for (let first = 0; first < sorted.length; first++) {
    const path: { readonly at: number; readonly targets: number[]; closesCircle: boolean }[] = [];
    const enter = (at: number): void => {
      const task = sorted[at];
      if (task === undefined || state[at] !== untouched) return;
      state[at] = entered;
      path.push({ at, targets: targetsOf(task, sorted).reverse(), closesCircle: false });
    };
    enter(first);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const target = top.targets.pop();
      if (target !== undefined) {
        if (state[target] === entered) top.closesCircle = true;
        else enter(target);
        continue;
      }
      path.pop();
      state[top.at] = done;
      const task = sorted[top.at];
      if (task !== undefined) turn.push(top.closesCircle ? { ...task, workload: { ...task.workload, breaksCircle: true } } : task);
    }
  }
  return turn;
};

/** Where everything is while decisions are made. */
type Ledger = {
  readonly clusters: readonly ClusterView[];
  readonly views: ReadonlyMap<string, ClusterView>;
  readonly others: Map<string, OtherWorkload>;
  /** Present replicas less those that gave way, by workload. */
  readonly current: Map<string, ReadonlyMap<string, number>>;
  readonly preempted: Preempted[];
};

const currentOf = (ledger: Ledger, { ref, current }: Workload): ReadonlyMap<string, number> => ledger.current.get(refText(ref)) ?? current;

const looksAtOthers = ({ near, apart }: CompiledPolicy): boolean =>
  near.required.length + near.preferred.length + apart.required.length + apart.preferred.length > 0;

const shapeIn = (task: Task, view: ClusterView): PodShape | undefined => {
  const { shape, ref } = task.workload;
  const facts = factsOf(view);
  if (shape === undefined || facts === undefined) return shape;
  const demand = demandOf(task.policy.requires, shape, ref.namespace).inCluster(facts);
  return 'shape' in demand ? demand.shape : undefined;
};

/** True when a replica of `victim` frees, where it is, at least what a replica of `shape` asks for, on a node that may run either. */
const makesWay = (victim: PodShape, shape: PodShape): boolean => {
  const freed = new Map(victim.requests);
  const isFree = shape.nodeTerms === undefined && Object.keys(shape.nodeSelector).length === 0;
  const isAlike = JSON.stringify([victim.nodeTerms, victim.nodeSelector]) === JSON.stringify([shape.nodeTerms, shape.nodeSelector]);
  return (isFree || isAlike) && shape.requests.every(([resource, amount]) => (freed.get(resource) ?? 0) >= amount);
};

/** Replicas of lower priority that could give way to the task, by cluster, the lowest priority first. */
type Victims = ReadonlyMap<string, readonly { readonly task: Task; readonly replicas: number }[]>;

const victimsOf = (task: Task, tasks: readonly Task[], ledger: Ledger): Victims => {
  const victims = new Map<string, { task: Task; replicas: number }[]>();
  const { shape } = task.workload;
  if (task.policy.preemption !== 'LowerPriority' || shape === undefined) return victims;
  const lower = tasks.filter(
    (other) => priorityOf(other) < priorityOf(task) && other.workload.shape !== undefined && makesWay(other.workload.shape, shape),
  );
  for (const other of lower.sort((a, b) => -byPriority(a, b))) {
    for (const [cluster, replicas] of currentOf(ledger, other.workload)) {
      if (replicas <= 0) continue;
      const held = victims.get(cluster);
      if (held === undefined) victims.set(cluster, [{ task: other, replicas }]);
      else held.push({ task: other, replicas });
    }
  }
  return victims;
};

/** The clusters as if the victims were gone, for the shape of the task alone. */
const withoutVictims = (clusters: readonly ClusterView[], victims: Victims): ClusterView[] =>
  clusters.map((view) => {
    const freed = (victims.get(view.name) ?? []).reduce((sum, { replicas }) => sum + replicas, 0);
    const { room } = view;
    if (freed === 0 || room === undefined) return view;
    const roomier: ClusterRoom = {
      ...room,
      fit: (shape) => {
        const fit = room.fit(shape);
        return { ...fit, count: fit.count + freed };
      },
    };
    return { ...view, room: roomier };
  });

/** Takes replicas from victims where the decision goes beyond the room there was. */
const evict = (task: Task, decision: Decision, victims: Victims, ledger: Ledger): void => {
  const current = currentOf(ledger, task.workload);
  for (const { name, replicas = 0 } of decision.clusters) {
    const view = ledger.views.get(name);
    const shape = view === undefined ? undefined : shapeIn(task, view);
    const room = shape === undefined ? 0 : (view?.room?.fit(shape).count ?? 0);
    let needed = replicas - (current.get(name) ?? 0) - room;
    for (const victim of victims.get(name) ?? []) {
      if (needed <= 0) break;
      const gone = Math.min(needed, victim.replicas);
      needed -= gone;
      const { workload } = victim.task;
      const left = new Map(currentOf(ledger, workload));
      left.set(name, (left.get(name) ?? 0) - gone);
      if ((left.get(name) ?? 0) <= 0) left.delete(name);
      ledger.current.set(refText(workload.ref), left);
      ledger.preempted.push({ victim: workload.ref, by: task.workload.ref, cluster: name, replicas: gone });
    }
  }
};

/** What was decided takes its room. Replicas that leave give theirs back only when they are gone: not in the same round. */
const book = (task: Task, decision: Decision, ledger: Ledger): void => {
  const current = currentOf(ledger, task.workload);
  for (const { name, replicas = 0 } of decision.clusters) {
    const view = ledger.views.get(name);
    const more = replicas - (current.get(name) ?? 0);
    const shape = view === undefined || more <= 0 ? undefined : shapeIn(task, view);
    if (shape !== undefined) view?.room?.assume({ shape, count: more });
  }
  const { ref, labels = {} } = task.workload;
  ledger.others.set(refText(ref), { ref, labels, clusters: decision.clusters.map(({ name }) => name) });
};

const decideOne = (task: Task, tasks: readonly Task[], ledger: Ledger, env: PlaceEnv): Decision => {
  const workload: Workload = { ...task.workload, current: currentOf(ledger, task.workload) };
  const others = looksAtOthers(task.policy) ? [...ledger.others.values()] : [];
  const snapshot = { policy: task.policy, clusters: ledger.clusters, others };
  const plain = place(snapshot, workload, env);
  if (plain.unplaced === 0 || task.policy.preemption === 'Never') return plain;
  const victims = victimsOf(task, tasks, ledger);
  if (victims.size === 0) return plain;
  const forced = place({ ...snapshot, clusters: withoutVictims(ledger.clusters, victims) }, workload, env);
  if (forced.unplaced >= plain.unplaced) return plain;
  const before = ledger.preempted.length;
  evict(task, forced, victims, ledger);
  const gone = ledger.preempted.slice(before).map(({ victim, cluster, replicas }) => `${replicas} of ${victim.name} in ${cluster}`);
  return { ...forced, rows: forced.rows, message: `${forced.message}${gone.length === 0 ? '' : `; ${gone.join(', ')} gave way`}` };
};

/** What a victim is told. */
const withPreemption = (task: Task, decision: Decision, preempted: readonly Preempted[]): Decision => {
  const mine = preempted.filter(({ victim }) => refText(victim) === refText(task.workload.ref));
  if (mine.length === 0) return decision;
  const told = mine.map(({ by, cluster, replicas }) => `${replicas} in ${cluster} gave way to ${by.namespace}/${by.name}`).join(', ');
  return { ...decision, rows: decision.rows, message: `${decision.message}; ${told}` };
};

/** Decides on all workloads. The same input gives the same answer whatever the order of the lists. */
export const placeAll = (snapshot: FleetSnapshot, tasks: readonly Task[], env: PlaceEnv): FleetDecision => {
  const turn = inTurn(tasks);
  const ledger: Ledger = {
    clusters: snapshot.clusters,
    views: new Map(snapshot.clusters.map((view) => [view.name, view])),
    others: new Map((snapshot.others ?? []).map((other) => [refText(other.ref), other])),
    current: new Map(),
    preempted: [],
  };
  for (const { workload } of turn) {
    const clusters = [...workload.current.keys()];
    if (clusters.length > 0) ledger.others.set(refText(workload.ref), { ref: workload.ref, labels: workload.labels ?? {}, clusters });
  }
  const decisions = turn.map((task): TaskDecision => {
    const decision = decideOne(task, turn, ledger, env);
    book(task, decision, ledger);
    return { ...task, decision: withPreemption(task, decision, ledger.preempted) };
  });
  return { decisions, preempted: ledger.preempted };
};
