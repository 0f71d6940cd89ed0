/** @module The state of one round of decisions: what each workload has now, what was decided before it, and who gave way. */

import { shapeIn } from './asking.ts';
import type { ClusterView, Decision, OtherWorkload, Workload } from './model.ts';
import { freedIn, keptAgainIn, keptIn, type NodeTerms, noNodeTerms } from './node-terms.ts';
import type { Preempted } from './preempted.ts';
import { inTurn, type Task } from './turn.ts';
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

/** The workloads of a namespace by {@link refText}. */
type Around = { readonly byRef: Map<string, OtherWorkload>; keepsApart: boolean };

/** Where everything is while decisions are made. */
export type Ledger = {
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

/** Present replicas less those that gave way. */
export const currentOf = (ledger: Ledger, { ref, current }: Workload): ReadonlyMap<string, number> =>
  ledger.current.get(refText(ref)) ?? current;

const putOther = (ledger: Ledger, other: OtherWorkload): void => {
  const { namespace } = other.ref;
  const around = ledger.others.get(namespace) ?? { byRef: new Map<string, OtherWorkload>(), keepsApart: false };
  ledger.others.set(namespace, around);
  around.byRef.set(refText(other.ref), other);
  around.keepsApart ||= (other.apart ?? []).length > 0;
};

const noOthers: readonly OtherWorkload[] = [];

/** Those that bear on where the task may be. */
export const othersFor = ({ workload, policy: { near, apart } }: Task, ledger: Ledger): readonly OtherWorkload[] => {
  const around = ledger.others.get(workload.ref.namespace);
  const terms = near.required.length + near.preferred.length + apart.required.length + apart.preferred.length;
  return around === undefined || (terms === 0 && !around.keepsApart) ? noOthers : [...around.byRef.values()];
};

/** What was decided takes its room. Replicas that leave give theirs back only when they are gone: not in the same round. */
const takeRoom = (task: Task, decision: Decision, ledger: Ledger): void => {
  const current = currentOf(ledger, task.workload);
  const inPlaces = ledger.inPlaces.get(refText(task.workload.ref));
  for (const { name, replicas = 0 } of decision.clusters) {
    const view = ledger.views.get(name);
    const more = replicas - (current.get(name) ?? 0) + keptAgainIn(ledger.nodeTerms, task.workload, name);
    const shape = view === undefined || more <= 0 ? undefined : shapeIn(task, view);
    if (shape === undefined) continue;
    const on = keptIn(ledger.nodeTerms, task.workload, name);
    const kept = on === undefined ? {} : { on, freed: freedIn(ledger.nodeTerms, task.workload, name) };
    view?.room?.assume({ shape, count: more, inPlaces: inPlaces?.get(name) ?? 0, ...kept });
  }
};

/** What was decided is there for those after it. */
export const book = (task: Task, decision: Decision, ledger: Ledger): void => {
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

/** The state before the first decision. */
export const ledgerOf = (snapshot: FleetSnapshot, tasks: readonly Task[]): Ledger => {
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
