/** @module Strategic merge patch: a merge patch that knows which lists are merged, and by what key. */
import {
  anyNode,
  goPrint,
  isObject,
  type JsonObject,
  jsonWord,
  own,
  type PatchMeta,
  put,
  type SchemaNode,
  without,
} from '../schema/index.ts';
import { badPatch, type PatchResult, patched, refused, tooDeep } from './result.ts';
import {
  badElementOrder,
  badPrimitiveList,
  badRetainKeys,
  noMergeKey,
  StrategicFault,
  unfitTypes,
  unknownDirective,
} from './strategic-faults.ts';
import { holdsObjects, mergeLists, withoutScalars } from './strategic-list.ts';
import { itemKeyOf, orderMerged } from './strategic-order.ts';

const patchDirective = '$patch';
const retainKeysDirective = '$retainKeys';
const deleteListPrefix = '$deleteFromPrimitiveList';
const elementOrderPrefix = '$setElementOrder';

const noMeta: PatchMeta = { strategy: '', retainKeys: false, mergeKey: '' };

/**
 * The object with the patch merged in (apimachinery, strategicpatch): directives `$patch: replace|delete`, `$deleteFromPrimitiveList/…`,
 * `$setElementOrder/…` and `$retainKeys`; lists merged by the key that the kind declares. 400, 422 or 500 with the API server's words when it
 * cannot be. The object is not changed.
 */
export const applyStrategicMergePatch = (node: SchemaNode, object: JsonObject, patch: unknown): PatchResult<JsonObject> => {
  // Go reads null as a map without entries.
  if (patch === null) return patched(object);
  if (!isObject(patch)) {
    return refused(badPatch(`json: cannot unmarshal ${jsonWord(patch)} into Go value of type map[string]interface {}`));
  }
  const deep = tooDeep(patch, object);
  if (deep !== undefined) return refused(deep);
  try {
    return patched(mergeMaps(node, object, patch));
  } catch (error) {
    if (error instanceof StrategicFault) return refused(error.status);
    throw error;
  }
};

const metaOf = (node: SchemaNode, key: string): PatchMeta => node.fields.get(key)?.patch ?? noMeta;
const childOf = (node: SchemaNode, key: string): SchemaNode => node.child(key) ?? anyNode;

const mergeMaps = (node: SchemaNode, original: JsonObject, patch: JsonObject): JsonObject => {
  const directive = own(patch, patchDirective);
  if (directive === 'replace') return without(patch, patchDirective);
  if (directive === 'delete') return {};
  if (directive !== undefined) throw unknownDirective(directive, patch);
  const out = retainKeys(original, patch);
  const done = new Set<string>([retainKeysDirective]);
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(elementOrderPrefix)) continue;
    done.add(key);
    const field = fieldOf(key, elementOrderPrefix) ?? '';
    if (field === '') throw badElementOrder();
    if (orderList(node, out, patch, field, patch[key])) done.add(field);
  }
  // What a patch both takes from a list and puts there stays there.
  for (const key of Object.keys(patch)) if (key.startsWith(deleteListPrefix)) deleteFromList(out, key, patch[key]);
  for (const key of Object.keys(patch)) if (!done.has(key) && !key.startsWith(deleteListPrefix)) mergeField(node, out, key, patch[key]);
  return out;
};

/** `$setElementOrder/env` → `env`; undefined when there is no name. */
const fieldOf = (key: string, prefix: string): string | undefined =>
  key.startsWith(`${prefix}/`) ? key.slice(prefix.length + 1) : undefined;

/** A copy of the original, without what `$retainKeys` does not name. */
const retainKeys = (original: JsonObject, patch: JsonObject): JsonObject => {
  const names = own(patch, retainKeysDirective);
  if (names === undefined) return { ...original };
  if (!Array.isArray(names)) throw badRetainKeys();
  const kept = new Set<unknown>(names);
  for (const key of Object.keys(patch)) {
    const isDirective = key === retainKeysDirective || key.startsWith(deleteListPrefix) || key.startsWith(elementOrderPrefix);
    if (patch[key] !== null && !isDirective && !kept.has(key)) throw badRetainKeys();
  }
  return without(original, ...Object.keys(original).filter((key) => !kept.has(key)));
};

const deleteFromList = (out: JsonObject, key: string, gone: unknown): void => {
  const field = fieldOf(key, deleteListPrefix);
  if (field === undefined) throw badPrimitiveList();
  const list = own(out, field);
  if (Array.isArray(list) && Array.isArray(gone)) put(out, field, withoutScalars(list, gone));
};

const mergeField = (node: SchemaNode, out: JsonObject, key: string, change: unknown): void => {
  if (change === null) {
    delete out[key];
    return;
  }
  const known = own(out, key);
  if (isObject(known) && isObject(change)) {
    const replaces = metaOf(node, key).strategy === 'replace';
    put(out, key, replaces ? change : mergeMaps(childOf(node, key), known, change));
  } else if (Array.isArray(known) && Array.isArray(change)) {
    put(out, key, mergeListField(node, key, known, change));
  } else {
    const plain = withoutDirectives(change, true);
    if (plain === undefined) delete out[key];
    else put(out, key, plain);
  }
};

const mergeListField = (node: SchemaNode, key: string, known: readonly unknown[], change: readonly unknown[]): readonly unknown[] => {
  const meta = metaOf(node, key);
  if (meta.strategy !== 'merge') return change;
  const { item } = childOf(node, key);
  return mergeLists(known, change, meta.mergeKey, item.definition, (original, patch) => mergeMaps(item, original, patch));
};

/** A value without directives and, on request, without nulls in objects; undefined when the value itself is a directive. */
const withoutDirectives = (value: unknown, dropNulls: boolean): unknown => {
  if (Array.isArray(value)) return value.map((item) => withoutDirectives(item, dropNulls)).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, patchDirective)) return undefined;
  const out: JsonObject = {};
  for (const key of Object.keys(value)) {
    const plain = value[key] === null && dropNulls ? undefined : withoutDirectives(value[key], dropNulls);
    if (plain !== undefined) put(out, key, plain);
  }
  return out;
};

const listOr = (value: unknown): readonly unknown[] | undefined => {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value))
    throw unfitTypes(`expected a []interface {}, but received a ${isObject(value) ? 'map[string]interface {}' : typeof value}`);
  return value;
};

/** Merges a field's list and puts it in the order the patch wants; true when that was done. */
const orderList = (node: SchemaNode, out: JsonObject, patch: JsonObject, field: string, order: unknown): boolean => {
  const wanted = listOr(order) ?? [];
  const known = listOr(own(out, field));
  const change = listOr(own(patch, field));
  if (known === undefined && change === undefined) return false;
  const { mergeKey } = metaOf(node, field);
  if ((known ?? []).length === 0 && (change ?? []).length === 0) throw unfitTypes('no elements in any of the given slices');
  checkOrder(change ?? [], wanted, mergeKey);
  const merged = mergedList(node, field, known, change);
  const isKeyed = holdsObjects(known ?? [], change ?? []);
  if (isKeyed) for (const item of wanted) if (isObject(item) && !Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
  put(out, field, orderMerged(merged, wanted, known ?? [], itemKeyOf(mergeKey)));
  return true;
};

const mergedList = (
  node: SchemaNode,
  field: string,
  known: readonly unknown[] | undefined,
  change: readonly unknown[] | undefined,
): readonly unknown[] => {
  if (change === undefined) return known ?? [];
  if (known !== undefined) return mergeListField(node, field, known, change);
  const plain = withoutDirectives(change, false);
  return Array.isArray(plain) ? plain : [];
};

/** Items of the patch must stand in the order's order, and all be named by it; deletions need not. */
const checkOrder = (change: readonly unknown[], wanted: readonly unknown[], mergeKey: string): void => {
  if (change.length === 0 || wanted.length === 0) return;
  const keyOf = itemKeyOf(mergeKey);
  const items = change.filter((item) => !isObject(item) || !Object.hasOwn(item, patchDirective));
  let place = 0;
  for (const item of items) {
    if (isObject(item) && mergeKey !== '' && !Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
    while (place < wanted.length && keyOf(wanted[place]) !== keyOf(item)) place++;
    if (place >= wanted.length) {
      throw unfitTypes(`The order in patch list:\n${goPrint(change)}\n doesn't match ${elementOrderPrefix} list:\n${goPrint(wanted)}\n`);
    }
    place++;
  }
};
