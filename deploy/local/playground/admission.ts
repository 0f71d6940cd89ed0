/** @module What a member makes of a new pod before it is stored, and which it refuses: the admission plugins Priority and ResourceQuota. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { AdmissionRequest } from '../../../shared/kube/server/options.ts';
import type { Store } from '../../../shared/kube/storage/index.ts';
import type { Pod } from './objects.ts';
import { withPriority } from './priority.ts';
import { checkQuotas } from './quota.ts';

/** The object to go on with. @throws StatusError 403 for a new pod that a quota of its namespace has no room for. */
export const admitted = (
  { operation, type, subresource, object }: AdmissionRequest,
  store: Pick<Store, 'list'>,
): KubeObject | undefined => {
  const isNewPod = operation === 'CREATE' && type.group === '' && type.resource === 'pods' && subresource === '';
  if (object === undefined || !isNewPod) return object;
  const pod = withPriority(object as Pod, store);
  checkQuotas(pod, store);
  return pod;
};
