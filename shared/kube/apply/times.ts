/** @module Keeps a write that changes nothing from changing times in managedFields. */
import { sameJson } from '../../lib/same-json.ts';
import type { KubeObject, ManagedFieldsEntry } from '../object.ts';
import { withManagedFields } from './track.ts';

const withoutTimes = (entries: readonly ManagedFieldsEntry[] | undefined): unknown => entries?.map(({ time: _, ...entry }) => entry);

/**
 * `next`, or `stored` itself when they differ in nothing but times of managedFields: such a write need not be stored, so resourceVersion stays
 * (apiserver, fieldmanager/equality.go). Call it last, after defaults.
 */
export const keepTimes = (stored: KubeObject, next: KubeObject): KubeObject => {
  if (!sameJson(withManagedFields(stored, undefined), withManagedFields(next, undefined))) return next;
  return sameJson(withoutTimes(stored.metadata.managedFields), withoutTimes(next.metadata.managedFields)) ? stored : next;
};
