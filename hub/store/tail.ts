/** @module The newest entries in memory, and the bell that wakes followers. */
import { type Entry, firstAfter, type Revision } from '../../shared/kube/storage/index.ts';
import { PAGE_ROWS_MAX, TAIL_ENTRIES_MAX } from './limits.ts';

/** The end of the journal. */
export type Tail = {
  readonly head: () => Revision;
  /** Adds entries that follow the head. */
  readonly push: (entries: readonly Entry[]) => void;
  /** Leaves revisions out. */
  readonly advance: (revision: Revision) => void;
  /** Up to a page of the entries after `position`; undefined when they are no longer held here. */
  readonly after: (position: Revision) => readonly Entry[] | undefined;
  /** Resolves at the next push, ring, or abort. */
  readonly changed: (signal: AbortSignal) => Promise<void>;
  /** Wakes all who wait, to look again. */
  readonly ring: () => void;
};

/** An empty tail behind `head`. Holds at least {@link TAIL_ENTRIES_MAX} entries and at most twice as many. */
export const createTail = (start: Revision): Tail => {
  let head = start;
  let entries: Entry[] = [];
  /** All entries after this one are held. */
  let base = start;
  const waiting = new Set<() => void>();

  const ring = (): void => {
    const woken = [...waiting];
    waiting.clear();
    for (const wake of woken) wake();
  };
  return {
    head: () => head,
    ring,
    push: (added) => {
      entries.push(...added);
      head = added.at(-1)?.revision ?? head;
      if (entries.length > 2 * TAIL_ENTRIES_MAX) {
        base = entries.at(-TAIL_ENTRIES_MAX - 1)?.revision ?? base;
        entries = entries.slice(-TAIL_ENTRIES_MAX);
      }
      ring();
    },
    advance: (revision) => {
      head = Math.max(head, revision);
      ring();
    },
    after: (position) => {
      if (position >= head) return [];
      if (position < base) return undefined;
      const index = firstAfter(entries, position);
      return entries.slice(index, index + PAGE_ROWS_MAX);
    },
    changed: (signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          waiting.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        waiting.add(done);
        signal.addEventListener('abort', done);
      }),
  };
};
