/** @module The store's named limits, in one place, with what happens at each. */

/** Writes that share one transaction; the rest of the queue waits for the next one. */
export const BATCH_WRITES_MAX = 1_000;

/** JSON bytes that share one transaction, so that one fsync stays short; a single larger commit still goes alone. */
export const BATCH_BYTES_MAX = 8 * 1024 * 1024;

/** Writes that may wait for the disk; a commit beyond it is refused with 429 and may be tried again. */
export const QUEUE_WRITES_MAX = 50_000;

/** Newest entries kept in memory for followers; one that is further behind reads the log table. */
export const TAIL_ENTRIES_MAX = 2_048;

/** Rows read from a table at once while the event loop waits. */
export const PAGE_ROWS_MAX = 500;

/** Rows deleted in one transaction by compaction and by pruning of the history; commits go between two of them. */
export const PRUNE_ROWS_MAX = 5_000;

/** Size to which the write-ahead log file is cut after a checkpoint. */
export const WAL_BYTES_MAX = 64 * 1024 * 1024;

/** How long one SQLite statement waits for another handle of this process. */
export const BUSY_TIMEOUT_MS = 5_000;

/** While writes are refused the log says so this often, and `/readyz` fails for this long after the last refusal. */
export const REFUSALS_TOLD_EVERY_MS = 60_000;
