/** @module The set of fields that an object mentions. */
import { isObject, type SchemaNode } from '../schema/index.ts';
import { emptyTree, type FieldEntry, type FieldTree, leafEntry } from './field-tree.ts';
import type { PathElement } from './path-element.ts';
import { elementItems, elementOfKey, isWhole, listIn, mapIn, shapeOf } from './typed.ts';

/** What a value says of its own place: that it is owned as a whole, and what is owned inside. */
type Mention = { readonly whole: boolean; readonly children: FieldTree };

const wholeMention: Mention = { whole: true, children: emptyTree };
const nothing: Mention = { whole: false, children: emptyTree };

/**
 * Every leaf and every item that an object mentions (structured-merge-diff, typed/tofieldset.go). Items that appear twice in a list are
 * owned as one, without what is in them.
 */
export const extractFields = (node: SchemaNode, object: unknown): FieldTree => mentionOf(node, object).children;

const mentionOf = (node: SchemaNode, value: unknown): Mention => {
  const shape = shapeOf(node, value);
  if (isWhole(node, shape)) return wholeMention;
  return shape === 'map' ? mentionOfMap(node, value) : mentionOfList(node, value);
};

const mentionOfMap = (node: SchemaNode, value: unknown): Mention => {
  const map = mapIn(value);
  if (map === undefined) return nothing;
  const tree = new Map<PathElement, FieldEntry>();
  for (const key of Object.keys(map)) {
    const below = map[key];
    const child = node.child(key);
    if (child === undefined) continue;
    const mention = mentionOf(child, below);
    const owned = mention.whole || isEmpty(below) || !node.fields.has(key);
    addEntry(tree, elementOfKey(node, key), owned, mention.children);
  }
  return { whole: false, children: tree };
};

const isEmpty = (value: unknown): boolean => value === null || (isObject(value) && Object.keys(value).length === 0);

const mentionOfList = (node: SchemaNode, value: unknown): Mention => {
  const list = listIn(value);
  if (list === undefined) return nothing;
  const tree = new Map<PathElement, FieldEntry>();
  const item = node.item;
  for (const { element, item: below } of elementItems(node, list)) {
    if (tree.has(element)) tree.set(element, leafEntry);
    else addEntry(tree, element, true, mentionOf(item, below).children);
  }
  return { whole: false, children: tree };
};

const addEntry = (tree: Map<PathElement, FieldEntry>, element: PathElement, owned: boolean, children: FieldTree): void => {
  if (children.size > 0) tree.set(element, { owned, children });
  else if (owned) tree.set(element, leafEntry);
};

/**
 * The set with each declared field added that has something below it. A field of a struct goes with its content, a key of a map does not
 * (structured-merge-diff, fieldpath/set.go, EnsureNamedFieldsAreMembers).
 */
export const withDeclaredFields = (node: SchemaNode, tree: FieldTree): FieldTree => {
  const out = new Map<PathElement, FieldEntry>();
  for (const [element, entry] of tree) {
    if (entry.children === undefined) {
      out.set(element, entry);
      continue;
    }
    const key = element.startsWith('f:') ? element.slice(2) : undefined;
    const child = key === undefined ? node.item : node.child(key);
    const declared = key !== undefined && node.fields.has(key);
    out.set(element, {
      owned: entry.owned || declared,
      children: child === undefined ? entry.children : withDeclaredFields(child, entry.children),
    });
  }
  return out;
};
