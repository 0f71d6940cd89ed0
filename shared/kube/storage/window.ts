/** @module The last changes, in order, with a limit: what a watch can resume from and an old list can be rebuilt from. */
import { CompactedError, type Revision } from './port.ts';
import type { Change } from './store.ts';

/** A bounded history of changes. */
export type Window = {
  readonly push: (change: Change) => void;
  /** Changes with revision > `from`, oldest first; throws CompactedError when some of them are gone. */
  readonly since: (from: Revision) => readonly Change[];
  /** The oldest revision `since` answers. */
  readonly floor: () => Revision;
};

/** An empty window that begins at revision `start` and keeps between `limit` and 1.25 × `limit` changes. */
export const createWindow = (start: Revision, limit: number): Window => {
  let changes: Change[] = [];
  let floor = start;
  // Dropping a quarter at a time keeps the cost of a push constant on average.
  const slack = Math.ceil(limit / 4);
  return {
    push: (change) => {
      changes.push(change);
      if (changes.length <= limit + slack) return;
      floor = changes[slack - 1]?.revision ?? floor;
      changes = changes.slice(slack);
    },
    since: (from) => {
      if (from < floor) throw new CompactedError(from, floor);
      return changes.slice(firstAfter(changes, from));
    },
    floor: () => floor,
  };
};

const firstAfter = (changes: readonly Change[], revision: Revision): number => {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = changes[middle];
    if (at !== undefined && at.revision <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
};
