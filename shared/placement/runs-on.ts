/**
 * @module Where an object runs on although it is placed there no more: its cluster is left out, drained, lost or held down, and no other takes it.
 * Pure: the hub and its plans ask the same.
 */
import {
  drainTaint,
  type PlacedCluster,
  type PlacementSpec,
  returningTaint,
  type StayingCluster,
  type StoredPlacementStatus,
  unreachableTaint,
} from '../api/index.ts';
import type { KubeObject } from '../kube/object.ts';
import { compareText } from '../lib/compare-text.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { ClusterView, Decision } from './model.ts';
import { leavesOut } from './prepare.ts';
import { podSpecOf } from './workload-fields.ts';

/** What binds a divided Job of which completions wait: each cluster that takes some has its part already. */
export const completionsTerm = 'completions';

/** True of a Job whose completions were divided among these clusters. */
export const hasParts = (clusters: readonly PlacedCluster[]): boolean => clusters.some(({ completions }) => completions !== undefined);

/** A Placement as far as the next decision goes by it. */
export type Before = {
  readonly spec: Pick<PlacementSpec, 'clusters'>;
  readonly status?: Pick<StoredPlacementStatus, 'unplaced' | 'reason' | 'binding' | 'owed' | 'staying'>;
};

/**
 * True when the decision found no place for all, or for any, of the object. Of a divided Job a part is without a place while its completions wait:
 * once another cluster has them, fewer pods at once than were asked for are no reason to go on with them here too.
 */
export const findsNoPlace = ({ spec: { clusters }, status }: Before): boolean => {
  if (clusters.length === 0) return true;
  return (status?.unplaced ?? 0) > 0 && (!hasParts(clusters) || status?.binding === completionsTerm);
};

/** A drain does not end what runs and finds no place elsewhere. DaemonSets belong to the cluster's nodes and go. */
export const outlivesDrain = (object: KubeObject): boolean => podSpecOf(object) !== undefined && object.kind !== 'DaemonSet';

/** Why what runs in the cluster may stay there although it is placed there no more; undefined = it goes. */
export const stayReason = (view: ClusterView | undefined): StayingCluster['reason'] | undefined => {
  const taints = view?.taints ?? [];
  const drivesOut = (taint: string): boolean => taints.some(({ key, effect }) => key === taint && effect === 'NoExecute');
  if (drivesOut(unreachableTaint)) return 'Lost';
  if (drivesOut(drainTaint)) return 'Drained';
  return taints.some(({ key }) => key === returningTaint) ? 'Returning' : undefined;
};

/** What a decision was made about, as far as it bears on what stays. */
export type StayInput = {
  readonly object: KubeObject;
  /** The Placement as it was; undefined = there was none. */
  readonly before: Before | undefined;
  readonly clusters: readonly ClusterView[];
  readonly policy: CompiledPolicy;
  readonly nowMs: number;
};

/** Where it was, is placed no more, and runs on all the same; in name order. */
export const stayingAfter = (
  { object, before, clusters, policy, nowMs }: StayInput,
  { clusters: placed, unplaced, binding }: Decision,
): StayingCluster[] => {
  if (!outlivesDrain(object) || !findsNoPlace({ spec: { clusters: placed }, status: { unplaced, binding } })) return [];
  const had: readonly PlacedCluster[] = [...(before?.status?.staying ?? []), ...(before?.spec.clusters ?? [])];
  const parts = new Map(had.map(({ name, completions }) => [name, completions]));
  const known = new Map((before?.status?.staying ?? []).map((entry) => [entry.name, entry]));
  for (const { name } of placed) parts.delete(name);
  return [...parts]
    .flatMap(([name, completions]): StayingCluster[] => {
      const view = clusters.find((one) => one.name === name);
      // A policy that selects the cluster no more does not stop what has nowhere to go, as a move does not stop what has no replacement yet.
      const reason = stayReason(view) ?? (view !== undefined && leavesOut(policy, view, nowMs) ? 'Deselected' : undefined);
      return reason === undefined ? [] : [{ ...known.get(name), name, ...(completions === undefined ? {} : { completions }), reason }];
    })
    .sort((a, b) => compareText(a.name, b.name));
};
