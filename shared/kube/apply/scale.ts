/** @module Ownership of replicas between an object and its scale endpoint. */
import type { ManagedFieldsEntry } from '../object.ts';
import { difference, hasPath, treeOf } from './field-tree.ts';
import { decodeManagers, encodeManagers, type Managers, type Ownership } from './managers.ts';
import type { PathElement } from './path-element.ts';

/** The version of Scale objects. */
export const scaleApiVersion = 'autoscaling/v1';

/** Where each version of the object keeps its replicas; undefined for versions without a scale endpoint. */
export type ReplicasPaths = ReadonlyMap<string, readonly PathElement[] | undefined>;

const replicasOfScale: readonly PathElement[] = ['f:spec', 'f:replicas'];

/** `spec.replicas` → its path elements. */
export const replicasPath = (dotted: string): readonly PathElement[] =>
  dotted
    .replace(/^\./, '')
    .split('.')
    .map((name) => `f:${name}`);

/** The managedFields of the Scale: who owns the object's replicas (apimachinery, managedfields/scalehandler.go). */
export const scaleManagedFields = (
  entries: readonly ManagedFieldsEntry[] | undefined,
  paths: ReplicasPaths,
): ManagedFieldsEntry[] | undefined => {
  const scale: Managers = new Map();
  for (const [identity, owner] of decodeManagers(entries) ?? []) {
    const path = paths.get(owner.apiVersion);
    if (path === undefined || !hasPath(owner.fields, path)) continue;
    scale.set(identity, { ...owner, apiVersion: scaleApiVersion, fields: treeOf(replicasOfScale) });
  }
  return encodeManagers(scale);
};

/** The managedFields of the object after a write to its Scale: who owned replicas and does not any more loses just them. */
export const parentManagedFields = (
  entries: readonly ManagedFieldsEntry[] | undefined,
  scaleEntries: readonly ManagedFieldsEntry[] | undefined,
  apiVersion: string,
  paths: ReplicasPaths,
): ManagedFieldsEntry[] | undefined => {
  const scale = decodeManagers(scaleEntries) ?? new Map<string, Ownership>();
  // A manager's identity names the version of the object, its entry on the Scale that of the Scale.
  const owners = [...scale.values()].filter((owner) => hasPath(owner.fields, replicasOfScale));
  const owns = (owner: Ownership): boolean =>
    owners.some(
      (other) => other.manager === owner.manager && other.operation === owner.operation && other.subresource === owner.subresource,
    );
  const parent: Managers = new Map();
  for (const [identity, owner] of decodeManagers(entries) ?? []) {
    if (!paths.has(owner.apiVersion)) continue;
    const path = paths.get(owner.apiVersion);
    if (path === undefined || !hasPath(owner.fields, path) || owns(owner)) {
      parent.set(identity, owner);
      continue;
    }
    const fields = difference(owner.fields, treeOf(path));
    if (fields.size > 0) parent.set(identity, { ...owner, fields });
  }
  return encodeManagers(withScaleOwners(parent, owners, apiVersion, paths.get(apiVersion)));
};

const withScaleOwners = (
  parent: Managers,
  owners: readonly Ownership[],
  apiVersion: string,
  path: readonly PathElement[] | undefined,
): Managers => {
  if (path === undefined) return parent;
  const out = new Map(parent);
  for (const owner of owners) {
    const held = [...parent.values()].some(
      (other) =>
        other.manager === owner.manager &&
        other.operation === owner.operation &&
        other.subresource === owner.subresource &&
        hasPath(other.fields, path),
    );
    if (!held)
      out.set(JSON.stringify([owner.manager, owner.operation, owner.subresource, 'scale']), { ...owner, apiVersion, fields: treeOf(path) });
  }
  return out;
};
