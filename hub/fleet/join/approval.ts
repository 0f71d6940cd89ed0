/** @module The condition Approved: what the operator's decision means for the cluster, in words. */
import type { Admission } from '../../../shared/api/cluster.ts';
import type { Condition } from '../../../shared/kube/condition.ts';

/** How to approve, for messages. */
export const approveHint = (name: string): string =>
  `approve it with: hanse approve ${name}   (or: kubectl patch cluster ${name} --type merge -p '{"spec":{"admission":"Approved"}}')`;

/** The condition for an admission. */
export const approvedCondition = (name: string, admission: Admission): Omit<Condition, 'lastTransitionTime'> => {
  if (admission === 'Approved') return { type: 'Approved', status: 'True', reason: 'Approved', message: 'the cluster is admitted' };
  if (admission === 'Denied')
    return { type: 'Approved', status: 'False', reason: 'Denied', message: 'the operator denied the cluster; its credentials are revoked' };
  return { type: 'Approved', status: 'False', reason: 'PendingApproval', message: `the cluster waits for approval; ${approveHint(name)}` };
};
