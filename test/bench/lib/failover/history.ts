/** @module What happened, in order of time, bounded. */

/** A list of things that happened. */
export type History<T> = { readonly add: (item: T) => void; readonly since: (sinceMs: number) => readonly T[] };

/** Keeps the newest `max`; `timeOf` may only grow. */
export const makeHistory = <T>(max: number, timeOf: (item: T) => number): History<T> => {
  let items: T[] = [];
  return {
    add: (item) => {
      items.push(item);
      if (items.length > 2 * max) items = items.slice(-max);
    },
    since: (sinceMs) => items.filter((item) => timeOf(item) >= sinceMs),
  };
};
