/** @module The last changes, in order, with a limit: what a watch can resume from and an old list can be rebuilt from. */

import { weightOf } from '../../lib/weight.ts';
import { firstAfter } from './first-after.ts';
import { CompactedError, type Revision } from './port.ts';
import type { Change } from './store.ts';

/** A bounded history of changes. */
export type Window = {
  /** `textLength` of the change's object, where it is known: its memory is estimated by it, which is quicker than to look at it. */
  readonly push: (change: Change, textLength?: number) => void;
  /** Changes with revision > `from`, oldest first; throws CompactedError when some of them are gone. */
  readonly since: (from: Revision) => readonly Change[];
  /** The oldest revision `since` answers. */
  readonly floor: () => Revision;
  /** Raises the floor: what was told up to there may be of another history. */
  readonly raise: (revision: Revision) => void;
};

/** An object takes about as much for each character of its text: places and names of fields, which are short, cost more than they write. */
const bytesOfCharacter = 3;

/** How much a window keeps: so many changes at least, or so many bytes, whichever is less. */
export type WindowLimits = { readonly changesMax: number; readonly bytesMax: number };

/** An empty window that begins at revision `start`; it keeps up to 1.25 × its limits, and always the newest change. */
export const createWindow = (start: Revision, { changesMax, bytesMax }: WindowLimits): Window => {
  let changes: Change[] = [];
  let weights: number[] = [];
  let bytes = 0;
  let floor = start;
  /** Dropping a quarter at a time keeps the cost of a push constant on average. */
  const drop = (count: number): void => {
    for (const weight of weights.slice(0, count)) bytes -= weight;
    floor = changes[count - 1]?.revision ?? floor;
    changes = changes.slice(count);
    weights = weights.slice(count);
  };
  const shrink = (): void => {
    let dropped = 0;
    let left = bytes;
    while (dropped < changes.length - 1 && (changes.length - dropped > changesMax || left > bytesMax)) left -= weights[dropped++] ?? 0;
    drop(dropped);
  };
  return {
    push: (change, textLength) => {
      const weight = textLength === undefined ? weightOf(change.current.object) : textLength * bytesOfCharacter;
      changes.push(change);
      weights.push(weight);
      bytes += weight;
      if (changes.length > changesMax * 1.25 || bytes > bytesMax * 1.25) shrink();
    },
    since: (from) => {
      if (from < floor) throw new CompactedError(from, floor);
      return changes.slice(firstAfter(changes, from));
    },
    floor: () => floor,
    raise: (revision) => {
      drop(firstAfter(changes, revision));
      floor = Math.max(floor, revision);
    },
  };
};
