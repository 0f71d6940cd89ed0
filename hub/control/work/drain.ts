/** @module Emptying a cluster: how much may be missing meanwhile, how much is still there, and what of it stays. */
import {
  type Cluster,
  type ClusterDrain,
  type ClusterDrainStatus,
  type DrainStaying,
  drainTaint,
  waitingText,
} from '../../../shared/api/index.ts';
import { isFinishedJob } from '../../../shared/kube/job-end.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StorageKey, Store } from '../../../shared/kube/storage/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import { listed } from '../../../shared/lib/listed.ts';
import { findsNoPlace, outlivesDrain } from '../../../shared/placement/index.ts';
import type { Liveness } from '../cluster/liveness.ts';
import type { DependencyIndex } from '../dependencies/index.ts';
import { refOf, workIdOf } from '../kinds.ts';
import { placementOf } from '../placement/names.ts';
import type { PolicyBook } from '../placement/policies.ts';
import type { Board } from './board.ts';
import { type ReadySources, replicasTold, unreadyOf } from './replicas.ts';
import { holdsData, toleratesDrain, whyNoPlace } from './staying.ts';

/** Replicas of a workload of so many that may be missing: a share is rounded down, as for the `maxUnavailable` of a Deployment. */
export const budgetOf = ({ maxUnavailable = 0 }: ClusterDrain, replicas: number): number => {
  if (typeof maxUnavailable === 'number') return maxUnavailable;
  return Math.floor((replicas * Number.parseInt(maxUnavailable, 10)) / 100);
};

/** What is still in a cluster that is emptied. */
export type DrainCount = Omit<ClusterDrainStatus, 'since' | 'observedGeneration'>;

/** What it is counted from. */
export type DrainSources = {
  readonly board: Board;
  readonly store: Store;
  readonly dependencies: Pick<DependencyIndex, 'dependents'>;
  readonly policies: Pick<PolicyBook, 'byId'>;
  readonly directory: ReadySources['directory'];
};

/** Workloads that are named of those for which one object stays; the rest is counted. */
const leadersMax = 5;

/** Objects that are named, of those that stay and of those that wait; the rest is counted. */
const namedMax = 20;

/** An object that stays, or waits; the reason is made for those that are named. */
type Found = Omit<DrainStaying, 'why'> & { readonly follows: boolean; readonly why: () => string };

/** Workloads before what follows them, then by namespace, kind and name. */
const inOrder = (a: Found, b: Found): number =>
  Number(a.follows) - Number(b.follows) ||
  compareText(a.namespace, b.namespace) ||
  compareText(a.kind, b.kind) ||
  compareText(a.name, b.name);

/** Why a placed object stays in the cluster; undefined when it is on its way out. */
const whyPlaced = ({ store, policies }: DrainSources, object: KubeObject, cluster: string): Found['why'] | undefined => {
  const { placement } = placementOf(store, refOf(object));
  if (placement === undefined || object.metadata.deletionTimestamp !== undefined) return undefined;
  if (placement.spec.clusters.some(({ name }) => name === cluster)) {
    const policy = policies.byId(placement.spec.policy);
    if (placement.status?.reason === 'NoPolicy' || policy === undefined) return () => 'no policy selects it any more, so nothing moves it';
    return toleratesDrain(policy) ? () => `its policy tolerates the taint ${drainTaint}` : undefined;
  }
  return outlivesDrain(object) && findsNoPlace(placement) ? () => whyNoPlace(placement.status, cluster) : undefined;
};

/** What of a placed object leaves only when its replacements are ready; undefined when nothing does. */
const whyWaiting = (
  sources: DrainSources,
  key: StorageKey,
  object: KubeObject,
  cluster: string,
  replicas: number,
): Found['why'] | undefined => {
  const { placement } = placementOf(sources.store, refOf(object));
  if (placement === undefined || object.metadata.deletionTimestamp !== undefined) return undefined;
  const wanted = placement.spec.clusters.find(({ name }) => name === cluster)?.replicas ?? 0;
  const count = replicas - wanted - (placement.status?.unplaced ?? 0);
  if (count <= 0) return undefined;
  const unready = unreadyOf(sources, key, object, placement).filter(({ name }) => name !== cluster);
  return unready.length === 0 ? undefined : () => waitingText(count, unready);
};

const whyLeft = (): string => 'it holds data, and stays until it is deleted on the hub';

/** The first of what was found, with their reasons, and how many there are besides. */
const named = (found: readonly Found[]): { readonly first: readonly DrainStaying[]; readonly more: number } => ({
  first: [...found]
    .sort(inOrder)
    .slice(0, namedMax)
    .map(({ follows: _, why, ...one }) => ({ ...one, why: why() })),
  more: Math.max(0, found.length - namedMax),
});

/** Workloads that the object follows and that are in the cluster. */
const leadersIn = ({ board, store, dependencies }: DrainSources, key: StorageKey, cluster: string): KubeObject[] =>
  [...dependencies.dependents(key)].sort().flatMap((leader) => {
    const object = store.get(leader)?.object;
    return object === undefined || board.sent(workIdOf(leader)).get(cluster)?.op !== 'apply' ? [] : [object];
  });

const nameText = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`;

/** `Deployment api, Deployment web need it`. */
const neededText = (leaders: readonly KubeObject[]): string =>
  `${listed(leaders.map(nameText), leadersMax)} ${leaders.length === 1 ? 'needs' : 'need'} it`;

/** True when nothing of the object is to be in the cluster any more: what is there still is what nobody can take from it now. */
const isDecidedElsewhere = ({ store }: DrainSources, object: KubeObject, cluster: string): boolean => {
  const { placement } = placementOf(store, refOf(object));
  if (object.metadata.deletionTimestamp !== undefined || placement === undefined) return true;
  return !placement.spec.clusters.some(({ name }) => name === cluster) && !(outlivesDrain(object) && findsNoPlace(placement));
};

const whyUndecided = (): string => 'the cluster is not heard, and no other has been decided on for it';

/** True of a cluster that nothing leaves for as long as nobody hears it: of what it has, what is decided elsewhere is waited for by nobody. */
const keepsWhatIsElsewhere = ({ is }: Liveness): boolean => is === 'Doubtful' || is === 'Unwitnessed' || is === 'Dead';

/** Why nothing may be taken yet from a cluster that is back, or may speak yet; undefined when it may. */
const whyNothingYet = ({ is }: Liveness): Found['why'] | undefined => {
  switch (is) {
    case 'Unseen':
      return () => 'the cluster has not been heard since the hub started';
    case 'Returning':
      return () => 'the cluster is back and held down: nothing is taken from it before that is over';
    default:
      return undefined;
  }
};

/** Counts what the board holds for the cluster; undefined before the board has been read. A Job that is over, and what follows it, is not counted. */
export const drainCount = (sources: DrainSources, { metadata: { name } }: Cluster): DrainCount | undefined => {
  const { board, store, directory } = sources;
  if (!board.isRead()) return undefined;
  const sum = { objects: 0, replicas: 0, stuck: 0 };
  let kept = 0;
  const state = directory.liveness(name);
  const isOut = keepsWhatIsElsewhere(state);
  const whyNoneYet = whyNothingYet(state);
  const staying: Found[] = [];
  const waiting: Found[] = [];
  for (const id of board.ids()) {
    const entry = board.sent(id).get(name);
    if (entry === undefined) continue;
    const key = board.keyOf(id);
    const object = key === undefined ? undefined : store.get(key)?.object;
    const leaders = key === undefined ? [] : leadersIn(sources, key, name);
    if (object !== undefined && (isFinishedJob(object) || (leaders.length > 0 && leaders.every(isFinishedJob)))) continue;
    const replicas = replicasTold(entry, board.answer(id, name));
    sum.objects += 1;
    sum.replicas += replicas ?? 0;
    if (key === undefined || object === undefined) {
      // Deleted on the hub meanwhile: nobody waits for it anywhere.
      if (isOut) kept += 1;
      continue;
    }
    const stayers = leaders.filter((one) => whyPlaced(sources, one, name) !== undefined);
    // Of one that nobody hears the leaders have left as far as anybody can tell, and the data with none of them.
    const hasLeader = isOut ? leaders.some((one) => !isDecidedElsewhere(sources, one, name)) : leaders.length > 0;
    const isLeft = !hasLeader && object.metadata.deletionTimestamp === undefined && holdsData(object);
    const own = entry.op === 'withdraw' ? undefined : (whyPlaced(sources, object, name) ?? (isLeft ? whyLeft : undefined));
    const why = own ?? (stayers.length === 0 ? undefined : () => neededText(stayers));
    if (own !== undefined && replicas !== undefined)
      sum.stuck += Math.min(replicas, placementOf(store, refOf(object)).placement?.status?.unplaced ?? 0);
    const whyReplaced = why === undefined && replicas !== undefined ? whyWaiting(sources, key, object, name, replicas) : undefined;
    const whyNotYet = whyReplaced ?? (why === undefined && entry.op !== 'withdraw' ? whyNoneYet : undefined);
    const isKept = isOut && (entry.op === 'withdraw' || [object, ...leaders].every((one) => isDecidedElsewhere(sources, one, name)));
    const reason = why ?? whyNotYet ?? (isOut && !isKept ? whyUndecided : undefined);
    if (reason === undefined && isKept) kept += 1;
    if (reason === undefined) continue;
    const { kind, metadata } = object;
    (reason === whyNotYet ? waiting : staying).push({
      kind,
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      ...(replicas === undefined ? {} : { replicas }),
      why: reason,
      follows: leaders.length > 0,
    });
  }
  const [stays, waits] = [named(staying), named(waiting)];
  return {
    ...sum,
    ...(kept === 0 ? {} : { kept }),
    ...(stays.first.length === 0 ? {} : { staying: stays.first }),
    ...(stays.more === 0 ? {} : { stayingMore: stays.more }),
    ...(waits.first.length === 0 ? {} : { waiting: waits.first }),
    ...(waits.more === 0 ? {} : { waitingMore: waits.more }),
  };
};
