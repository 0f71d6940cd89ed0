/** @module Who owns which fields: managedFields as sets, one a manager. */
import { compareText } from '../../lib/compare-text.ts';
import type { ManagedFieldsEntry } from '../object.ts';
import { isObject } from '../schema/index.ts';
import { emptyTree, type FieldTree, union } from './field-tree.ts';
import { parseFieldsV1, writeFieldsV1 } from './fields-v1.ts';

/** At most so many entries of operation Update; older ones are merged into {@link ancientManager}. */
export const updateManagersMax = 10;

/** The manager that old Update entries are merged into. */
export const ancientManager = 'ancient-changes';

/** What one manager owns, in one version of the kind. */
export type Ownership = {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** '' for the object itself. */
  readonly subresource: string;
  /** RFC 3339; absent when it never was known. */
  readonly time: string | undefined;
  readonly fields: FieldTree;
};

/** Owners by identity; see {@link identityOf}. */
export type Managers = Map<string, Ownership>;

/**
 * What makes a manager one and the same: appliers by name and subresource, updaters by version, too. Written as Go writes it, because conflict
 * messages are ordered by it (apimachinery, managedfields, BuildManagerIdentifier).
 */
export const identityOf = (owner: Pick<Ownership, 'manager' | 'operation' | 'apiVersion' | 'subresource'>): string =>
  JSON.stringify({
    ...(owner.manager === '' ? {} : { manager: owner.manager }),
    operation: owner.operation,
    ...(owner.operation === 'Apply' ? {} : { apiVersion: owner.apiVersion }),
    ...(owner.subresource === '' ? {} : { subresource: owner.subresource }),
  });

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const decodeEntry = (entry: unknown): Ownership | undefined => {
  if (!isObject(entry)) return undefined;
  const { operation, apiVersion, fieldsType } = entry;
  if (operation !== 'Apply' && operation !== 'Update') return undefined;
  if (typeof apiVersion !== 'string' || apiVersion === '' || fieldsType !== 'FieldsV1') return undefined;
  const fields = parseFieldsV1(entry['fieldsV1']);
  if (fields === undefined) return undefined;
  const time = text(entry['time']);
  return {
    manager: text(entry['manager']),
    operation,
    apiVersion,
    subresource: text(entry['subresource']),
    time: time === '' ? undefined : time,
    fields,
  };
};

/** The owners that managedFields name; undefined when an entry is malformed. */
export const decodeManagers = (entries: unknown): Managers | undefined => {
  if (entries === undefined || entries === null) return new Map();
  if (!Array.isArray(entries)) return undefined;
  const managers: Managers = new Map();
  for (const entry of entries) {
    const owner = decodeEntry(entry);
    if (owner === undefined) return undefined;
    managers.set(identityOf(owner), owner);
  }
  return managers;
};

const compareOwners = (left: Ownership, right: Ownership): number =>
  compareText(left.operation, right.operation) ||
  compareText(left.time ?? '', right.time ?? '') ||
  compareText(left.manager, right.manager) ||
  compareText(left.apiVersion, right.apiVersion) ||
  compareText(left.subresource, right.subresource);

/** managedFields in their order: appliers first, then by time and name. Undefined when nobody owns anything. */
export const encodeManagers = (managers: Managers): ManagedFieldsEntry[] | undefined => {
  if (managers.size === 0) return undefined;
  return [...managers.values()].sort(compareOwners).map((owner) => ({
    apiVersion: owner.apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: writeFieldsV1(owner.fields),
    manager: owner.manager,
    operation: owner.operation,
    ...(owner.subresource === '' ? {} : { subresource: owner.subresource }),
    ...(owner.time === undefined ? {} : { time: owner.time }),
  }));
};

/** True when a writer asks to forget all owners: managedFields is `[]` or `[{}]`. */
export const isReset = (entries: unknown): boolean => {
  if (!Array.isArray(entries)) return false;
  const [only] = entries;
  return entries.length === 0 || (entries.length === 1 && isObject(only) && Object.keys(only).length === 0);
};

/** Merges the oldest Update entries until {@link updateManagersMax} are left; entries of one version share a bucket. */
export const capUpdateManagers = (managers: Managers): Managers => {
  const updaters = [...managers].filter(([, owner]) => owner.operation === 'Update');
  if (updaters.length <= updateManagersMax) return managers;
  updaters.sort(([, left], [, right]) => compareText(left.time ?? '', right.time ?? '') || compareText(left.manager, right.manager));
  const capped: Managers = new Map(managers);
  const firstOfVersion = new Map<string, string>();
  let left = updaters.length;
  for (const [identity, owner] of updaters) {
    if (left <= updateManagersMax) break;
    const bucket = identityOf({ manager: ancientManager, operation: 'Update', apiVersion: owner.apiVersion, subresource: '' });
    const first = firstOfVersion.get(owner.apiVersion);
    if (first === undefined || identity === bucket) {
      firstOfVersion.set(owner.apiVersion, first ?? identity);
      continue;
    }
    const before = capped.get(bucket) ?? capped.get(first);
    if (!capped.has(bucket)) capped.delete(first);
    capped.delete(identity);
    const fields = union(owner.fields, before?.fields ?? emptyTree);
    capped.set(bucket, { ...owner, manager: ancientManager, subresource: '', fields });
    left--;
  }
  return capped;
};
