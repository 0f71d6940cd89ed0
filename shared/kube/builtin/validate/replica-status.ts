/** @module Faults of counts in a workload's status (kubernetes `apis/apps/validation`, ValidateDeploymentStatus and its kin). */
import { type Fault, invalid } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { at, numberAt, objectAt } from '../read.ts';
import { nonNegative } from './numbers.ts';

/** What a kind's status counts: `counts` may not be negative, in this order; `parts` are of the replicas. */
export type StatusCounts = {
  readonly counts: readonly string[];
  readonly parts: readonly string[];
  /** How the refusal names the ready ones. */
  readonly readyName?: string;
};

const partFaults = (object: KubeObject, { parts, readyName = 'readyReplicas' }: StatusCounts): Fault[] => {
  const status = objectAt(object, 'status');
  const faults = parts.flatMap((part) => {
    const count = numberAt(status, part);
    return count > numberAt(status, 'replicas') ? [invalid(`status.${part}`, count, 'cannot be greater than status.replicas')] : [];
  });
  const available = numberAt(status, 'availableReplicas');
  if (parts.length === 0 || available <= numberAt(status, 'readyReplicas')) return faults;
  return [...faults, invalid('status.availableReplicas', available, `cannot be greater than ${readyName}`)];
};

/** Faults of a status: counts that are negative, parts that are more than the whole, collisions that are forgotten. */
export const statusFaults =
  (kind: StatusCounts) =>
  (object: KubeObject, old: KubeObject): Fault[] => {
    const collisions = numberAt(object, 'status', 'collisionCount');
    const isForgotten = at(old, 'status', 'collisionCount') !== undefined && collisions < numberAt(old, 'status', 'collisionCount');
    return [
      ...nonNegative(objectAt(object, 'status'), 'status', ...kind.counts),
      ...partFaults(object, kind),
      ...(isForgotten ? [invalid('status.collisionCount', collisions, 'cannot be decremented')] : []),
    ];
  };
