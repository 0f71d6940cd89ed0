/** @module FieldsV1, the wire form of a field set in managedFields. */
import { isObject, type JsonObject } from '../schema/index.ts';
import { emptyTree, type FieldEntry, type FieldTree, leafEntry, sortedEntries } from './field-tree.ts';
import { parseElement } from './path-element.ts';

const parsed = new WeakMap<JsonObject, FieldTree>();
const written = new WeakMap<FieldTree, JsonObject>();

/** The tree of a FieldsV1 object; elements of unknown kinds are dropped. Undefined when the text is no FieldsV1 at all. */
export const parseFieldsV1 = (fields: unknown): FieldTree | undefined => {
  if (fields === undefined || fields === null) return emptyTree;
  if (!isObject(fields)) return undefined;
  const known = parsed.get(fields);
  if (known !== undefined) return known;
  const tree = parseChildren(fields);
  if (tree === undefined) return undefined;
  parsed.set(fields, tree);
  if (!written.has(tree)) written.set(tree, fields);
  return tree;
};

const parseChildren = (fields: JsonObject): FieldTree | undefined => {
  const tree = new Map<string, FieldEntry>();
  for (const key of Object.keys(fields)) {
    if (key === '.') continue;
    const below = fields[key];
    if (!isObject(below)) return undefined;
    const element = parseElement(key);
    if (element === undefined) {
      if (/^[kvi]:/.test(key)) return undefined;
      continue;
    }
    const children = parseChildren(below);
    if (children === undefined) return undefined;
    if (children.size === 0) tree.set(element, leafEntry);
    else tree.set(element, { owned: Object.hasOwn(below, '.'), children });
  }
  return tree;
};

/** The FieldsV1 object of a tree, in canonical order. Trees are immutable, so the answer is shared: do not change it. */
export const writeFieldsV1 = (tree: FieldTree): JsonObject => {
  const known = written.get(tree);
  if (known !== undefined) return known;
  const fields = writeChildren(tree, false);
  written.set(tree, fields);
  parsed.set(fields, tree);
  return fields;
};

const writeChildren = (tree: FieldTree, self: boolean): JsonObject => {
  const out: JsonObject = {};
  if (self) out['.'] = {};
  for (const [element, entry] of sortedEntries(tree)) {
    out[element] = entry.children === undefined ? {} : writeChildren(entry.children, entry.owned);
  }
  return out;
};
