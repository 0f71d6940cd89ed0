/** @module Words for what a member's API refused: a reason for machines and, for people, what to do. */
import type { WorkItem } from '../../shared/wire/index.ts';
import type { ApiFailure } from '../cluster/index.ts';

/** The field conflicts of a refused apply. */
export const fieldConflicts = (failure: ApiFailure): ApiFailure['causes'] =>
  failure.status === 409 ? failure.causes.filter(({ reason }) => reason === 'FieldManagerConflict') : [];

/** `.spec.replicas by "kubectl-edit"`, the first few of them. */
export const rivalText = (failure: ApiFailure): string =>
  fieldConflicts(failure)
    .slice(0, 4)
    .map(({ field, message }) => `${field} by ${/conflict with "([^"]+)"/.exec(message)?.[1] ?? 'another manager'}`)
    .join(', ');

/** 403 is also how admission answers: of one object, whatever the agent may do. */
const refusedByAdmission = /being terminated|exceeded quota|admission webhook|ValidatingAdmissionPolicy|violates PodSecurity/;

/** True when the agent has no right to the call: no object of the kind would go through. */
export const isRightMissing = ({ status, message }: Pick<ApiFailure, 'status' | 'message'>): boolean =>
  status === 403 && !refusedByAdmission.test(message);

/** Reason and message of a failed operation on an item's object. */
export const explainFailure = (
  item: WorkItem,
  verb: 'get' | 'patch' | 'delete' | 'create',
  failure: ApiFailure,
): { reason: string; message: string } => {
  const { resource } = item.ref;
  const rivals = fieldConflicts(failure);
  if (rivals.length > 0) {
    return {
      reason: 'FieldManagerConflict',
      message: `fields are set by others: ${rivalText(failure)}; remove them there, leave them out of the object on the hub, or take them over by force (adopt: Always in the policy)`,
    };
  }
  if (failure.status === 403 && /being terminated/.test(failure.message)) {
    return {
      reason: 'NamespaceTerminating',
      message: `namespace ${item.ref.namespace} is being deleted in this cluster: it is tried again when it is gone`,
    };
  }
  if (failure.status === 403 && /exceeded quota/.test(failure.message)) return { reason: 'QuotaExceeded', message: failure.message };
  if (failure.status === 403) {
    return {
      reason: 'Forbidden',
      message: `${verb} ${resource} is forbidden to the agent (${failure.message}): grant it, or place this kind elsewhere`,
    };
  }
  if (failure.status === 422) {
    const immutable = /immutable/.test(failure.message)
      ? ': an immutable field changed; delete the object in the cluster to have it made anew'
      : '';
    return { reason: 'Invalid', message: `${failure.message}${immutable}` };
  }
  return { reason: failure.reason, message: failure.message };
};
