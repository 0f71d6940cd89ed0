/** @module What a member makes of a pod's PriorityClass when the pod is created (kubernetes admission plugin Priority), but that it refuses none. */
import { prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import { priorityClassesOf, priorityOf } from '../../../shared/placement/index.ts';
import type { Pod } from './objects.ts';

/**
 * A new pod with the number and the preemption policy of its class. One whose class is not there has those of the default: they come to a
 * member only where a policy selects them, and the playground runs what names one all the same.
 */
export const withPriority = (pod: Pod, store: Pick<Store, 'list'>): Pod => {
  const classes = priorityClassesOf(store.list(prefixOf('scheduling.k8s.io', 'priorityclasses')).map((stored) => stored.object));
  const { value, preempts } = priorityOf(pod, classes);
  const preemptionPolicy = preempts ? 'PreemptLowerPriority' : 'Never';
  return { ...pod, spec: { ...pod.spec, priority: value, preemptionPolicy } };
};
