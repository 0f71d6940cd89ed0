/** @module Why the journal's files cannot be opened or written, in words that name the file and the mend. */
import { StatusError } from '../../shared/kube/status-error.ts';
import { messageOf } from '../../shared/lib/message-of.ts';

/** What is wrong with the data directory. */
export type StoreErrorReason = 'Locked' | 'Full' | 'Damaged' | 'NotWritable' | 'Newer';

/** Thrown when the journal cannot be opened; `message` is for the person who starts the hub. */
export class StoreError extends Error {
  override name = 'StoreError';
  readonly reason: StoreErrorReason;

  constructor(reason: StoreErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** The `code` of a Node or SQLite error, '' when it has none. */
export const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** What SQLite or the file system says, as a {@link StoreError}; undefined when it is something else. */
export const storeErrorOf = (error: unknown, file: string): StoreError | undefined => {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  const options = { cause: error };
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT') {
    return new StoreError(
      'Full',
      `no room left to write ${file}: free space on its disk (or raise its size limit); nothing was half written`,
      options,
    );
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return damaged(file, code, options);
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || notWritableCodes.has(code)) {
    return new StoreError(
      'NotWritable',
      `cannot write ${file} (${code}): give the hub's user write access there, or name another --data-dir`,
      options,
    );
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new StoreError(
      'Locked',
      `${file} is in use by another program: close it (a backup? an SQLite shell?), then start the hub again`,
      options,
    );
  }
  return undefined;
};

const notWritableCodes = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'EISDIR', 'SQLITE_PERM']);

/** The database fails its checks: `detail` is SQLite's word for it. */
export const damaged = (file: string, detail: string, options?: ErrorOptions): StoreError =>
  new StoreError(
    'Damaged',
    `${file} is damaged (${detail}): restore the data directory from a backup, or move ${file}, ${file}-wal and ${file}-shm away to begin empty`,
    options,
  );

/**
 * What a commit is refused with when the files cannot be written: 503, so that a client may try again once it is mended. It names no cause:
 * the journal itself tells its log, once a minute and not once a request.
 */
export const commitRefusal = (error: unknown): StatusError =>
  new StatusError(503, 'ServiceUnavailable', `the write was not stored: ${messageOf(error)}`);
