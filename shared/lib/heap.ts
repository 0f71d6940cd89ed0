/** @module A binary heap: the first item by a total order, again and again. */

/** Items of which the first one by `before` is at hand. */
export type Heap<T> = {
  readonly size: () => number;
  /** The first item; undefined when there is none. */
  readonly peek: () => T | undefined;
  readonly push: (item: T) => void;
  readonly pop: () => T | undefined;
  /** Call after the first item was changed in place so that it may come later. */
  readonly sinkFirst: () => void;
};

/** A heap of `items` (taken over). `before` must be a strict total order. */
export const heapOf = <T>(items: T[], before: (a: T, b: T) => boolean): Heap<T> => {
  const swap = (i: number, j: number): void => {
    const [a, b] = [items[i], items[j]];
    if (a === undefined || b === undefined) return;
    items[i] = b;
    items[j] = a;
  };
  const isBefore = (i: number, j: number): boolean => {
    const [a, b] = [items[i], items[j]];
    return a !== undefined && b !== undefined && before(a, b);
  };
  const sink = (from: number): void => {
    for (let at = from; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let first = isBefore(left, at) ? left : at;
      if (isBefore(right, first)) first = right;
      if (first === at) return;
      swap(at, first);
      at = first;
    }
  };
  const rise = (from: number): void => {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!isBefore(at, parent)) return;
      swap(at, parent);
      at = parent;
    }
  };
  for (let at = items.length >> 1; at >= 0; at--) sink(at);
  return {
    size: () => items.length,
    peek: () => items[0],
    push: (item) => {
      items.push(item);
      rise(items.length - 1);
    },
    pop: () => {
      const first = items[0];
      const last = items.pop();
      if (items.length > 0 && last !== undefined) {
        items[0] = last;
        sink(0);
      }
      return first;
    },
    sinkFirst: () => sink(0),
  };
};
