/**
 * @module One hub a data directory: an exclusive SQLite transaction on a file of its own. The kernel gives the lock up when its holder
 * dies, however it dies, so a stale lock cannot exist; the pid beside it only makes the message better.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ownersFile } from './owners-file.ts';
import { codeOf, StoreError } from './store-error.ts';

const lockFileIn = (directory: string, name: string): string => join(directory, `${name}.lock`);
const pidFileIn = (directory: string, name: string): string => join(directory, `${name}.pid`);

/** Takes the directory by the journal's `name`; the answer gives it back. Throws a {@link StoreError} `Locked` when another process has it. */
export const lockDirectory = (directory: string, name: string): (() => void) => {
  const pidFile = pidFileIn(directory, name);
  const handle = exclusive(ownersFile(lockFileIn(directory, name)), directory, pidFile);
  writeFileSync(pidFile, `${process.pid}\n`);
  return () => {
    rmSync(pidFile, { force: true });
    handle.close();
  };
};

/** Names of the journals that a data directory may hold. */
const names: readonly string[] = ['hub', 'journal'];

/**
 * Asks whether a process has the directory, before anything is made or taken for it; one that does not exist is free.
 * Throws a {@link StoreError} `Locked` that names the process.
 */
export const checkUnlocked = (directory: string): void => {
  for (const name of names) {
    const file = lockFileIn(directory, name);
    if (existsSync(file)) exclusive(file, directory, pidFileIn(directory, name)).close();
  }
};

const exclusive = (file: string, directory: string, pidFile: string): Database.Database => {
  const handle = new Database(file, { timeout: 0 });
  try {
    handle.exec('BEGIN EXCLUSIVE');
    return handle;
  } catch (error) {
    handle.close();
    if (!codeOf(error).startsWith('SQLITE_BUSY')) throw error;
    const holder = readPid(pidFile);
    throw new StoreError(
      'Locked',
      `data directory ${directory} is in use by ${holder === undefined ? 'another process' : `process ${holder}`}: stop that one, or name another directory with --data-dir (and other ports with --port)`,
      { cause: error },
    );
  }
};

const readPid = (pidFile: string): string | undefined => {
  try {
    const text = readFileSync(pidFile, 'utf8').trim();
    return /^\d+$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
};
