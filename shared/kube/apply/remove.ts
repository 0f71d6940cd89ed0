/** @module Takes fields out of an object. */
import { anyNode, type JsonObject, put, type SchemaNode } from '../schema/index.ts';
import type { FieldTree } from './field-tree.ts';
import type { PathElement } from './path-element.ts';
import { elementOfItem, elementOfKey, isFault, isWhole, listIn, mapIn, shapeOf } from './typed.ts';

/** What a container becomes when nothing is left in it: null while apply reckons, absent (`undefined`) in what it gives back. */
export type Emptied = null | undefined;

/** The object without the given fields and items (structured-merge-diff, typed/remove.go). Parts that do not change are shared. */
export const removeFields = (node: SchemaNode, value: unknown, fields: FieldTree, emptied: Emptied): unknown => {
  const shape = shapeOf(node, value);
  if (shape === 'scalar') return value;
  if (shape === 'list') {
    const list = listIn(value);
    return list === undefined || isWhole(node, shape) ? emptied : removeItems(node, list, fields, emptied);
  }
  const map = mapIn(value);
  return map === undefined || isWhole(node, shape) ? emptied : removeKeys(node, map, fields, emptied);
};

const removeItems = (node: SchemaNode, list: readonly unknown[], fields: FieldTree, emptied: Emptied): unknown => {
  const out: unknown[] = [];
  for (const item of list) {
    const element = elementOfItem(node, item);
    const entry = isFault(element) ? undefined : fields.get(element);
    if (entry?.owned === true) continue;
    out.push(entry?.children === undefined ? item : removeFields(node.item, item, entry.children, emptied));
  }
  return out.length > 0 ? out : emptied;
};

const removeKeys = (node: SchemaNode, map: JsonObject, fields: FieldTree, emptied: Emptied): unknown => {
  const out: JsonObject = {};
  let size = 0;
  for (const key of Object.keys(map)) {
    const element: PathElement = elementOfKey(node, key);
    const entry = fields.get(element);
    if (entry?.owned === true) continue;
    const below = entry?.children === undefined ? map[key] : removeFields(node.child(key) ?? anyNode, map[key], entry.children, emptied);
    // A key whose value has gone counts: what holds it is then empty, not gone.
    size++;
    if (below !== undefined) put(out, key, below);
  }
  return size > 0 ? out : emptied;
};
