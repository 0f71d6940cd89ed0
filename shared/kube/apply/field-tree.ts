/** @module A set of field paths as a tree; trees are immutable and share their branches. */
import { type PathElement, sortElements } from './path-element.ts';

/** A step that is in the set itself (`owned`), has steps below it, or both. */
export type FieldEntry = { readonly owned: boolean; readonly children: FieldTree | undefined };

/** A set of field paths: first elements and what follows them. */
export type FieldTree = ReadonlyMap<PathElement, FieldEntry>;

/** A tree under construction, not yet seen by others. */
export type MutableFieldTree = Map<PathElement, MutableFieldEntry>;
/** An entry of a {@link MutableFieldTree}. */
export type MutableFieldEntry = { owned: boolean; children: MutableFieldTree | undefined };

/** The empty set. */
export const emptyTree: FieldTree = new Map();

/** An entry without anything below; shared. */
export const leafEntry: FieldEntry = { owned: true, children: undefined };

const entryOf = (owned: boolean, children: FieldTree | undefined): FieldEntry | undefined => {
  const below = children === undefined || children.size === 0 ? undefined : children;
  if (below === undefined) return owned ? leafEntry : undefined;
  return { owned, children: below };
};

/** Adds a path to a tree under construction; the empty path is nothing. */
export const insertPath = (tree: MutableFieldTree, path: readonly PathElement[]): void => {
  let at = tree;
  for (const [depth, element] of path.entries()) {
    const last = depth === path.length - 1;
    let entry = at.get(element);
    if (entry === undefined) {
      entry = { owned: false, children: undefined };
      at.set(element, entry);
    }
    if (last) entry.owned = true;
    else {
      entry.children ??= new Map();
      at = entry.children;
    }
  }
};

/** A set of the given paths. */
export const treeOf = (...paths: readonly (readonly PathElement[])[]): FieldTree => {
  const tree: MutableFieldTree = new Map();
  for (const path of paths) insertPath(tree, path);
  return tree;
};

/** True when the very path is in the set. */
export const hasPath = (tree: FieldTree, path: readonly PathElement[]): boolean => {
  let at: FieldTree | undefined = tree;
  let entry: FieldEntry | undefined;
  for (const element of path) {
    entry = at?.get(element);
    if (entry === undefined) return false;
    at = entry.children;
  }
  return entry?.owned ?? false;
};

/** Paths in either set. */
export const union = (left: FieldTree, right: FieldTree): FieldTree => {
  if (right.size === 0 || left === right) return left;
  if (left.size === 0) return right;
  const out = new Map(left);
  let changed = false;
  for (const [element, theirs] of right) {
    const ours = out.get(element);
    const children = ours?.children === undefined ? theirs.children : union(ours.children, theirs.children ?? emptyTree);
    if (ours !== undefined && ours.children === children && (ours.owned || !theirs.owned)) continue;
    out.set(element, ours === undefined ? theirs : { owned: ours.owned || theirs.owned, children });
    changed = true;
  }
  return changed ? out : left;
};

/** Paths in both sets. */
export const intersection = (left: FieldTree, right: FieldTree): FieldTree => {
  if (left === right) return left;
  const out = new Map<PathElement, FieldEntry>();
  for (const [element, ours] of left) {
    const theirs = right.get(element);
    if (theirs === undefined) continue;
    const children = intersection(ours.children ?? emptyTree, theirs.children ?? emptyTree);
    const entry = entryOf(ours.owned && theirs.owned, children);
    if (entry !== undefined) out.set(element, entry);
  }
  return out;
};

const removeFrom = (left: FieldTree, right: FieldTree, wholly: boolean): FieldTree => {
  if (left.size === 0 || right.size === 0) return left;
  const out = new Map<PathElement, FieldEntry>();
  let changed = false;
  for (const [element, ours] of left) {
    const theirs = right.get(element);
    if (theirs === undefined) {
      out.set(element, ours);
      continue;
    }
    if (wholly && theirs.owned) {
      changed = true;
      continue;
    }
    const children = ours.children && removeFrom(ours.children, theirs.children ?? emptyTree, wholly);
    const owned = ours.owned && !theirs.owned;
    const entry = owned === ours.owned && children === ours.children ? ours : entryOf(owned, children);
    if (entry !== ours) changed = true;
    if (entry !== undefined) out.set(element, entry);
  }
  return changed ? out : left;
};

/** Paths of `left` that are not in `right`; a path below one of `right` stays. */
export const difference = (left: FieldTree, right: FieldTree): FieldTree => removeFrom(left, right, false);

/** Paths of `left` that are neither in `right` nor below one of `right`. */
export const differenceBelow = (left: FieldTree, right: FieldTree): FieldTree => removeFrom(left, right, true);

/** True when each path of `part` is in `whole`. */
export const isSubset = (part: FieldTree, whole: FieldTree): boolean => {
  if (part === whole) return true;
  for (const [element, ours] of part) {
    const theirs = whole.get(element);
    if (theirs === undefined || (ours.owned && !theirs.owned)) return false;
    if (ours.children !== undefined && !isSubset(ours.children, theirs.children ?? emptyTree)) return false;
  }
  return true;
};

/** True when both hold the same paths. */
export const equalTrees = (left: FieldTree, right: FieldTree): boolean => isSubset(left, right) && isSubset(right, left);

/** Entries in the canonical order of their elements. */
export const sortedEntries = (tree: FieldTree): (readonly [PathElement, FieldEntry])[] =>
  sortElements(tree.keys()).map((element) => [element, tree.get(element) ?? leafEntry] as const);

/** Each path of the set: those that end at a level come before those that go deeper. */
export function* pathsOf(tree: FieldTree, prefix: readonly PathElement[] = []): Generator<readonly PathElement[]> {
  const entries = sortedEntries(tree);
  for (const [element, entry] of entries) if (entry.owned) yield [...prefix, element];
  for (const [element, entry] of entries) if (entry.children !== undefined) yield* pathsOf(entry.children, [...prefix, element]);
}
