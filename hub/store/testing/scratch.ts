/** @module A throw-away data directory with a journal in it, for tests and benchmarks. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RuntimeEnv, silentLog } from '../../../shared/lib/index.ts';
import { nodeEnv } from '../../../shared/node/index.ts';
import { openSqliteJournal, type SqliteJournal, type SqliteJournalOptions } from '../sqlite-journal.ts';

/** The real clock, chance and timers, and no log. */
export const realEnv: RuntimeEnv = nodeEnv(silentLog);

/** A new empty directory; `remove` deletes it. */
export const scratchDirectory = (): { directory: string; remove: () => void } => {
  const directory = mkdtempSync(join(tmpdir(), 'hanse-store-'));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
};

/** A journal in `directory` with the real clock. */
export const openScratch = (directory: string, options: Partial<SqliteJournalOptions> = {}): SqliteJournal =>
  openSqliteJournal({ directory, nowMs: realEnv.nowMs, uuid: realEnv.uuid, log: realEnv.log, ...options });
