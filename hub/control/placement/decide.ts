/** @module From an object, its policy and the clusters to what its Placement should say. Pure: production and simulator call the same. */
import {
  explainedIn,
  explanationRows,
  isSameOutcome,
  type OwedCluster,
  type PlacementSpec,
  type StayingCluster,
  type StoredPlacementStatus,
  withStaying,
} from '../../../shared/api/index.ts';
import type { PodShape } from '../../../shared/capacity/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import {
  type AlteredShapes,
  type ClusterView,
  type CompiledPolicy,
  type Decision,
  type Preempted,
  type PriorityClass,
  refText,
  type Workload,
} from '../../../shared/placement/index.ts';
import { healthTaints } from '../cluster/health.ts';
import { refOf } from '../kinds.ts';
import { outlivesDrain, stayReason } from '../work/staying.ts';

/** What was decided on. */
export type PlacementInput = {
  readonly object: KubeObject;
  readonly replicas: number | undefined;
  readonly policy: CompiledPolicy;
  /** The Placement as it is; undefined = none yet. */
  readonly before: { readonly spec: PlacementSpec; readonly status?: StoredPlacementStatus } | undefined;
  readonly clusters: readonly ClusterView[];
  /** What gave way to the object, and what of it gave way to others; absent = nothing. */
  readonly preempted?: readonly Preempted[];
  readonly nowMs: number;
};

/** What to write and to tell. */
export type PlacementOutput = {
  readonly spec: PlacementSpec;
  readonly status: StoredPlacementStatus;
  /** False when the Placement says all of this already. */
  readonly isChanged: boolean;
  /** When to decide again though nothing changed, ms since the epoch. */
  readonly recheckAtMs: number | undefined;
  /** For the object's events; none when nothing moved. */
  readonly events: readonly { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string }[];
};

const isUnwell = (view: ClusterView | undefined): boolean =>
  view?.taints.some(({ key }) => key === healthTaints.unreachable || key === healthTaints.returning || key === healthTaints.notReady) ??
  true;

/** What of the owed still stands: the cluster is not well yet. */
export const stillOwed = (owed: readonly OwedCluster[], clusters: readonly ClusterView[]): readonly OwedCluster[] => {
  const views = new Map(clusters.map((view) => [view.name, view]));
  return owed.filter(({ name }) => views.has(name) && isUnwell(views.get(name)));
};

/** Replicas that clusters have more than before, by name. */
const gainsOf = (before: NonNullable<PlacementInput['before']>, decision: Decision): Map<string, number> => {
  const had = new Map(before.spec.clusters.map(({ name, replicas = 0 }) => [name, replicas]));
  const gains = decision.clusters.map(({ name, replicas = 0 }) => [name, replicas - (had.get(name) ?? 0)] as const);
  return new Map(gains.filter(([, gain]) => gain > 0));
};

/** Who takes more while replicas of lost clusters are missing took theirs, up to what each of those is owed. */
const withTakers = (owed: readonly OwedCluster[], gains: Map<string, number>): OwedCluster[] =>
  owed.map((entry) => {
    const taken = new Map((entry.takenBy ?? []).map(({ name, replicas }) => [name, replicas]));
    let open = entry.replicas - [...taken.values()].reduce((sum, replicas) => sum + replicas, 0);
    for (const [name, gain] of gains) {
      const count = Math.min(gain, open);
      if (count <= 0) continue;
      taken.set(name, (taken.get(name) ?? 0) + count);
      gains.set(name, gain - count);
      open -= count;
    }
    if (taken.size === 0) return entry;
    const takenBy = [...taken].map(([name, replicas]) => ({ name, replicas })).sort((a, b) => compareText(a.name, b.name));
    return { ...entry, takenBy };
  });

/** What lost clusters are owed: what they had before, and what they lose now. A cluster that is well has been decided on: it is owed nothing. */
const owedAfter = (input: PlacementInput, decision: Decision): OwedCluster[] => {
  const { before } = input;
  if (before === undefined) return [];
  const isAnyLost = input.clusters.some(({ taints }) => taints.length > 0);
  if (!isAnyLost && (before.status?.owed ?? []).length === 0) return [];
  const views = new Map(input.clusters.map((view) => [view.name, view]));
  const owed = new Map((input.before?.status?.owed ?? []).map((entry) => [entry.name, entry]));
  const got = new Set(decision.clusters.map(({ name }) => name));
  for (const { name, replicas } of input.before?.spec.clusters ?? []) {
    const wasLost = views.get(name)?.taints.some(({ key, effect }) => key === healthTaints.unreachable && effect === 'NoExecute') ?? false;
    if (wasLost && !got.has(name))
      owed.set(name, { ...owed.get(name), name, replicas: Math.max(owed.get(name)?.replicas ?? 0, replicas ?? 0) });
  }
  const open = [...owed.values()].filter(({ name }) => !got.has(name));
  return withTakers(
    stillOwed(open, input.clusters).toSorted((a, b) => compareText(a.name, b.name)),
    gainsOf(before, decision),
  );
};

const clustersText = (clusters: PlacementSpec['clusters']): string =>
  clusters.map(({ name, replicas }) => (replicas === undefined ? name : `${name}=${replicas}`)).join(', ') || 'nowhere';

/** Where it was, is placed no more, and runs on all the same; in name order. */
const stayingAfter = ({ object, before, clusters }: PlacementInput, { clusters: placed, unplaced }: Decision): StayingCluster[] => {
  if (!outlivesDrain(object) || (unplaced === 0 && placed.length > 0)) return [];
  const known = new Map((before?.status?.staying ?? []).map((entry) => [entry.name, entry]));
  const names = new Set([...known.keys(), ...(before?.spec.clusters ?? []).map(({ name }) => name)]);
  for (const { name } of placed) names.delete(name);
  return [...names]
    .flatMap((name): StayingCluster[] => {
      const reason = stayReason(clusters.find((view) => view.name === name));
      return reason === undefined ? [] : [{ ...known.get(name), name, reason }];
    })
    .sort((a, b) => compareText(a.name, b.name));
};

const stayText = (staying: readonly StayingCluster[] = []): string => staying.map(({ name, reason }) => `${name} ${reason}`).join();

const eventsOf = (
  input: PlacementInput,
  spec: PlacementSpec,
  decision: Decision,
  staying: readonly StayingCluster[],
): PlacementOutput['events'] => {
  const { before, preempted = [] } = input;
  const was = before === undefined ? '' : ` (was ${clustersText(before.spec.clusters)})`;
  const moved = !sameJson(before?.spec.clusters, spec.clusters);
  const own = refText(spec.workload);
  const [gaveWay, madeWay] = [preempted.filter(({ victim }) => refText(victim) === own), preempted.filter(({ by }) => refText(by) === own)];
  const lost = gaveWay.map(({ by, cluster, replicas }) => `${replicas} in ${cluster} to ${by.namespace}/${by.name}`);
  const first: PlacementOutput['events'] =
    lost.length === 0 ? [] : [{ type: 'Warning', reason: 'Preempted', message: `gave way to higher priority: ${lost.join(', ')}` }];
  if (decision.reason !== 'Placed') {
    const isNews = moved || before?.status?.reason !== decision.reason || before?.status?.message !== decision.message;
    const message = `${clustersText(spec.clusters)}${moved ? was : ''}: ${withStaying(decision.message, staying)}`;
    return isNews ? [...first, { type: 'Warning', reason: decision.reason, message }] : first;
  }
  const gone = madeWay.map(({ victim, cluster, replicas }) => `${replicas} of ${victim.name} in ${cluster}`);
  const message = `${clustersText(spec.clusters)}${was} by policy ${spec.policy}${gone.length === 0 ? '' : `; ${gone.join(', ')} gave way`}`;
  return moved ? [...first, { type: 'Normal', reason: 'Placed', message }] : first;
};

/** Clusters in doubt or held down: that they take nothing for a while is not worth a write for every object. */
const inDoubt = (views: readonly ClusterView[]): ReadonlySet<string> =>
  new Set(
    views
      .filter(({ taints }) => taints.some(({ key }) => key === healthTaints.notReady || key === healthTaints.returning))
      .map(({ name }) => name),
  );

/** True when a status is worth a write: room that grows or shrinks by itself is not. */
const isOther = (before: StoredPlacementStatus, after: StoredPlacementStatus, clusters: readonly ClusterView[]): boolean => {
  if (
    before.observedGeneration !== after.observedGeneration ||
    before.replicas !== after.replicas ||
    before.unplaced !== after.unplaced ||
    before.reason !== after.reason ||
    !sameJson(before.owed ?? [], after.owed ?? []) ||
    stayText(before.staying) !== stayText(after.staying)
  )
    return true;
  const doubted = inDoubt(clusters);
  return !isSameOutcome(explainedIn(before), explainedIn(after), (cluster) => doubted.has(cluster));
};

const nowhere: ReadonlyMap<string, number> = new Map();

/** The object as placement sees it. */
export const workloadOf = ({
  object,
  replicas,
  shape,
  altered,
  before,
  lingering = nowhere,
  priority,
}: Pick<PlacementInput, 'object' | 'replicas' | 'before'> & {
  readonly shape: PodShape | undefined;
  readonly altered?: AlteredShapes;
  /** Of what it is owed, replicas that run in the cluster still; absent = none. */
  readonly lingering?: ReadonlyMap<string, number>;
  readonly priority: PriorityClass;
}): Workload => ({
  ref: refOf(object),
  replicas,
  shape,
  ...(altered === undefined ? {} : { altered }),
  labels: object.metadata.labels ?? {},
  current: new Map((before?.spec.clusters ?? []).map(({ name, replicas: count }) => [name, count ?? 1])),
  owed: new Map((before?.status?.owed ?? []).map(({ name, replicas: count }) => [name, count])),
  takers: new Map(
    (before?.status?.owed ?? []).map(({ name, takenBy = [] }) => [name, new Map(takenBy.map((taker) => [taker.name, taker.replicas]))]),
  ),
  ...(lingering.size === 0 ? {} : { lingering }),
  priority: priority.value,
  preempts: priority.preempts,
  ...(object.metadata.creationTimestamp === undefined ? {} : { createdAt: object.metadata.creationTimestamp }),
});

/**
 * Where the object goes. One that is scaled to nothing stays where it was, without replicas: deleted there, it would take along what its
 * controller keeps for it (the claims of a StatefulSet, what a Job has completed).
 */
const placedBy = ({ replicas, before }: PlacementInput, { clusters, explained }: Decision): PlacementSpec['clusters'] => {
  if (replicas !== 0 || clusters.length > 0 || before === undefined) return clusters;
  const eligible = new Set(explanationRows(explained).flatMap((row) => (row.eligible ? [row.cluster] : [])));
  return before.spec.clusters.filter(({ name }) => eligible.has(name)).map((cluster) => ({ ...cluster, replicas: 0 }));
};

/** What a Placement says after a decision. */
export const outputOf = (input: PlacementInput, decision: Decision): PlacementOutput => {
  const { object, policy, before, nowMs } = input;
  const spec: PlacementSpec = { workload: refOf(object), policy: policy.id, clusters: placedBy(input, decision) };
  const owed = owedAfter(input, decision);
  const staying = stayingAfter(input, decision);
  const status: StoredPlacementStatus = {
    ...(object.metadata.generation === undefined ? {} : { observedGeneration: object.metadata.generation }),
    ...(input.replicas === undefined ? {} : { replicas: input.replicas }),
    unplaced: decision.unplaced,
    reason: decision.reason,
    message: decision.message,
    decidedAt: timeText(nowMs),
    ...(owed.length === 0 ? {} : { owed }),
    ...(decision.binding === '' ? {} : { binding: decision.binding }),
    ...(decision.cost === undefined ? {} : { cost: decision.cost }),
    explained: decision.explained,
    ...(before?.status?.conditions === undefined ? {} : { conditions: before.status.conditions }),
    ...(before?.status?.failures === undefined ? {} : { failures: before.status.failures }),
    ...(staying.length === 0 ? {} : { staying }),
  };
  const isChanged = before?.status === undefined || !sameJson(before.spec, spec) || isOther(before.status, status, input.clusters);
  return { spec, status, isChanged, recheckAtMs: decision.recheckAtMs, events: eventsOf(input, spec, decision, staying) };
};
