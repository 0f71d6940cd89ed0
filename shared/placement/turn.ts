/** @module The order in which workloads are decided on: by priority, but what must be near others after them. */
import { matchesLabels } from '../kube/selectors/index.ts';
import { compareText } from '../lib/compare-text.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { Workload } from './model.ts';
import { refText } from './workload-fields.ts';

/** A workload and the policy that holds for it. */
export type Task = { readonly workload: Workload; readonly policy: CompiledPolicy };

/** Value of the task's PriorityClass. */
export const rankOf = ({ workload }: Task): number => workload.priority ?? 0;
/** Behind every time that an object has. */
const never = '~';
/** Higher priority first, then who has waited longest, then the name. */
export const byPriority = (a: Task, b: Task): number =>
  rankOf(b) - rankOf(a) ||
  compareText(a.workload.createdAt ?? never, b.workload.createdAt ?? never) ||
  compareText(refText(a.workload.ref), refText(b.workload.ref));

/** Who has waited least first. */
export const youngerFirst = (a: Task, b: Task): number => compareText(b.workload.createdAt ?? never, a.workload.createdAt ?? never);

/** The workloads that a task must be near, by place in the list. */
const targetsOf = (task: Task, tasks: readonly Task[]): number[] => {
  const { required } = task.policy.near;
  if (required.length === 0) return [];
  return tasks.flatMap((other, at) =>
    other !== task &&
    other.workload.ref.namespace === task.workload.ref.namespace &&
    required.some(({ selector }) => matchesLabels(selector, other.workload.labels ?? {}))
      ? [at]
      : [],
  );
};

/** Tasks in turn: by priority, but after those they must be near. One that closes a circle does not wait for it. */
export const inTurn = (tasks: readonly Task[]): Task[] => {
  const sorted = [...tasks].sort(byPriority);
  const state = new Uint8Array(sorted.length);
  const turn: Task[] = [];
  const [untouched, entered, done] = [0, 1, 2];
  for (let first = 0; first < sorted.length; first++) {
    const path: { readonly at: number; readonly targets: number[]; closesCircle: boolean }[] = [];
    const enter = (at: number): void => {
      const task = sorted[at];
      if (task === undefined || state[at] !== untouched) return;
      state[at] = entered;
      path.push({ at, targets: targetsOf(task, sorted).reverse(), closesCircle: false });
    };
    enter(first);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const target = top.targets.pop();
      if (target !== undefined) {
        if (state[target] === entered) top.closesCircle = true;
        else enter(target);
        continue;
      }
      path.pop();
      state[top.at] = done;
      const task = sorted[top.at];
      if (task !== undefined) turn.push(top.closesCircle ? { ...task, workload: { ...task.workload, breaksCircle: true } } : task);
    }
  }
  return turn;
};
