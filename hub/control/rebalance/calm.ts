/** @module Since when each cluster has had room for a shape: replicas return to it only after a calm time. */
import type { ClusterView, Task } from '../../../shared/placement/index.ts';

/** What was seen of room, round by round. */
export type CalmBook = {
  /** Looks at the room of every cluster for every shape; what is not looked at is forgotten. */
  readonly observe: (tasks: readonly Task[], clusters: readonly ClusterView[], nowMs: number) => void;
  /** True when the cluster has had room for the task's shape, without a break, for the calm time of its policy. */
  readonly isCalm: (task: Task, cluster: string, nowMs: number) => boolean;
};

/** An empty book. */
export const createCalmBook = (): CalmBook => {
  let since = new Map<string, Map<string, number>>();
  return {
    observe: (tasks, clusters, nowMs) => {
      const next = new Map<string, Map<string, number>>();
      for (const { workload, policy } of tasks) {
        const { shape } = workload;
        if (shape === undefined || policy.rebalance.mode === 'Off' || next.has(shape.key)) continue;
        const known = since.get(shape.key);
        const seen = new Map<string, number>();
        for (const { name, room, taints } of clusters) {
          // A cluster in doubt is not calm, whatever room it has.
          if (room === undefined || taints.some(({ effect }) => effect !== 'PreferNoSchedule') || room.fit(shape).count === 0) continue;
          seen.set(name, known?.get(name) ?? nowMs);
        }
        next.set(shape.key, seen);
      }
      since = next;
    },
    isCalm: ({ workload, policy }, cluster, nowMs) => {
      const seen = since.get(workload.shape?.key ?? '')?.get(cluster);
      return seen !== undefined && nowMs - seen >= policy.rebalance.calmSeconds * 1000;
    },
  };
};
