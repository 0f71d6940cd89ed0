/** @module Since when each cluster has had room for a shape: replicas return to it only after a calm time. */
import { askKey, type ClusterView, shapeIn, type Task } from '../../../shared/placement/index.ts';

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
      for (const task of tasks) {
        const key = askKey(task);
        if (key === undefined || task.policy.rebalance.mode === 'Off' || next.has(key)) continue;
        const known = since.get(key);
        const seen = new Map<string, number>();
        for (const view of clusters) {
          const { name, room, taints } = view;
          const shape = shapeIn(task, view);
          // A cluster in doubt is not calm, whatever room it has.
          if (shape === undefined || room === undefined || taints.some(({ effect }) => effect !== 'PreferNoSchedule')) continue;
          if (room.fit(shape).count > 0) seen.set(name, known?.get(name) ?? nowMs);
        }
        next.set(key, seen);
      }
      since = next;
    },
    isCalm: (task, cluster, nowMs) => {
      const seen = since.get(askKey(task) ?? '')?.get(cluster);
      return seen !== undefined && nowMs - seen >= task.policy.rebalance.calmSeconds * 1000;
    },
  };
};
