/** @module What the loops must know of a kind: its replicas, its pod template, its names on the bus and in the store. */
import type { WorkloadRef } from '../../shared/api/index.ts';
import { type KubeObject, parseApiVersion } from '../../shared/kube/object.ts';
import type { ResourceType } from '../../shared/kube/resource.ts';
import { keyOf, partsOf, type StorageKey } from '../../shared/kube/storage/index.ts';
import { hash32 } from '../../shared/lib/index.ts';
import type { WorkRef } from '../../shared/wire/index.ts';

/** What the loops ask of the set of served kinds. */
export type KindCatalog = {
  readonly byKind: (group: string, version: string, kind: string) => ResourceType | undefined;
  /** One type a stored resource. */
  readonly stored: () => readonly ResourceType[];
};

type Bag = { readonly [field: string]: unknown };

/** A JSON object, empty where there is none. */
export const bag = (value: unknown): Bag => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Bag) : {});

/** The objects of a list. */
export const bags = (value: unknown): readonly Bag[] => (Array.isArray(value) ? value.map(bag) : []);

const wholeNumber = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : otherwise;

/** Kinds whose `spec.replicas` says how many pods there are. */
const scaledKinds = new Set(['apps/Deployment', 'apps/ReplicaSet', 'apps/StatefulSet', '/ReplicationController']);

/** `apps/Deployment`, `/Pod`. */
export const groupKind = (object: { readonly apiVersion: string; readonly kind: string }): string =>
  `${parseApiVersion(object.apiVersion).group}/${object.kind}`;

/** Where a kind says how many replicas it has; undefined = it has none. */
export const replicasField = (object: KubeObject, type: ResourceType | undefined): string | undefined => {
  const kind = groupKind(object);
  if (kind === 'batch/Job') return 'spec.parallelism';
  if (scaledKinds.has(kind)) return 'spec.replicas';
  return type?.scale?.specReplicas;
};

/** The value at a dotted path. */
export const valueAt = (object: KubeObject, path: string): unknown =>
  path.split('.').reduce<unknown>((value, field) => bag(value)[field], object);

/** Replicas an object asks for; undefined for kinds that have none. A Pod counts as one. */
export const replicasOf = (object: KubeObject, type: ResourceType | undefined): number | undefined => {
  if (groupKind(object) === '/Pod') return 1;
  const field = replicasField(object, type);
  return field === undefined ? undefined : wholeNumber(valueAt(object, field), 1);
};

/** The pod spec that a replica runs; undefined where the object has no pod template. */
export const podSpecOf = (object: KubeObject): unknown => {
  const spec = bag(object.spec);
  if (groupKind(object) === '/Pod') return spec;
  const template = groupKind(object) === 'batch/CronJob' ? bag(bag(bag(spec.jobTemplate).spec).template) : bag(spec.template);
  return template.spec;
};

/** Labels of the pods that an object makes. */
export const podLabelsOf = (object: KubeObject): Readonly<Record<string, string>> => {
  if (groupKind(object) === '/Pod') return object.metadata.labels ?? {};
  const spec = bag(object.spec);
  const template = groupKind(object) === 'batch/CronJob' ? bag(bag(bag(spec.jobTemplate).spec).template) : bag(spec.template);
  return bag(bag(template.metadata).labels) as Readonly<Record<string, string>>;
};

/** The reference of an object in a Placement. */
export const refOf = (object: KubeObject): WorkloadRef => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
});

/** Where the object of a reference is stored; undefined when nobody serves the kind. */
export const objectKeyOf = (catalog: KindCatalog, ref: WorkloadRef): StorageKey | undefined => {
  const { group, version } = parseApiVersion(ref.apiVersion);
  const type = catalog.byKind(group, version, ref.kind);
  return type === undefined ? undefined : keyOf(group, type.resource, ref.namespace, ref.name);
};

/** The kind of a stored object by its key. */
export const typeOfKey = (catalog: KindCatalog, key: StorageKey): ResourceType | undefined => {
  const { group, resource } = partsOf(key);
  return catalog.stored().find((type) => type.group === group && type.resource === resource);
};

/** The reference that goes to an agent. */
export const workRefOf = (key: StorageKey, type: Pick<ResourceType, 'group' | 'version' | 'kind'>): WorkRef => {
  const { resource, namespace, name } = partsOf(key);
  const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
  return { apiVersion, kind: type.kind, resource, namespace, name };
};

const workIdLengthMax = 200;
/** More separators than a key has: such an id cannot be taken for one that can be read back. */
const hashMark = '=======';

/**
 * The work id of a stored object: its key with `=` for `/`, `_` for `.`, and `==` with four hex digits for other signs, so that the key can
 * be read back. A key that is too long is a hash, which cannot.
 */
export const workIdOf = (key: StorageKey): string => {
  const id = key.replace(/[^A-Za-z0-9-]/g, (sign) => {
    if (sign === '/') return '=';
    return sign === '.' ? '_' : `==${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  if (id.length <= workIdLengthMax) return id;
  return `${id.slice(0, 150)}${hashMark}${hash32(key).toString(16)}${hash32(`${key}#`).toString(16)}`;
};

/** The key of a work id; undefined when it cannot be read back. */
export const keyOfWorkId = (id: string): StorageKey | undefined => {
  const key = id
    .replace(/==([0-9a-f]{4})/g, (_, hex: string) => `\u0000${hex}`)
    .replaceAll('=', '/')
    .replaceAll('_', '.')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the mark of an escaped sign; keys hold no control characters.
    .replace(/\u0000([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return key.split('/').length === 4 && workIdOf(key) === id ? key : undefined;
};
