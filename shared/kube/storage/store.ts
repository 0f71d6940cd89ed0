/** @module What the API server reads and writes: a cache of the whole journal with synchronous reads, and watches. */
import type { KubeObject } from '../object.ts';
import type { CommitResult, Revision, StorageKey, Write } from './port.ts';

/** A stored object. Frozen by convention: never changed in place. */
export type Stored = {
  readonly key: StorageKey;
  readonly revision: Revision;
  readonly object: KubeObject;
  /** The object as JSON text; computed once and kept. */
  readonly json: string;
};

/** A change as a watcher sees it. `previous` is the state before, undefined when it did not exist. */
export type Change = {
  readonly revision: Revision;
  readonly op: 'put' | 'delete';
  readonly key: StorageKey;
  /** After a put the new state; after a delete the last state, with the deletion's revision as resourceVersion. */
  readonly current: Stored;
  readonly previous: Stored | undefined;
};

/** Takes changes in order, synchronously; it must not block nor throw. */
export type ChangeSink = (change: Change) => void;

/**
 * The journal's cache. Reads are synchronous and see every commit whose promise resolved (read your writes).
 */
export interface Store {
  /** The revision that reads reflect. */
  revision(): Revision;
  /** The oldest revision from which a watch or `listAt` can start. */
  floor(): Revision;
  get(key: StorageKey): Stored | undefined;
  /** Objects whose key begins with `prefix`, ordered by key, from `after` (exclusive) on. */
  list(prefix: string, options?: { after?: StorageKey; limit?: number }): readonly Stored[];
  /** Number of objects whose key begins with `prefix`. */
  count(prefix: string): number;
  /** As `list`, but as it was at `revision`; throws CompactedError below the floor. */
  listAt(revision: Revision, prefix: string, options?: { after?: StorageKey; limit?: number }): readonly Stored[];
  /**
   * Calls `sink` for each change after `from` to keys that begin with `prefix`: kept ones first, within this call, then new ones as
   * they happen. Throws CompactedError when `from` is below the floor. The answer stops it.
   */
  watch(prefix: string, from: Revision, sink: ChangeSink): () => void;
  commit(writes: readonly Write[]): Promise<CommitResult>;
  /**
   * Leaves out the revisions up to `revision`: as the journal's `advance`. Who watched or listed at one of them reads anew, since it may be of
   * another history. Resolves when reads reflect it.
   */
  advance(revision: Revision, since?: Revision): Promise<void>;
  /** True for a revision that this history never gave out. */
  isForeign(revision: Revision): boolean;
  /** Resolves when reads reflect `revision`. */
  reached(revision: Revision): Promise<void>;
}
