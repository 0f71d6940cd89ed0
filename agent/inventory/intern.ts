/** @module Gives equal values one small number each, and takes the number back when nobody holds it. */

/** A counted set of values. */
export type Interner<T> = {
  /** The number of the value with this key; made by `make` when new. Each call holds it once. */
  readonly hold: (key: string, make: () => T) => number;
  /** Lets go of one hold; the value is dropped with the last. */
  readonly release: (id: number) => void;
  readonly valueOf: (id: number) => T;
  readonly size: () => number;
};

/** An empty interner; numbers of dropped values are given out again. */
export const createInterner = <T>(): Interner<T> => {
  const ids = new Map<string, number>();
  const slots: ({ readonly key: string; readonly value: T; holds: number } | undefined)[] = [];
  const free: number[] = [];
  const slotOf = (id: number): { readonly key: string; readonly value: T; holds: number } => {
    const slot = slots[id];
    if (slot === undefined) throw new RangeError(`interned number ${id} is not held`);
    return slot;
  };
  return {
    hold: (key, make) => {
      const known = ids.get(key);
      if (known !== undefined) {
        slotOf(known).holds += 1;
        return known;
      }
      const id = free.pop() ?? slots.length;
      slots[id] = { key, value: make(), holds: 1 };
      ids.set(key, id);
      return id;
    },
    release: (id) => {
      const slot = slotOf(id);
      slot.holds -= 1;
      if (slot.holds > 0) return;
      ids.delete(slot.key);
      slots[id] = undefined;
      free.push(id);
    },
    valueOf: (id) => slotOf(id).value,
    size: () => ids.size,
  };
};
