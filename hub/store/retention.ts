/** @module How much of the past is kept, and the loop that lets the rest go. */
import type { Revision } from '../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { messageOf } from '../../shared/lib/message-of.ts';
import type { SqliteJournal } from './sqlite-journal.ts';

/** Bounds of the log (what watches resume from) and of the history (what people ask about). */
export type Retention = {
  /** Entries older than this may go; a watch that was away longer begins anew. */
  readonly logAgeMsMax: number;
  /** Never more entries than this, however young. */
  readonly logEntriesMax: number;
  readonly historyAgeMsMax: number;
  readonly historyRowsMax: number;
  /** Of the states that the history keeps, in bytes of their text; beyond it the oldest rows go. */
  readonly historyBytesMax: number;
};

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** What the hub keeps unless told otherwise: an hour of watch resumption, thirty days of history, of that a gibibyte of decisions. */
export const defaultRetention: Retention = {
  logAgeMsMax: 60 * MINUTE_MS,
  logEntriesMax: 100_000,
  historyAgeMsMax: 30 * DAY_MS,
  historyRowsMax: 1_000_000,
  historyBytesMax: 1024 * 1024 * 1024,
};

/** Time between two passes. */
export const RETENTION_INTERVAL_MS = MINUTE_MS;

/** The revision up to which the log may go; `revisionOfAge` is the newest one older than `logAgeMsMax`. */
export const compactionTarget = (head: Revision, revisionOfAge: Revision, { logEntriesMax }: Pick<Retention, 'logEntriesMax'>): Revision =>
  Math.max(0, revisionOfAge, head - logEntriesMax);

/** One pass over log and history. */
export const applyRetention = async (journal: SqliteJournal, nowMs: number, retention: Retention): Promise<void> => {
  await journal.compact(compactionTarget(journal.head(), journal.revisionAt(nowMs - retention.logAgeMsMax), retention));
  await journal.pruneHistory({
    beforeMs: nowMs - retention.historyAgeMsMax,
    rowsMax: retention.historyRowsMax,
    bytesMax: retention.historyBytesMax,
  });
};

/** Runs a pass every {@link RETENTION_INTERVAL_MS} until stopped; a pass that fails is logged and tried again. */
export const startRetention = (journal: SqliteJournal, env: RuntimeEnv, retention: Retention = defaultRetention): (() => void) => {
  let cancel = (): void => undefined;
  let stopped = false;
  const pass = async (): Promise<void> => {
    try {
      await applyRetention(journal, env.nowMs(), retention);
    } catch (error) {
      env.log.warn('the journal could not let go of old entries', { error: messageOf(error) });
    }
    if (!stopped) schedule();
  };
  const schedule = (): void => {
    cancel = env.setTimer(RETENTION_INTERVAL_MS, () => void pass());
  };
  schedule();
  return () => {
    stopped = true;
    cancel();
  };
};
