/** @module What a member makes of a pod's PriorityClass when the pod is created (kubernetes admission plugin Priority), but that it refuses none. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { AdmissionRequest } from '../../../shared/kube/server/options.ts';
import { prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import { bag, priorityClassesOf, priorityOf } from '../../../shared/placement/index.ts';

/**
 * The object to go on with: a new pod has the number and the preemption policy of its class. One whose class is not there has those of the default:
 * they come to a member only where a policy selects them, and the playground runs what names one all the same.
 */
export const withPriority = (
  { operation, type, subresource, object }: AdmissionRequest,
  store: Pick<Store, 'list'>,
): KubeObject | undefined => {
  if (object === undefined || operation !== 'CREATE' || type.group !== '' || type.resource !== 'pods' || subresource !== '') return object;
  const classes = priorityClassesOf(store.list(prefixOf('scheduling.k8s.io', 'priorityclasses')).map((stored) => stored.object));
  const { value, preempts } = priorityOf(object, classes);
  const preemptionPolicy = preempts ? 'PreemptLowerPriority' : 'Never';
  return { ...object, spec: { ...bag(object.spec), priority: value, preemptionPolicy } };
};
