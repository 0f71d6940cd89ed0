/** @module What one replica of a task asks for, cluster by cluster: its own pod template, with the policy's requirements and overrides folded in. */
import type { PodShape } from '../capacity/index.ts';
import { type ClusterView, factsOf } from './model.ts';
import { demandOf } from './requires.ts';
import type { Task } from './turn.ts';

/** What one replica of the task asks for in a cluster; undefined when it cannot run there, or nothing is counted. */
export const shapeIn = (task: Task, view: ClusterView): PodShape | undefined => {
  const { shape, altered } = task.workload;
  const facts = factsOf(view);
  if (shape === undefined) return undefined;
  if (facts === undefined) return altered?.under(view.labels) ?? shape;
  const demand = demandOf(task.policy.requires, task.workload, shape).inCluster(facts, view.labels);
  return 'shape' in demand ? demand.shape : undefined;
};

/** Tasks with the same key ask for the same in every cluster; undefined when nothing is counted. */
export const askKey = ({ workload, policy }: Task): string | undefined =>
  workload.shape === undefined ? undefined : demandOf(policy.requires, workload, workload.shape).key;

/** True when the task asks for the same in every cluster that it may run in. */
export const isSameEverywhere = ({ workload, policy }: Task): boolean => policy.requires === undefined && workload.altered === undefined;
