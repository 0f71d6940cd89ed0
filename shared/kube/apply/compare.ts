/** @module What changed from one object to another, as field sets. */
import type { SchemaNode } from '../schema/index.ts';
import { anyNode } from '../schema/index.ts';
import { type FieldTree, insertPath, type MutableFieldTree } from './field-tree.ts';
import type { PathElement } from './path-element.ts';
import { bothEmpty, differs, elementItems, elementOfKey, isWhole, listIn, mapIn, type Shape, shapeOf } from './typed.ts';

/** No path is in more than one of the three; all empty means that the objects are equal. */
export type Comparison = { readonly added: FieldTree; readonly modified: FieldTree; readonly removed: FieldTree };

/**
 * Compares two objects of one kind (structured-merge-diff, typed/compare.go). `undefined` is absence, which is not null. What is the very same
 * value on both sides is not looked into.
 */
export const compareObjects = (node: SchemaNode, left: unknown, right: unknown): Comparison => {
  const walk = new Walk();
  walk.compare(node, left, right);
  return { added: walk.added, modified: walk.modified, removed: walk.removed };
};

class Walk {
  readonly added: MutableFieldTree = new Map();
  readonly modified: MutableFieldTree = new Map();
  readonly removed: MutableFieldTree = new Map();
  readonly #path: PathElement[] = [];

  compare(node: SchemaNode, left: unknown, right: unknown): void {
    if (left === right) return;
    const before = shapeOf(node, left);
    const after = shapeOf(node, right);
    if (before === after || left === undefined || right === undefined) {
      this.#compareShape(node, right === undefined ? before : after, left, right);
      return;
    }
    if (before === 'map' && !node.atomic) this.#maps(node, left, undefined);
    if (after === 'map' && !node.atomic) this.#maps(node, undefined, right);
    this.#leaf(left, right);
  }

  #compareShape(node: SchemaNode, shape: Shape, left: unknown, right: unknown): void {
    if (isWhole(node, shape) || bothEmpty(shape, left, right)) {
      this.#leaf(left, right);
      return;
    }
    if (shape === 'map') this.#maps(node, left, right);
    else this.#lists(node, left, right);
    if (left === undefined) this.#put(this.added);
    else if (right === undefined) this.#put(this.removed);
  }

  #leaf(left: unknown, right: unknown): void {
    if (left === undefined) this.#put(this.added);
    else if (right === undefined) this.#put(this.removed);
    else if (differs(left, right)) this.#put(this.modified);
  }

  #put(tree: MutableFieldTree): void {
    insertPath(tree, this.#path);
  }

  #below(element: PathElement, node: SchemaNode, left: unknown, right: unknown): void {
    this.#path.push(element);
    this.compare(node, left, right);
    this.#path.pop();
  }

  #maps(node: SchemaNode, left: unknown, right: unknown): void {
    const before = mapIn(left);
    const after = mapIn(right);
    if (before !== undefined) {
      for (const key of Object.keys(before)) {
        const theirs = after !== undefined && Object.hasOwn(after, key) ? after[key] : undefined;
        const ours = before[key];
        if (ours !== theirs) this.#below(elementOfKey(node, key), node.child(key) ?? anyNode, ours, theirs);
      }
    }
    if (after === undefined) return;
    for (const key of Object.keys(after)) {
      if (before === undefined || !Object.hasOwn(before, key)) {
        this.#below(elementOfKey(node, key), node.child(key) ?? anyNode, undefined, after[key]);
      }
    }
  }

  #lists(node: SchemaNode, left: unknown, right: unknown): void {
    const before = groupItems(node, left);
    const after = groupItems(node, right);
    for (const [element, ours] of before) this.#items(node, element, ours, after.get(element) ?? []);
    for (const [element, theirs] of after) if (!before.has(element)) this.#items(node, element, [], theirs);
  }

  /** Items that appear twice are compared as one value; what becomes double or single again is marked at its element. */
  #items(node: SchemaNode, element: PathElement, ours: readonly unknown[], theirs: readonly unknown[]): void {
    if (ours.length <= 1 && theirs.length <= 1) {
      this.#below(element, node.item, ours[0], theirs[0]);
      return;
    }
    const path = [...this.#path, element];
    if (ours.length >= 2 && theirs.length >= 2) {
      if (differs(ours, theirs)) insertPath(this.modified, path);
    } else if (ours.length >= 2) {
      if (theirs.length > 0) this.#below(element, node.item, undefined, theirs[0]);
      insertPath(this.removed, path);
    } else {
      if (ours.length > 0) this.#below(element, node.item, ours[0], undefined);
      insertPath(this.added, path);
    }
  }
}

const groupItems = (node: SchemaNode, value: unknown): Map<PathElement, unknown[]> => {
  const groups = new Map<PathElement, unknown[]>();
  for (const { element, item } of elementItems(node, listIn(value) ?? [])) {
    const group = groups.get(element);
    if (group === undefined) groups.set(element, [item]);
    else group.push(item);
  }
  return groups;
};
