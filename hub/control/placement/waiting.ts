/** @module Who waits for room, and whom it is worth asking again when room grows somewhere. */
import type { StorageKey } from '../../../shared/kube/storage/index.ts';
import { askKey, type ClusterView, mayPreempt, shapeIn, type Task } from '../../../shared/placement/index.ts';

/** The workloads with unplaced replicas. At most one entry a stored object. */
export type Waiting = {
  /** Replicas of the task are unplaced; undefined = what it asks for is not known, it is asked again whenever room grows. */
  readonly put: (key: StorageKey, task: Task | undefined) => void;
  readonly remove: (key: StorageKey) => void;
  /** Those for whose replicas one of these clusters has room. */
  readonly worthwhile: (grown: readonly ClusterView[]) => StorageKey[];
  /** Those that may make others give way. */
  readonly preempting: () => StorageKey[];
  readonly keys: () => Iterable<StorageKey>;
  readonly size: () => number;
};

/** Nobody waits. */
export const createWaiting = (): Waiting => {
  const tasks = new Map<StorageKey, Task | undefined>();
  return {
    put: (key, task) => tasks.set(key, task),
    remove: (key) => tasks.delete(key),
    worthwhile: (grown) => {
      // Many wait for the same: one question a policy and shape.
      const known = new Map<Task['policy'], Map<string, boolean>>();
      const hasRoom = (task: Task): boolean => {
        const { shape, ref } = task.workload;
        if (shape === undefined) return true;
        const answers = known.get(task.policy) ?? new Map<string, boolean>();
        known.set(task.policy, answers);
        const text = `${ref.namespace}|${askKey(task)}|${shape.who.labels}`;
        const answer = answers.get(text) ?? grown.some((view) => fits(task, view));
        answers.set(text, answer);
        return answer;
      };
      return [...tasks].flatMap(([key, task]) => (task === undefined || hasRoom(task) ? [key] : []));
    },
    preempting: () => [...tasks].flatMap(([key, task]) => (task !== undefined && mayPreempt(task) ? [key] : [])),
    keys: () => tasks.keys(),
    size: () => tasks.size,
  };
};

const fits = (task: Task, view: ClusterView): boolean => {
  const shape = shapeIn(task, view);
  return shape !== undefined && view.room !== undefined && view.room.fit(shape).count > 0;
};
