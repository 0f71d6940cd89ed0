/** @module The hub's journal on disk: SQLite now; the same contract later over JetStream. */
export type { HistoryQuery, HistoryRecord } from './history.ts';
export { checkUnlocked } from './lock.ts';
export { applyRetention, compactionTarget, defaultRetention, RETENTION_INTERVAL_MS, type Retention, startRetention } from './retention.ts';
export { openSqliteJournal, type SqliteJournal, type SqliteJournalOptions } from './sqlite-journal.ts';
export { StoreError, type StoreErrorReason } from './store-error.ts';
