/** @module Takes away what an applier once applied and does not apply any more, unless another owns it. */
import type { KubeObject } from '../object.ts';
import { isObject } from '../schema/index.ts';
import { extractFields, withDeclaredFields } from './extract.ts';
import { difference, emptyTree, type FieldTree, intersection, isSubset, union } from './field-tree.ts';
import type { Managers, Ownership } from './managers.ts';
import { type Emptied, removeFields } from './remove.ts';
import { inVersion, type Versioned, type Versions } from './versions.ts';

const without = (from: Versioned, fields: FieldTree, emptied: Emptied): Versioned => {
  if (fields.size === 0) return from;
  const object = removeFields(from.node, from.object, fields, emptied);
  return { ...from, object: isObject(object) ? (object as KubeObject) : ({} as KubeObject) };
};

const declaredFieldsOf = (from: Versioned): FieldTree => withDeclaredFields(from.node, extractFields(from.node, from.object));

const managedByVersion = (managers: Managers): Map<string, FieldTree> => {
  const out = new Map<string, FieldTree>();
  for (const owner of managers.values()) out.set(owner.apiVersion, union(out.get(owner.apiVersion) ?? emptyTree, owner.fields));
  return out;
};

/** Puts back what was taken but is owned by somebody, the applier's new configuration included. */
const addBackOwned = (merged: Versioned, pruned: Versioned, managers: Managers, versions: Versions): Versioned => {
  const managed = managedByVersion(managers);
  const order = [...managed.keys()].sort((left, right) => Number(right === pruned.apiVersion) - Number(left === pruned.apiVersion));
  let kept = pruned;
  for (const apiVersion of order) {
    const whole = inVersion(merged, apiVersion, versions);
    const part = inVersion(kept, apiVersion, versions);
    if (whole === undefined || part === undefined) continue;
    const owned = withDeclaredFields(whole.node, managed.get(apiVersion) ?? emptyTree);
    kept = without(whole, difference(declaredFieldsOf(whole), union(declaredFieldsOf(part), owned)), null);
  }
  return kept;
};

/** A pruned object twice: as ownership is reckoned, with null where nothing is left in a list or map, and as it is stored, without. */
export type Pruned = { readonly reckoned: Versioned; readonly object: KubeObject };

const untouched = (merged: Versioned): Pruned => ({ reckoned: merged, object: merged.object });

/**
 * The merged object without the fields and items that `last` held, but for those that any of `managers` owns now and those the applier never
 * applied (structured-merge-diff, merge/update.go, prune).
 */
export const pruneGivenUp = (
  merged: Versioned,
  last: Ownership | undefined,
  managers: Managers,
  current: Ownership,
  versions: Versions,
): Pruned => {
  if (last === undefined || last.fields.size === 0) return untouched(merged);
  if (last.apiVersion === current.apiVersion && isSubset(last.fields, current.fields)) return untouched(merged);
  const then = inVersion(merged, last.apiVersion, versions);
  if (then === undefined) return untouched(merged);
  const given = withDeclaredFields(then.node, last.fields);
  const owned = addBackOwned(then, without(then, given, null), managers, versions);
  const kept = inVersion(owned, last.apiVersion, versions);
  if (kept === undefined) return untouched(merged);
  const gone = intersection(difference(declaredFieldsOf(then), declaredFieldsOf(kept)), given);
  const reckoned = inVersion(without(then, gone, null), merged.apiVersion, versions);
  const stored = inVersion(without(then, gone, undefined), merged.apiVersion, versions);
  return reckoned === undefined || stored === undefined ? untouched(merged) : { reckoned, object: stored.object };
};
