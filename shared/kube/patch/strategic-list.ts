/** @module Strategic merge of lists whose items are told apart. */
import { goPrint, isObject, type JsonObject, own } from '../schema/index.ts';
import { noListOfLists, noMergeKey, unfitTypes, unknownDirective } from './strategic-faults.ts';
import { itemKeyOf, orderMerged } from './strategic-order.ts';

/** Merges one item's patch into the item. */
export type MergeItem = (original: JsonObject, patch: JsonObject) => JsonObject;

const typeOf = (value: unknown): string => {
  if (Array.isArray(value)) throw noListOfLists();
  return isObject(value) ? 'object' : value === null ? 'null' : typeof value;
};

/** True when the lists hold objects; throws when they hold things of several types. */
export const holdsObjects = (...lists: readonly (readonly unknown[])[]): boolean => {
  let type: string | undefined;
  for (const list of lists) {
    for (const item of list) {
      const own = typeOf(item);
      if (type !== undefined && own !== type) throw unfitTypes(`list element types are not identical: ${goPrint(lists)}`);
      type = own;
    }
  }
  return type === 'object';
};

/** The merged list in its order; `mergeKey` '' is for lists of scalars only. */
export const mergeLists = (
  original: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
  definition: string,
  mergeItem: MergeItem,
): readonly unknown[] => {
  if (original.length === 0 && patch.length === 0) return original;
  if (!holdsObjects(original, patch)) {
    const keyOf = itemKeyOf('');
    return orderMerged([...new Set([...original, ...patch])], patch, original, keyOf);
  }
  if (mergeKey === '') throw unfitTypes(`cannot merge lists without merge key for ${definition}`);
  const plain = obeyDirectives(original.filter(isObject), patch.filter(isObject), mergeKey);
  const merged = mergeItems(plain.original, plain.patch, mergeKey, mergeItem);
  return orderMerged(merged, plain.patch, plain.original, itemKeyOf(mergeKey));
};

/** The list without the given scalars. */
export const withoutScalars = (original: readonly unknown[], gone: readonly unknown[]): unknown[] => {
  const set = new Set(gone);
  return original.filter((item) => !set.has(item));
};

type Lists = { readonly original: readonly JsonObject[]; readonly patch: readonly JsonObject[] };

/** Carries out `$patch: delete` and `$patch: replace` among the items. */
const obeyDirectives = (original: readonly JsonObject[], patch: readonly JsonObject[], mergeKey: string): Lists => {
  const plain: JsonObject[] = [];
  const deleted = new Set<unknown>();
  let isReplaced = false;
  for (const item of patch) {
    const directive = own(item, '$patch');
    if (directive === undefined) plain.push(item);
    else if (directive === 'delete') deleted.add(keyIn(item, mergeKey));
    else if (directive === 'replace') isReplaced = true;
    else if (directive === 'merge') throw unfitTypes('merging lists cannot yet be specified in the patch');
    else throw unknownDirective(directive, item);
  }
  if (isReplaced) return { original: [], patch: plain };
  return { original: original.filter((item) => !deleted.has(own(item, mergeKey))), patch: plain };
};

const keyIn = (item: JsonObject, mergeKey: string): unknown => {
  const key = own(item, mergeKey);
  if (key === undefined) throw noMergeKey(item, mergeKey);
  return key;
};

const mergeItems = (
  original: readonly JsonObject[],
  patch: readonly JsonObject[],
  mergeKey: string,
  mergeItem: MergeItem,
): JsonObject[] => {
  const out = [...original];
  const places = new Map<unknown, number>();
  for (const [place, item] of out.entries()) {
    const key = own(item, mergeKey);
    if (!places.has(key)) places.set(key, place);
  }
  for (const item of patch) {
    const key = keyIn(item, mergeKey);
    const place = places.get(key);
    const known = place === undefined ? undefined : out[place];
    if (place !== undefined && known !== undefined) out[place] = mergeItem(known, item);
    else {
      places.set(key, out.length);
      out.push(item);
    }
  }
  for (const item of out) keyIn(item, mergeKey);
  return out;
};
