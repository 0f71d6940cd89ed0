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
  // The item that moves is held out and written once, where it comes to rest.
  const sink = (from: number): void => {
    const moving = items[from];
    if (moving === undefined) return;
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      const [one, other] = [items[left], items[left + 1]];
      if (one === undefined) break;
      const isRight = other !== undefined && before(other, one);
      const child = isRight ? other : one;
      if (!before(child, moving)) break;
      items[at] = child;
      at = isRight ? left + 1 : left;
    }
    items[at] = moving;
  };
  const rise = (from: number): void => {
    const moving = items[from];
    if (moving === undefined) return;
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above];
      if (parent === undefined || !before(moving, parent)) break;
      items[at] = parent;
      at = above;
    }
    items[at] = moving;
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
