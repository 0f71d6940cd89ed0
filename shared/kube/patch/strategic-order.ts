/** @module The order of a list after a strategic merge: that of the patch, with items only the server has where they were. */
import { isObject, own } from '../schema/index.ts';

/** What tells items of a list apart: their merge key's value, or the items themselves. */
export type ItemKey = (item: unknown) => unknown;

/** The key of items by a merge key; '' for lists of scalars. */
export const itemKeyOf = (mergeKey: string): ItemKey => {
  if (mergeKey === '') return (item) => item;
  return (item) => (isObject(item) ? own(item, mergeKey) : undefined);
};

const placesOf = (list: readonly unknown[], keyOf: ItemKey): ReadonlyMap<unknown, number> => {
  const places = new Map<unknown, number>();
  for (const [place, item] of list.entries()) {
    const key = keyOf(item);
    if (!places.has(key)) places.set(key, place);
  }
  return places;
};

const sortBy = (items: readonly unknown[], order: readonly unknown[], keyOf: ItemKey): unknown[] => {
  const places = placesOf(order, keyOf);
  const placeOf = (item: unknown): number => places.get(keyOf(item)) ?? -1;
  return [...items].sort((left, right) => placeOf(left) - placeOf(right));
};

/**
 * Orders a merged list (apimachinery, strategicpatch, normalizeElementOrder): items that `patchOrder` names come in its order; the others keep
 * the order of `serverOrder` and are put in before the first item that stood behind them there.
 */
export const orderMerged = (
  merged: readonly unknown[],
  patchOrder: readonly unknown[],
  serverOrder: readonly unknown[],
  keyOf: ItemKey,
): unknown[] => {
  const named = new Set(patchOrder.map(keyOf));
  const right = sortBy(
    merged.filter((item) => named.has(keyOf(item))),
    patchOrder,
    keyOf,
  );
  const left = sortBy(
    merged.filter((item) => !named.has(keyOf(item))),
    serverOrder,
    keyOf,
  );
  const places = placesOf(serverOrder, keyOf);
  const out: unknown[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length && j < right.length) {
    const ours = places.get(keyOf(left[i]));
    const theirs = places.get(keyOf(right[j]));
    if (ours !== undefined && theirs !== undefined && ours < theirs) out.push(left[i++]);
    else out.push(right[j++]);
  }
  return [...out, ...left.slice(i), ...right.slice(j)];
};
