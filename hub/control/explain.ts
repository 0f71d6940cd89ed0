/** @module Why an object is where it is: its Placement with the explanation, for `hanse explain` and the console. */
import type { ExplanationRow, PlacedCluster, WorkloadRef } from '../../shared/api/index.ts';
import type { Store } from '../../shared/kube/storage/index.ts';
import { placementOf } from './placement/names.ts';

/** The decision about an object in one piece. */
export type Explanation = {
  readonly workload: WorkloadRef;
  readonly policy: string;
  readonly clusters: readonly PlacedCluster[];
  /** Replicas asked for; absent for objects that have none. */
  readonly replicas?: number;
  readonly unplaced: number;
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly decidedAt: string;
  readonly rows: readonly ExplanationRow[];
};

/** The explanation of an object's placement; undefined when the hub has decided nothing about it. */
export const explainWorkload = (store: Store, ref: WorkloadRef): Explanation | undefined => {
  const { placement } = placementOf(store, ref);
  if (placement === undefined) return undefined;
  const { spec, status } = placement;
  return {
    workload: spec.workload,
    policy: spec.policy,
    clusters: spec.clusters,
    ...(status?.replicas === undefined ? {} : { replicas: status.replicas }),
    unplaced: status?.unplaced ?? 0,
    reason: status?.reason ?? '',
    message: status?.message ?? '',
    decidedAt: status?.decidedAt ?? '',
    rows: status?.explanation ?? [],
  };
};
