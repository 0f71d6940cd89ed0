/** @module Validation of metadata: names, labels, annotations, owners, finalizers (apimachinery `api/validation/objectmeta.go`). */
import type { KubeObject, OwnerReference } from '../object.ts';
import { type Fault, forbidden, invalid, invalidEach, required, tooLong } from './faults.ts';
import { labelName, labelValue, type NameRule, qualifiedName } from './rules.ts';
import { utf8Length } from './text.ts';

/** Bytes of all annotation keys and values together. */
export const annotationBytesMax = 256 * 1024;
const managerLengthMax = 128;

/** Faults of a map of labels. */
export const validateLabels = (labels: Readonly<Record<string, string>> | undefined, field: string): Fault[] =>
  Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...invalidEach(field, key, qualifiedName(key)),
    ...invalidEach(field, value, labelValue(value)),
  ]);

/** Faults of a map of annotations: keys as labels but for case, and a limit on the sum of all bytes. */
export const validateAnnotations = (annotations: Readonly<Record<string, string>> | undefined, field: string): Fault[] => {
  const entries = Object.entries(annotations ?? {});
  const faults = entries.flatMap(([key]) => invalidEach(field, key, qualifiedName(key.toLowerCase())));
  const bytes = entries.reduce((sum, [key, value]) => sum + utf8Length(key) + utf8Length(value), 0);
  return bytes > annotationBytesMax ? [...faults, tooLong(field, annotationBytesMax)] : faults;
};

const kindText = (apiVersion: string, kind: string): string =>
  apiVersion.includes('/') ? `${apiVersion}, Kind=${kind}` : `/${apiVersion}, Kind=${kind}`;

const validateOwner = (owner: OwnerReference, field: string): Fault[] => {
  const faults: Fault[] = [];
  if ((owner.apiVersion ?? '') === '') faults.push(invalid(`${field}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'));
  for (const name of ['kind', 'name', 'uid'] as const) {
    if ((owner[name] ?? '') === '') faults.push(invalid(`${field}.${name}`, '', 'must not be empty'));
  }
  if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
    faults.push(invalid(field, owner, `${kindText(owner.apiVersion, owner.kind)} is disallowed from being an owner`));
  }
  return faults;
};

/** Faults of owner references: complete, none of a banned kind, one controller at most. */
export const validateOwners = (owners: readonly OwnerReference[] | undefined, field: string): Fault[] => {
  const faults: Fault[] = [];
  let first = '';
  for (const owner of owners ?? []) {
    faults.push(...validateOwner(owner, field));
    if (owner.controller !== true) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (first === '') first = name;
    else {
      const text = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${name}`;
      faults.push(invalid(field, owners, text));
    }
  }
  return faults;
};

/** Faults of finalizer names. */
export const validateFinalizers = (finalizers: readonly string[] | undefined, field: string): Fault[] => {
  const list = finalizers ?? [];
  const faults = list.flatMap((name) => invalidEach(field, name, qualifiedName(name)));
  if (list.includes('orphan') && list.includes('foregroundDeletion')) {
    faults.push(invalid(field, list, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return faults;
};

const namespaceFaults = (namespace: string | undefined, namespaced: boolean, field: string): Fault[] => {
  if (!namespaced) return (namespace ?? '') === '' ? [] : [forbidden(field, 'not allowed on this type')];
  if ((namespace ?? '') === '') return [required(field)];
  return invalidEach(field, namespace, labelName(namespace ?? '', false));
};

const managerFaults = (object: KubeObject, field: string): Fault[] =>
  (object.metadata.managedFields ?? []).flatMap((entry, index) => {
    const at = `${field}[${index}]`;
    const faults: Fault[] = [];
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      faults.push(invalid(`${at}.operation`, entry.operation, 'must be `Apply` or `Update`'));
    }
    if ((entry.fieldsType ?? 'FieldsV1') !== 'FieldsV1') faults.push(invalid(`${at}.fieldsType`, entry.fieldsType, 'must be `FieldsV1`'));
    if (utf8Length(entry.manager ?? '') > managerLengthMax) faults.push(tooLong(`${at}.manager`, managerLengthMax));
    return faults;
  });

/** Faults of an object's metadata when it is created; the name has been generated already. Field paths start with `metadata`. */
export const validateObjectMeta = (object: KubeObject, namespaced: boolean, nameRule: NameRule): Fault[] => {
  const meta = object.metadata;
  const faults: Fault[] = [];
  const generateName = meta.generateName ?? '';
  if (generateName !== '') faults.push(...invalidEach('metadata.generateName', generateName, nameRule(generateName, true)));
  if ((meta.name ?? '') === '') faults.push(required('metadata.name', 'name or generateName is required'));
  else faults.push(...invalidEach('metadata.name', meta.name, nameRule(meta.name, false)));
  return [
    ...faults,
    ...namespaceFaults(meta.namespace, namespaced, 'metadata.namespace'),
    ...validateLabels(meta.labels, 'metadata.labels'),
    ...validateAnnotations(meta.annotations, 'metadata.annotations'),
    ...validateOwners(meta.ownerReferences, 'metadata.ownerReferences'),
    ...validateFinalizers(meta.finalizers, 'metadata.finalizers'),
    ...managerFaults(object, 'metadata.managedFields'),
  ];
};

/** Faults of changed metadata: what may not change, and everything but the name again. The server keeps uid and the times itself. */
export const validateObjectMetaUpdate = (object: KubeObject, old: KubeObject): Fault[] => {
  const [meta, before] = [object.metadata, old.metadata];
  const faults: Fault[] = [];
  if (before.deletionTimestamp !== undefined) {
    const added = (meta.finalizers ?? []).filter((name) => !(before.finalizers ?? []).includes(name)).sort();
    if (added.length > 0) {
      const list = `[]string{${added.map((name) => JSON.stringify(name)).join(', ')}}`;
      const text = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
      faults.push(forbidden('metadata.finalizers', text));
    }
  }
  for (const name of ['name', 'namespace', 'uid', 'creationTimestamp'] as const) {
    if ((meta[name] ?? '') !== (before[name] ?? '')) faults.push(invalid(`metadata.${name}`, meta[name] ?? '', 'field is immutable'));
  }
  return [
    ...faults,
    ...validateLabels(meta.labels, 'metadata.labels'),
    ...validateAnnotations(meta.annotations, 'metadata.annotations'),
    ...validateOwners(meta.ownerReferences, 'metadata.ownerReferences'),
    ...validateFinalizers(meta.finalizers, 'metadata.finalizers'),
    ...managerFaults(object, 'metadata.managedFields'),
  ];
};
