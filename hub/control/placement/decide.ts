/** @module From an object, its policy and the clusters to what its Placement should say. Pure: production and simulator call the same. */
import {
  explainedIn,
  explanationRows,
  isSameOutcome,
  type PlacementSpec,
  type StayingCluster,
  type StoredPlacementStatus,
  sharesOnly,
  withStaying,
} from '../../../shared/api/index.ts';
import type { PodShape } from '../../../shared/capacity/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import {
  type AlteredShapes,
  type ClusterView,
  type CompiledPolicy,
  type Decision,
  type Misfits,
  nodelessText,
  type Preempted,
  type PriorityClass,
  preemptedText,
  refText,
  stayingAfter,
  summed,
  type Workload,
  waitingIn,
  whyNodelessStay,
} from '../../../shared/placement/index.ts';
import { healthTaints } from '../cluster/health.ts';
import { refOf } from '../kinds.ts';
import { stayMark } from '../work/staying.ts';
import { misfitEvents } from './misfit-events.ts';
import { dueOf, owedAfter } from './owed.ts';
import { partEvents } from './part-events.ts';

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
  /** It runs in one cluster at a time; absent = it may run in several. */
  readonly isSingleton?: boolean;
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

const clustersText = (clusters: PlacementSpec['clusters']): string =>
  clusters.map(({ name, replicas }) => (replicas === undefined ? name : `${name}=${replicas}`)).join(', ') || 'nowhere';

const eventsOf = (
  input: PlacementInput,
  spec: PlacementSpec,
  decision: Decision,
  staying: readonly StayingCluster[],
): PlacementOutput['events'] => {
  const { before } = input;
  const preempted = summed(input.preempted ?? []);
  const was = before === undefined ? '' : ` (was ${clustersText(before.spec.clusters)})`;
  const moved = before === undefined || !sameJson(sharesOnly(before.spec.clusters), sharesOnly(spec.clusters));
  const own = refText(spec.workload);
  const [gaveWay, madeWay] = [preempted.filter(({ victim }) => refText(victim) === own), preempted.filter(({ by }) => refText(by) === own)];
  const lost = gaveWay.map((one) => `${preemptedText(one)} to ${one.by.namespace}/${one.by.name}`);
  const first: PlacementOutput['events'] =
    lost.length === 0 ? [] : [{ type: 'Warning', reason: 'Preempted', message: `gave way to higher priority: ${lost.join(', ')}` }];
  if (decision.reason !== 'Placed') {
    const isNews = moved || before?.status?.reason !== decision.reason || before?.status?.message !== decision.message;
    const message = `${clustersText(spec.clusters)}${moved ? was : ''}: ${withStaying(decision.message, staying)}`;
    return isNews ? [...first, { type: 'Warning', reason: decision.reason, message }] : first;
  }
  const gone = madeWay.map((one) => preemptedText(one, one.victim.name));
  const gave = gone.length === 0 ? '' : `; ${gone.join(', ')} gave way`;
  const message = `${clustersText(spec.clusters)}${was} by policy ${spec.policy}${gave}${movedText(decision)}`;
  if (moved) return [...first, { type: 'Normal', reason: 'Placed', message }];
  // Nothing is placed anew, and still others make room: for replicas that wait, as the node kept for them was taken.
  const again = `others took a node that was kept for it: ${gone.join(', ')} gave way`;
  return gone.length === 0 ? first : [...first, { type: 'Warning', reason: 'PlaceTaken', message: again }];
};

/** `; 6 left gcp, where no node can take them: cpu on 3 nodes`; '' when none did. */
const movedText = ({ nodeless = [] }: Decision): string =>
  nodeless
    .filter(({ moved }) => moved > 0)
    .map(({ name, moved, why }) => `; ${moved} left ${name}, where no node can take them${why === '' ? '' : `: ${why}`}`)
    .join('');

/** Told once of each cluster, and again when more wait there. */
const nodelessEvents = (
  { before, policy, isSingleton = false }: PlacementInput,
  { workload: ref }: PlacementSpec,
  decision: Decision,
): PlacementOutput['events'] => {
  const known = new Map((before?.status?.nodeless ?? []).map(({ name, replicas }) => [name, replicas]));
  const news = (decision.nodeless ?? []).filter(({ name, waiting }) => waiting > (known.get(name) ?? 0));
  if (news.length === 0) return [];
  const stays = whyNodelessStay({ ref, isSingleton }, policy) ?? 'no other cluster takes more';
  return [{ type: 'Warning', reason: 'NoNode', message: `${news.map((one) => `${one.name}: ${nodelessText(one)}`).join('; ')}; ${stays}` }];
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
    waitingIn(before.message) !== waitingIn(after.message) ||
    !sameJson(before.owed ?? [], after.owed ?? []) ||
    !sameJson(before.nodeless ?? [], after.nodeless ?? []) ||
    stayMark(before) !== stayMark(after)
  )
    return true;
  const doubted = inDoubt(clusters);
  return !isSameOutcome(explainedIn(before), explainedIn(after), (cluster) => doubted.has(cluster));
};

/** The object as placement sees it. */
export const workloadOf = ({
  object,
  replicas,
  shape,
  altered,
  misfits,
  before,
  lingering = new Map(),
  isSingleton = false,
  priority,
  nodes,
}: Pick<PlacementInput, 'object' | 'replicas' | 'before' | 'isSingleton'> & {
  readonly shape: PodShape | undefined;
  readonly altered?: AlteredShapes;
  readonly misfits?: Misfits | undefined;
  /** Of what it is owed, replicas that run in the cluster still; absent = none. */
  readonly lingering?: ReadonlyMap<string, number>;
  readonly priority: PriorityClass;
  /** What is known of its nodes; absent = nothing. */
  readonly nodes?: Pick<Workload, 'podsOn' | 'terms'>;
}): Workload => ({
  ref: refOf(object),
  replicas,
  shape,
  ...(altered === undefined ? {} : { altered }),
  ...(misfits === undefined ? {} : { misfits }),
  labels: object.metadata.labels ?? {},
  current: new Map((before?.spec.clusters ?? []).map(({ name, replicas: count }) => [name, count ?? 1])),
  ...dueOf(before?.status, lingering, isSingleton),
  ...nodes,
  ...(lingering.size === 0 ? {} : { lingering }),
  ...(isSingleton ? { isSingleton } : {}),
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

/** A round of the rebalancer that is not explained yet: to say why each cluster has what it has now is no decision of its own. */
const roundOf = ({ before }: PlacementInput, spec: PlacementSpec): Pick<StoredPlacementStatus, 'decidedAt' | 'rebalanced'> => {
  const { decidedAt, rebalanced, ...status } = before?.status ?? {};
  if (decidedAt === undefined || rebalanced === undefined || !sameJson(before?.spec, spec)) return {};
  const explained = explainedIn(status);
  const got = new Map((explained === undefined ? [] : explanationRows(explained)).map((row) => [row.cluster, row.got]));
  return spec.clusters.every(({ name, replicas }) => got.get(name) === replicas) ? {} : { decidedAt, rebalanced };
};

/** True when the spec says all of this; what it says of nodes besides is done, which is not worth a write. */
const saysAlready = (before: PlacementSpec, after: PlacementSpec): boolean => {
  const had = new Map(before.clusters.map((cluster) => [cluster.name, cluster]));
  return (
    sameJson({ ...before, clusters: sharesOnly(before.clusters) }, { ...after, clusters: sharesOnly(after.clusters) }) &&
    after.clusters.every(
      ({ name, nominated, leaving }) =>
        (nominated === undefined || sameJson(nominated, had.get(name)?.nominated)) &&
        (leaving === undefined || sameJson(leaving, had.get(name)?.leaving)),
    )
  );
};

/** What a Placement says after a decision. */
export const outputOf = (input: PlacementInput, decision: Decision): PlacementOutput => {
  const { object, policy, before, nowMs } = input;
  const spec: PlacementSpec = { workload: refOf(object), policy: policy.id, clusters: placedBy(input, decision) };
  const owed = owedAfter(input, decision);
  const staying = stayingAfter(input, decision);
  const nodeless = (decision.nodeless ?? []).filter(({ waiting }) => waiting > 0);
  const status: StoredPlacementStatus = {
    ...(object.metadata.generation === undefined ? {} : { observedGeneration: object.metadata.generation }),
    ...(input.replicas === undefined ? {} : { replicas: input.replicas }),
    unplaced: decision.unplaced,
    reason: decision.reason,
    message: decision.message,
    decidedAt: timeText(nowMs),
    ...roundOf(input, spec),
    ...(owed.length === 0 ? {} : { owed }),
    ...(nodeless.length === 0 ? {} : { nodeless: nodeless.map(({ name, waiting }) => ({ name, replicas: waiting })) }),
    ...(decision.binding === '' ? {} : { binding: decision.binding }),
    ...(decision.cost === undefined ? {} : { cost: decision.cost }),
    explained: decision.explained,
    ...(before?.status?.conditions === undefined ? {} : { conditions: before.status.conditions }),
    ...(before?.status?.failures === undefined ? {} : { failures: before.status.failures }),
    ...(staying.length === 0 ? {} : { staying }),
  };
  const events = [
    ...eventsOf(input, spec, decision, staying),
    ...nodelessEvents(input, spec, decision),
    ...misfitEvents(input, decision),
    ...partEvents(input, decision),
  ];
  const isChanged = before?.status === undefined || !saysAlready(before.spec, spec) || isOther(before.status, status, input.clusters);
  return { spec, status, isChanged, recheckAtMs: decision.recheckAtMs, events };
};
