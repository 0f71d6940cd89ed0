/** @module Fields that no manager owns: identity and bookkeeping, and what an endpoint does not write. */
import { difference, type FieldTree, treeOf } from './field-tree.ts';

const metadataKeys = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
];

const unowned: FieldTree = treeOf(['f:apiVersion'], ['f:kind'], ['f:metadata'], ...metadataKeys.map((key) => ['f:metadata', `f:${key}`]));

/** The set without identity and bookkeeping (apimachinery, managedfields, stripmeta.go). */
export const stripUnowned = (fields: FieldTree): FieldTree => difference(fields, unowned);

/**
 * What an endpoint does not write: `status` for the main endpoint of a kind with a status endpoint, all but the status for that, nothing for
 * other kinds.
 */
export type ResetRule = 'nothing' | 'status' | 'allButStatus';

/** The part of a set that counts at an endpoint. */
export const withoutReset = (fields: FieldTree, rule: ResetRule): FieldTree => {
  const status = fields.get('f:status');
  if (rule === 'nothing' || (rule === 'status' && status === undefined)) return fields;
  if (rule === 'allButStatus') return new Map(status === undefined ? [] : [['f:status', status]]);
  const out = new Map(fields);
  out.delete('f:status');
  return out;
};

/** The rule of an endpoint: `subresource` '' is the object itself; `hasStatus` says whether the kind has a status endpoint. */
export const resetRuleOf = (subresource: string, hasStatus: boolean): ResetRule => {
  if (!hasStatus) return 'nothing';
  return subresource === 'status' ? 'allButStatus' : 'status';
};
