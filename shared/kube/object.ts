/** @module The shape every Kubernetes object shares. */

/** A reference that makes the garbage collector follow (meta/v1 OwnerReference). */
export type OwnerReference = {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
};

/** Who set which fields (meta/v1 ManagedFieldsEntry, FieldsV1). */
export type ManagedFieldsEntry = {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  time?: string;
  fieldsType: 'FieldsV1';
  fieldsV1: { [path: string]: unknown };
  subresource?: string;
};

/** meta/v1 ObjectMeta; times are RFC 3339 with whole seconds. */
export type ObjectMeta = {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: { [key: string]: string };
  annotations?: { [key: string]: string };
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
};

/** Any Kubernetes object as JSON. Stored objects are never changed in place: copy first (`structuredClone`). */
export type KubeObject = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
};

/** A REST resource: what a URL names. `group` is '' for core. */
export type GroupVersionResource = { readonly group: string; readonly version: string; readonly resource: string };

/** A kind: what an object's apiVersion and kind name. `group` is '' for core. */
export type GroupVersionKind = { readonly group: string; readonly version: string; readonly kind: string };

/** `apps`, `v1` → `apps/v1`; '', `v1` → `v1`. */
export const apiVersionOf = (group: string, version: string): string => (group === '' ? version : `${group}/${version}`);

/** `apps/v1` → {group: apps, version: v1}; `v1` → {group: '', version: v1}. */
export const parseApiVersion = (apiVersion: string): { group: string; version: string } => {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? { group: '', version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
};
