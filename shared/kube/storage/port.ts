/** @module The journal contract: an append-only log of object writes with one revision counter (DESIGN §5). */
import type { KubeObject } from '../object.ts';

/** Position in the journal; an object's resourceVersion is the revision of its last write. Safe integers from 1; {@link Journal.advance} leaves gaps. */
export type Revision = number;

/**
 * Where an object lives: `<group>/<resource>/<namespace>/<name>`; group and namespace may be empty (`/configmaps/shop/a`,
 * `hanse.dev/clusters//eu-west`). No part contains a slash. Keys order by code unit.
 */
export type StorageKey = string;

/**
 * One write of a commit; a commit writes a key at most once. `expected`: the key's revision that must still hold, 0 = must not exist,
 * undefined = whatever is there. A delete of what is not there is a conflict with actual revision 0.
 * `by`: the user who asked for it, for the history; absent = the object's newest field manager.
 */
export type Write =
  | { readonly op: 'put'; readonly key: StorageKey; readonly expected?: Revision; readonly object: KubeObject; readonly by?: string }
  | { readonly op: 'delete'; readonly key: StorageKey; readonly expected?: Revision; readonly object: KubeObject; readonly by?: string };

/** One committed write. Each write of a commit has a revision of its own, consecutive within the commit. */
export type Entry = {
  readonly revision: Revision;
  readonly op: 'put' | 'delete';
  readonly key: StorageKey;
  /** The object after a put; before a delete the last state. Its metadata.resourceVersion is this entry's revision. */
  readonly object: KubeObject;
  /** Length of the object's text, where the driver has made it. */
  readonly textLength?: number;
};

/** All written, or nothing and why. `unknown` = the journal cannot tell (timeout): read again before deciding. */
export type CommitResult =
  | { readonly ok: true; readonly revisions: readonly Revision[] }
  | { readonly ok: false; readonly why: 'conflict'; readonly key: StorageKey; readonly actual: Revision }
  | { readonly ok: false; readonly why: 'unknown'; readonly cause: unknown };

/** Thrown by `follow` and watches when `from` is below the floor: entries after it are no longer kept. */
export class CompactedError extends Error {
  override name = 'CompactedError';
  readonly floor: Revision;
  constructor(from: Revision, floor: Revision) {
    super(`too old resource version: ${from} (${floor})`);
    this.floor = floor;
  }
}

/** The append-only log. Drivers: memory (here), SQLite (`hub/store`), later JetStream; one contract test holds them all. */
export interface Journal {
  /** Atomic: all writes or none. Concurrent calls may share one durable transaction (group commit). Resolves when durable. */
  commit(writes: readonly Write[]): Promise<CommitResult>;
  /** Every entry with revision > from, exactly once and in order: first those kept, then new ones as they come, until `signal` aborts. */
  follow(from: Revision, signal: AbortSignal): AsyncIterable<Entry>;
  /** All live objects and the revision they are at, for filling a cache at start. */
  snapshot(): Promise<{ revision: Revision; items: AsyncIterable<{ key: StorageKey; object: KubeObject }> }>;
  /** Entries with revision ≤ this may be gone; `follow(from)` with from < floor throws {@link CompactedError}. */
  floor(): Revision;
  /** Newest revision given out. */
  head(): Revision;
  /**
   * Leaves out the revisions up to `revision`, durably: the next commit is numbered above it. For a journal that is an older copy of what was
   * told to others; what is above `since` (the head, when absent) is of another history. Resolves with the head before; does nothing when the
   * head is there already.
   */
  advance(revision: Revision, since?: Revision): Promise<Revision>;
  /** True for a revision that was left out, or is above the head: what bears it is of another history. */
  isForeign(revision: Revision): boolean;
  /** Drops entries up to and including `revision` (live objects stay) and raises the floor. */
  compact(revision: Revision): Promise<void>;
  close(): Promise<void>;
}
