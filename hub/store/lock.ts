/**
 * @module One hub a data directory: an exclusive SQLite transaction on a file of its own. The kernel gives the lock up when its holder
 * dies, however it dies, so a stale lock cannot exist; the pid beside it only makes the message better.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ownersFile } from './owners-file.ts';
import { codeOf, StoreError } from './store-error.ts';

/** Takes the directory by the journal's `name`; the answer gives it back. Throws a {@link StoreError} `Locked` when another hub has it. */
export const lockDirectory = (directory: string, name: string): (() => void) => {
  const pidFile = join(directory, `${name}.pid`);
  const handle = new Database(ownersFile(join(directory, `${name}.lock`)), { timeout: 0 });
  try {
    handle.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    handle.close();
    if (!codeOf(error).startsWith('SQLITE_BUSY')) throw error;
    const holder = readPid(pidFile);
    throw new StoreError(
      'Locked',
      `data directory ${directory} is in use by another hub${holder === undefined ? '' : ` (pid ${holder})`}: stop that one, or name another --data-dir`,
      { cause: error },
    );
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return () => {
    rmSync(pidFile, { force: true });
    handle.close();
  };
};

const readPid = (pidFile: string): string | undefined => {
  try {
    const text = readFileSync(pidFile, 'utf8').trim();
    return /^\d+$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
};
