/** @module The check every journal driver makes before it writes: do the expectations of a commit hold. */
import { assert } from '../../lib/index.ts';
import type { CommitResult, Revision, StorageKey, Write } from './port.ts';

/**
 * The first write whose expectation does not hold, as the commit's result; undefined when all hold. A delete of what is not there is a
 * conflict with actual revision 0. One commit writes a key once.
 */
export const firstConflict = (writes: readonly Write[], actualOf: (key: StorageKey) => Revision): CommitResult | undefined => {
  assertDistinct(writes);
  for (const { op, key, expected } of writes) {
    const actual = actualOf(key);
    const missing = op === 'delete' && actual === 0;
    if (missing || (expected !== undefined && expected !== actual)) return { ok: false, why: 'conflict', key, actual };
  }
  return undefined;
};

/** Throws when a key is written twice; drivers that queue ask before they do, so that the mistake is its author's alone. */
export const assertDistinct = (writes: readonly Write[]): void => {
  const seen = new Set<StorageKey>();
  for (const { key } of writes) {
    assert(!seen.has(key), `one commit writes ${key} twice`);
    seen.add(key);
  }
};
