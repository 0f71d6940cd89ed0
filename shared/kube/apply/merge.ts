/** @module Lays an applied configuration over an object. */
import { sameJson } from '../../lib/same-json.ts';
import { anyNode, type JsonObject, own, put, type SchemaNode } from '../schema/index.ts';
import type { PathElement } from './path-element.ts';
import { bothEmpty, elementItems, isWhole, listIn, mapIn, shapeOf } from './typed.ts';

/**
 * `live` with everything that `applied` says (structured-merge-diff, typed/merge.go). Nothing is removed. Lists keep the order of `live`, but for
 * the items that both have, which take the order of `applied`. Parts that do not change are shared with `live`, so an apply without effect
 * gives back `live` itself.
 */
export const mergeObjects = (node: SchemaNode, live: unknown, applied: unknown): unknown => {
  if (applied === undefined || live === applied) return live;
  if (live === undefined) return applied;
  const shape = shapeOf(node, applied);
  if (shape !== shapeOf(node, live) || isWhole(node, shape) || bothEmpty(shape, live, applied)) {
    return sameJson(live, applied) ? live : applied;
  }
  return shape === 'map' ? mergeMaps(node, live, applied) : mergeLists(node, live, applied);
};

const mergeMaps = (node: SchemaNode, live: unknown, applied: unknown): unknown => {
  const theirs = mapIn(applied);
  const ours = mapIn(live);
  if (theirs === undefined) return ours;
  if (ours === undefined) return theirs;
  let out: JsonObject | undefined;
  for (const key of Object.keys(theirs)) {
    const before = own(ours, key);
    const after = mergeObjects(node.child(key) ?? anyNode, before, theirs[key]);
    if (after === before && before !== undefined) continue;
    out ??= { ...ours };
    put(out, key, after);
  }
  return out ?? ours;
};

const mergeLists = (node: SchemaNode, live: unknown, applied: unknown): unknown => {
  const ours = listIn(live);
  const theirs = listIn(applied);
  if (theirs === undefined || theirs.length === 0) return ours;
  if (ours === undefined || ours.length === 0) return theirs;
  const merged = interleave(node, ours, theirs);
  return merged.length === ours.length && merged.every((item, index) => item === ours[index]) ? ours : merged;
};

/** Items by element; an element that appears twice has no single item to merge with. */
const indexItems = (items: readonly { element: PathElement; item: unknown }[]): Map<PathElement, unknown> => {
  const index = new Map<PathElement, unknown>();
  for (const { element, item } of items) index.set(element, index.has(element) ? undefined : item);
  return index;
};

const interleave = (node: SchemaNode, live: readonly unknown[], applied: readonly unknown[]): unknown[] => {
  const ours = elementItems(node, live);
  const theirs = elementItems(node, applied);
  const oursByElement = indexItems(ours);
  const theirsByElement = indexItems(theirs);
  const shared = theirs.filter(({ element }) => oursByElement.has(element)).map(({ element }) => element);
  const merged = new Set<PathElement>();
  const out: unknown[] = [];
  let nextShared = 0;
  let left = 0;
  let right = 0;
  const takeRight = (element: PathElement): void => {
    merged.add(element);
    out.push(mergeObjects(node.item, oursByElement.get(element), theirsByElement.get(element)));
    right++;
  };
  while (left < ours.length || right < theirs.length) {
    const our = ours[left];
    const their = theirs[right];
    if (our !== undefined && their !== undefined) {
      if (our.element === their.element) {
        takeRight(our.element);
        left++;
        nextShared++;
        continue;
      }
      const wanted = shared[nextShared];
      if (theirsByElement.has(our.element) && wanted !== undefined && wanted !== our.element) {
        left++;
        continue;
      }
    }
    if (our !== undefined) {
      if (!theirsByElement.has(our.element)) {
        out.push(our.item);
        left++;
        continue;
      }
      if (merged.has(our.element)) left++;
    }
    if (their !== undefined) {
      if (shared[nextShared] === their.element) nextShared++;
      takeRight(their.element);
    }
  }
  return out;
};
