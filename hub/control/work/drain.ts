/** @module Emptying a cluster: how much may be missing meanwhile, and how much is still there. */
import type { Cluster, ClusterDrain } from '../../../shared/api/index.ts';
import type { Store } from '../../../shared/kube/storage/index.ts';
import { keyOfWorkId, refOf } from '../kinds.ts';
import { placementOf } from '../placement/names.ts';
import type { Board } from './board.ts';

/** Replicas of a workload of so many that may be missing: a share is rounded down, as for the `maxUnavailable` of a Deployment. */
export const budgetOf = ({ maxUnavailable = 0 }: ClusterDrain, replicas: number): number => {
  if (typeof maxUnavailable === 'number') return maxUnavailable;
  return Math.floor((replicas * Number.parseInt(maxUnavailable, 10)) / 100);
};

/** What is still in a cluster that is emptied. */
export type DrainCount = { readonly objects: number; readonly replicas: number; readonly stuck: number };

/** Counts what the board holds for the cluster; undefined before the board has been read. */
export const drainCount = (board: Board, store: Store, { metadata: { name } }: Cluster): DrainCount | undefined => {
  if (!board.isRead()) return undefined;
  const sum = { objects: 0, replicas: 0, stuck: 0 };
  for (const id of board.ids()) {
    const entry = board.sent(id).get(name);
    if (entry === undefined) continue;
    sum.objects += 1;
    const { replicas: said } = (board.answer(id, name)?.status ?? {}) as { replicas?: unknown };
    const replicas = entry.op === 'withdraw' ? 0 : (entry.replicas ?? (typeof said === 'number' ? said : 0));
    sum.replicas += replicas;
    const key = keyOfWorkId(id);
    const object = key === undefined ? undefined : store.get(key)?.object;
    if (object !== undefined && replicas > 0)
      sum.stuck += Math.min(replicas, placementOf(store, refOf(object)).placement?.status?.unplaced ?? 0);
  }
  return sum;
};
