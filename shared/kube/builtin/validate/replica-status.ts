/** @module Faults of counts in a workload's status (kubernetes `apis/apps/validation`, ValidateDeploymentStatus and its kin). */
import { type Fault, invalid } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { numberAt, objectAt } from '../read.ts';
import { nonNegative } from './numbers.ts';

/** Parts of `replicas` cannot be more than it, and no more can be available than are ready. */
export const replicaStatusFaults = (object: KubeObject, ...parts: readonly string[]): Fault[] => {
  const status = objectAt(object, 'status');
  const faults = nonNegative(status, 'status', 'replicas', ...parts);
  for (const part of parts) {
    const count = numberAt(status, part);
    if (count > numberAt(status, 'replicas')) faults.push(invalid(`status.${part}`, count, 'cannot be greater than status.replicas'));
  }
  const available = numberAt(status, 'availableReplicas');
  if (available > numberAt(status, 'readyReplicas')) {
    faults.push(invalid('status.availableReplicas', available, 'cannot be greater than readyReplicas'));
  }
  return faults;
};
