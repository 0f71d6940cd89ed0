/** @module What stays where no decision puts it any more, as the clusters tell it, and why no other takes it. */
import {
  drainTaint,
  type ExplanationRow,
  explainedIn,
  explanationRows,
  isServing,
  type StayingCluster,
  type StoredPlacement,
  type StoredPlacementStatus,
} from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StorageKey } from '../../../shared/kube/storage/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import { type CompiledPolicy, completionsTerm, evictionAt, findsNoPlace, stayReason } from '../../../shared/placement/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { workIdOf } from '../kinds.ts';
import type { Board } from './board.ts';
import { replicasTold } from './replicas.ts';

/** Clusters that are named one by one with their reasons. */
const namedMax = 3;

/** True of a policy that leaves what it selects in drained clusters for good: what moves there moves for other reasons, as it would without the drain. */
export const toleratesDrain = (policy: CompiledPolicy | undefined): boolean =>
  policy !== undefined && evictionAt({ key: drainTaint, effect: 'NoExecute' }, policy) === undefined;

/** True for a claim: it holds data, which no move takes along. It goes from a cluster only when it is deleted on the hub. */
export const holdsData = ({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): boolean =>
  apiVersion === 'v1' && kind === 'PersistentVolumeClaim';

/**
 * Why the decision that stands left something in the cluster that found no other place, or of which the replacements are not ready: the cluster was
 * drained, lost or just back, or the policy selects it no more. It stays until the next decision, also when the reason is over by then: to take
 * back a drain stops nothing, nor does a cluster that is well again before it was decided on.
 */
export const leftBy = (placement: Pick<StoredPlacement, 'status'>, cluster: string): StayingCluster['reason'] | undefined => {
  const { staying = [], owed = [] } = placement.status ?? {};
  const isDrained = ({ name, reason }: { readonly name: string; readonly reason?: StayingCluster['reason'] }): boolean =>
    name === cluster && reason === 'Drained';
  return owed.some(isDrained) ? 'Drained' : staying.find(({ name }) => name === cluster)?.reason;
};

/** Where a decision left what found no other place, and why: what there is of it there is told later. */
export const stayMark = (status: Pick<StoredPlacementStatus, 'staying'> | undefined): string =>
  (status?.staying ?? []).map(({ name, reason }) => `${name} ${reason}`).join();

/** True of what a loss left in a cluster, or is owed to it: what it was told since nobody knows. A debt without a reason is of a loss. */
export const isOfLoss = (reason: StayingCluster['reason'] | undefined): boolean => reason !== 'Drained' && reason !== 'Deselected';

/** Clusters that were lost, and of which it is to be decided anew what they have: until then nothing is taken from them. */
export const awaitingDecision = (placement: Pick<StoredPlacement, 'status'> | undefined): ReadonlySet<string> =>
  new Set((placement?.status?.owed ?? []).flatMap(({ name, reason }) => (isOfLoss(reason) ? [name] : [])));

/** True of a loss that is over where no decision follows any more: what runs there stays because no policy selects it. */
const isOver = (left: StayingCluster['reason'] | undefined, status: StoredPlacementStatus | undefined): boolean =>
  status?.reason === 'NoPolicy' && (left === 'Lost' || left === 'Returning');

/** Where the object at this key runs on although its Placement does not say so; clusters in name order. */
export const stayingOf = (
  { board, directory }: { readonly board: Board; readonly directory: Pick<Directory, 'view'> },
  key: StorageKey,
  placement: StoredPlacement,
): readonly StayingCluster[] => {
  if (!findsNoPlace(placement)) return [];
  const { spec, status } = placement;
  const id = workIdOf(key);
  /** What is left of those without a place for the next cluster that runs on: the rest of what is there waits for replacements. */
  let homeless = status?.unplaced ?? 0;
  return [...board.sent(id)]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([name, entry]): StayingCluster[] => {
      if (entry.op !== 'apply' || spec.clusters.some((cluster) => cluster.name === name)) return [];
      const left = leftBy(placement, name);
      const reason = stayReason(directory.view(name)) ?? (isOver(left, status) ? 'Deselected' : left);
      if (reason === undefined) return [];
      // What an earlier run told, and nobody has answered since, is as it was known.
      const { replicas: known, completions } = status?.staying?.find((cluster) => cluster.name === name) ?? {};
      const told = status?.replicas === undefined ? undefined : (replicasTold(entry, board.answer(id, name)) ?? known);
      const part = { name, ...(completions === undefined ? {} : { completions }), reason };
      if (told === undefined) return [part];
      const replicas = Math.min(told, isServing(part) ? homeless : (status?.unplaced ?? 0));
      if (isServing(part)) homeless -= replicas;
      // That the policy left out a cluster is known by this entry alone.
      return told > 0 && replicas === 0 && reason !== 'Deselected' ? [] : [{ ...part, replicas }];
    });
};

const rowText = ({ cluster, reason, message }: ExplanationRow): string => `${cluster}: ${message || reason || 'takes no more'}`;

const named = (rows: readonly ExplanationRow[]): string => {
  const rest = rows.length - namedMax;
  return `${rows.slice(0, namedMax).map(rowText).join(', ')}${rest > 0 ? `, and ${rest} more` : ''}`;
};

/** Why no cluster but this one takes what it has, in one sentence. */
export const whyNoPlace = (status: StoredPlacementStatus | undefined, cluster: string): string => {
  const kept = status === undefined ? undefined : explainedIn(status);
  if (status?.binding === completionsTerm) return status.message ?? 'no other cluster takes it';
  const others = (kept === undefined ? [] : explanationRows(kept)).filter((row) => row.cluster !== cluster);
  if (others.length === 0) return 'there is no other cluster';
  if (status?.reason !== 'Unplaced' && status?.reason !== 'NoClusterFits') return status?.message ?? 'no other cluster takes it';
  const open = others.filter(({ eligible }) => eligible);
  if (open.length === 0) return `no other cluster is eligible (${named(others)})`;
  return open.every(({ reason }) => reason === 'capacity' || reason === '')
    ? 'no other cluster has room'
    : `no other cluster takes more (${named(open)})`;
};
