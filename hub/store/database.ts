/** @module Opens the journal's SQLite file: pragmas, damage check, migrations. */
import Database from 'better-sqlite3';
import { BUSY_TIMEOUT_MS, WAL_BYTES_MAX } from './limits.ts';
import { migrations, SCHEMA_VERSION } from './migrations.ts';
import { damaged, StoreError } from './store-error.ts';

/** A better-sqlite3 handle. */
export type Handle = Database.Database;

/** Bytes of one page; fixed when the file is made. */
const PAGE_BYTES = 4096;

/**
 * A handle with the journal's settings: WAL, fsync at each commit (`synchronous = FULL`), bounded waits. `bytesMax` caps the file:
 * a write beyond it fails with SQLITE_FULL.
 */
export const openHandle = (file: string, bytesMax?: number): Handle => {
  const handle = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    handle.pragma(`page_size = ${PAGE_BYTES}`);
    handle.pragma('journal_mode = WAL');
    handle.pragma('synchronous = FULL');
    handle.pragma(`journal_size_limit = ${WAL_BYTES_MAX}`);
    if (bytesMax !== undefined) handle.pragma(`max_page_count = ${Math.max(1, Math.floor(bytesMax / PAGE_BYTES))}`);
    return handle;
  } catch (error) {
    handle.close();
    throw error;
  }
};

/** Checks the file for damage, then brings it to this build's schema. `newUid` names the federation when the file is new. */
export const prepareDatabase = (handle: Handle, file: string, newUid: () => string): void => {
  const verdict = handle.pragma('quick_check(1)', { simple: true });
  if (verdict !== 'ok') throw damaged(file, String(verdict));
  handle
    .transaction(() => {
      handle.exec('CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID');
      const version = Number(readMeta(handle, 'schemaVersion') ?? '0');
      if (version > SCHEMA_VERSION) {
        throw new StoreError(
          'Newer',
          `${file} was written by a newer Hanse (schema ${version}, this one knows ${SCHEMA_VERSION}): start that version, or restore an older backup`,
        );
      }
      for (const statements of migrations.slice(version)) for (const statement of statements) handle.exec(statement);
      if (version < SCHEMA_VERSION) writeMeta(handle, 'schemaVersion', String(SCHEMA_VERSION));
      if (readMeta(handle, 'clusterUid') === undefined) writeMeta(handle, 'clusterUid', newUid());
    })
    .immediate();
};

/** One row of `meta`. */
export const readMeta = (handle: Handle, name: string): string | undefined => {
  const value = handle.prepare('SELECT value FROM meta WHERE name = ?').pluck().get(name);
  return typeof value === 'string' ? value : undefined;
};

/** Sets one row of `meta`. */
export const writeMeta = (handle: Handle, name: string, value: string): void => {
  handle.prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value').run(name, value);
};
