/** @module Who gave way to whom, told once. */
import type { WorkloadRef } from '../api/index.ts';
import { refText } from './workload-fields.ts';

/** Replicas that gave way to a workload of higher priority. */
export type Preempted = { readonly victim: WorkloadRef; readonly by: WorkloadRef; readonly cluster: string; readonly replicas: number };

/** One entry for each that gave way, to whom and where: what is all or nothing gives way in part first and then with the rest. */
export const summed = (preempted: readonly Preempted[]): Preempted[] => {
  const sums = new Map<string, Preempted>();
  for (const one of preempted) {
    const key = `${refText(one.victim)} ${refText(one.by)} ${one.cluster}`;
    sums.set(key, { ...one, replicas: one.replicas + (sums.get(key)?.replicas ?? 0) });
  }
  return [...sums.values()];
};
