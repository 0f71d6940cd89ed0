/** @module The newest entries in memory, and the bell that wakes followers. */
import type { Entry, Revision } from '../../shared/kube/storage/index.ts';
import { PAGE_ROWS_MAX, TAIL_ENTRIES_MAX } from './limits.ts';

/** The end of the journal. */
export type Tail = {
  readonly head: () => Revision;
  /** Adds entries that follow the head without a gap. */
  readonly push: (entries: readonly Entry[]) => void;
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
      head += added.length;
      if (entries.length > 2 * TAIL_ENTRIES_MAX) entries = entries.slice(-TAIL_ENTRIES_MAX);
      ring();
    },
    after: (position) => {
      if (position >= head) return [];
      // Revisions are dense, so the entry after `position` sits at a known place.
      const index = position - (head - entries.length);
      return index < 0 ? undefined : entries.slice(index, index + PAGE_ROWS_MAX);
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
