/** @module Emptying a cluster: how much may be missing meanwhile, how much is still there, and what of it stays. */
import { type Cluster, type ClusterDrain, type ClusterDrainStatus, type DrainStaying, drainTaint } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StorageKey, Store } from '../../../shared/kube/storage/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import { evictionAt } from '../../../shared/placement/index.ts';
import type { Directory } from '../cluster/directory.ts';
import type { DependencyIndex } from '../dependencies/index.ts';
import { keyOfWorkId, refOf, workIdOf } from '../kinds.ts';
import { isFinishedJob } from '../placement/decide.ts';
import { placementOf } from '../placement/names.ts';
import type { PolicyBook } from '../placement/policies.ts';
import type { Board } from './board.ts';
import { findsNoPlace, outlivesDrain, replicasTold, whyNoPlace } from './staying.ts';

/** Replicas of a workload of so many that may be missing: a share is rounded down, as for the `maxUnavailable` of a Deployment. */
export const budgetOf = ({ maxUnavailable = 0 }: ClusterDrain, replicas: number): number => {
  if (typeof maxUnavailable === 'number') return maxUnavailable;
  return Math.floor((replicas * Number.parseInt(maxUnavailable, 10)) / 100);
};

/** What is still in a cluster that is emptied. */
export type DrainCount = Pick<ClusterDrainStatus, 'objects' | 'replicas' | 'stuck' | 'staying' | 'stayingMore'>;

/** What it is counted from. */
export type DrainSources = {
  readonly board: Board;
  readonly store: Store;
  readonly dependencies: Pick<DependencyIndex, 'dependents'>;
  readonly policies: Pick<PolicyBook, 'byId'>;
  readonly directory: Pick<Directory, 'isUnheard'>;
};

/** Objects that are named; the rest is counted. */
const stayingMax = 20;

/** An object that stays; the reason is made for those that are named. */
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
    const isTolerated = evictionAt({ key: drainTaint, effect: 'NoExecute' }, policy) === undefined;
    return isTolerated ? () => `its policy tolerates the taint ${drainTaint}` : undefined;
  }
  return outlivesDrain(object) && findsNoPlace(placement) ? () => whyNoPlace(placement.status, cluster) : undefined;
};

/** Workloads that the object follows and that are in the cluster. */
const leadersIn = ({ board, store, dependencies }: DrainSources, key: StorageKey, cluster: string): KubeObject[] =>
  [...dependencies.dependents(key)].sort().flatMap((leader) => {
    const object = store.get(leader)?.object;
    return object === undefined || board.sent(workIdOf(leader)).get(cluster)?.op !== 'apply' ? [] : [object];
  });

const nameText = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`;

/** Counts what the board holds for the cluster; undefined before the board has been read. A Job that is over, and what follows it, is not counted. */
export const drainCount = (sources: DrainSources, { metadata: { name } }: Cluster): DrainCount | undefined => {
  const { board, store, directory } = sources;
  if (!board.isRead()) return undefined;
  const sum = { objects: 0, replicas: 0, stuck: 0 };
  const found: Found[] = [];
  for (const id of board.ids()) {
    const entry = board.sent(id).get(name);
    if (entry === undefined) continue;
    const key = keyOfWorkId(id);
    const object = key === undefined ? undefined : store.get(key)?.object;
    const leaders = key === undefined ? [] : leadersIn(sources, key, name);
    if (object !== undefined && (isFinishedJob(object) || (leaders.length > 0 && leaders.every(isFinishedJob)))) continue;
    const replicas = replicasTold(board, id, name, entry);
    sum.objects += 1;
    sum.replicas += replicas ?? 0;
    if (object === undefined) continue;
    const leader = leaders.find((one) => whyPlaced(sources, one, name) !== undefined);
    const own = entry.op === 'withdraw' ? undefined : whyPlaced(sources, object, name);
    const why = directory.isUnheard(name)
      ? () => 'the cluster is not heard, and keeps what it has until it is well'
      : (own ?? (leader === undefined ? undefined : () => `${nameText(leader)} needs it`));
    if (own !== undefined && replicas !== undefined)
      sum.stuck += Math.min(replicas, placementOf(store, refOf(object)).placement?.status?.unplaced ?? 0);
    if (why === undefined) continue;
    const { kind, metadata } = object;
    const staying = {
      kind,
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      ...(replicas === undefined ? {} : { replicas }),
      why,
    };
    found.push({ ...staying, follows: leaders.length > 0 });
  }
  if (found.length === 0) return sum;
  const more = found.length - stayingMax;
  const staying = found
    .sort(inOrder)
    .slice(0, stayingMax)
    .map(({ follows: _, why, ...one }) => ({ ...one, why: why() }));
  return { ...sum, staying, ...(more > 0 ? { stayingMore: more } : {}) };
};
