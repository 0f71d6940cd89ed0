/** @module What the loops must know of a kind: its replicas, its pod template, its names on the bus and in the store. */
import type { WorkloadRef } from '../../shared/api/index.ts';
import { parseApiVersion } from '../../shared/kube/object.ts';
import type { ResourceType } from '../../shared/kube/resource.ts';
import { keyOf, partsOf, type StorageKey } from '../../shared/kube/storage/index.ts';
import { hash32 } from '../../shared/lib/index.ts';
import type { WorkRef } from '../../shared/wire/index.ts';

export {
  bag,
  bags,
  groupKind,
  podLabelsOf,
  podSpecOf,
  podTemplateOf,
  refOf,
  replicasField,
  replicasOf,
  valueAt,
} from '../../shared/placement/index.ts';

/** What the loops ask of the set of served kinds. */
export type KindCatalog = {
  readonly byKind: (group: string, version: string, kind: string) => ResourceType | undefined;
  /** One type a stored resource. */
  readonly stored: () => readonly ResourceType[];
};

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
