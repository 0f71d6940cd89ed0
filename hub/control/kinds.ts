/** @module What the loops must know of a kind: its replicas, its pod template, its names on the bus and in the store. */
import type { WorkloadRef } from '../../shared/api/index.ts';
import { parseApiVersion } from '../../shared/kube/object.ts';
import type { ResourceType } from '../../shared/kube/resource.ts';
import { keyOf, partsOf, prefixOf, type StorageKey } from '../../shared/kube/storage/index.ts';
import { hash32 } from '../../shared/lib/index.ts';
import type { StatusItem, WorkRef } from '../../shared/wire/index.ts';

export {
  bag,
  bags,
  decidedFields,
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

const byPrefix = new WeakMap<readonly ResourceType[], ReadonlyMap<string, ResourceType>>();

/** The stored kinds by the prefix of their keys; a catalog answers the same list until its kinds change. */
const kindsByPrefix = (types: readonly ResourceType[]): ReadonlyMap<string, ResourceType> => {
  const known = byPrefix.get(types) ?? new Map(types.map((type) => [prefixOf(type.group, type.resource), type]));
  byPrefix.set(types, known);
  return known;
};

/** The kind of a stored object by its key. */
export const typeOfKey = (catalog: KindCatalog, key: StorageKey): ResourceType | undefined =>
  kindsByPrefix(catalog.stored()).get(key.slice(0, key.indexOf('/', key.indexOf('/') + 1) + 1));

/** The reference that goes to an agent. */
export const workRefOf = (key: StorageKey, type: Pick<ResourceType, 'group' | 'version' | 'kind'>): WorkRef => {
  const { resource, namespace, name } = partsOf(key);
  const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
  return { apiVersion, kind: type.kind, resource, namespace, name };
};

const workIdLengthMax = 200;
/** More separators than a key has: such an id cannot be taken for one that can be read back. */
const hashMark = '=======';

/** Names are taken to and fro several times while an object is worked on; beyond so many they are forgotten and made anew. */
const namesKeptMax = 16_384;
const remembered = <T>(read: (name: string) => T): ((name: string) => T) => {
  const known = new Map<string, T>();
  return (name) => {
    const kept = known.get(name);
    if (kept !== undefined) return kept;
    const made = read(name);
    if (known.size >= namesKeptMax) known.clear();
    known.set(name, made);
    return made;
  };
};

/**
 * The work id of a stored object: its key with `=` for `/`, `_` for `.`, and `==` with four hex digits for other signs, so that the key can
 * be read back. A key that is too long is a hash, which cannot.
 */
export const workIdOf: (key: StorageKey) => string = remembered((key) => {
  const id = key.replace(/[^A-Za-z0-9-]/g, (sign) => {
    if (sign === '/') return '=';
    return sign === '.' ? '_' : `==${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  if (id.length <= workIdLengthMax) return id;
  return `${id.slice(0, 150)}${hashMark}${hash32(key).toString(16)}${hash32(`${key}#`).toString(16)}`;
});

/** The key of a work id; undefined when it cannot be read back. */
export const keyOfWorkId: (id: string) => StorageKey | undefined = remembered((id) => {
  const key = id
    .replace(/==([0-9a-f]{4})/g, (_, hex: string) => `\u0000${hex}`)
    .replaceAll('=', '/')
    .replaceAll('_', '.')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the mark of an escaped sign; keys hold no control characters.
    .replace(/\u0000([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return key.split('/').length === 4 && workIdOf(key) === id ? key : undefined;
});

/** The key of the object that an answer is about; undefined when its id is not of the object that it names. */
export const keyOfAnswer = ({ id, ref }: Pick<StatusItem, 'id' | 'ref'>): StorageKey | undefined => {
  const key = keyOfWorkId(id);
  if (key !== undefined) return key;
  const named = keyOf(parseApiVersion(ref.apiVersion).group, ref.resource, ref.namespace, ref.name);
  return workIdOf(named) === id ? named : undefined;
};
