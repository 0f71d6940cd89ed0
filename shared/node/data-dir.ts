/** @module The data directory of a process, made when it is missing, with words for what keeps it from being made. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Reasons by error code. */
const reasons: Readonly<Record<string, string>> = {
  EROFS: 'the file system is read-only',
  ENOENT: 'no folder can be made there',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOSPC: 'no room is left there',
  EDQUOT: "this user's quota is used up",
  EFBIG: 'a file there would grow beyond what this user may write',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'there is a file of that name',
};

/** The nearest folder that is there. */
const nearest = async (path: string): Promise<string> => {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  return isThere || path === dirname(path) ? path : nearest(dirname(path));
};

/** Codes of a write that found no room, or no file that may be written. */
const noRoomCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS']);

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** Not `mkdir` with `recursive`, which never ends where a file system says of a folder that is there that it is not, as /proc does. */
const makeMissing = async (path: string, mayMakeAbove = true): Promise<void> => {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const isThere = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isThere) return;
    if (codeOf(error) !== 'ENOENT' || !mayMakeAbove || path === dirname(path)) throw error;
    await makeMissing(dirname(path));
    await makeMissing(path, false);
  }
};

/**
 * Makes the folder and those above it, for its owner alone.
 *
 * @throws Error that names the folder, what keeps it from being made, and the mend.
 */
export const makeDataDir = async (path: string): Promise<void> => {
  try {
    await makeMissing(resolve(path));
  } catch (cause) {
    const why = reasons[codeOf(cause)] ?? String(cause);
    const within = await nearest(resolve(path));
    throw new Error(`the data directory ${path} cannot be made in ${within}: ${why}; name another with --data-dir`, { cause });
  }
};

/** What went wrong while a program wrote below `path`: in words that name it and the mend when there was no room, else as it is. */
export const withDataDirFault = (path: string, error: unknown): unknown => {
  const code = codeOf(error);
  if (!noRoomCodes.has(code)) return error;
  return new Error(`the data directory ${path} cannot be written: ${reasons[code]}; free space, or name another with --data-dir`, {
    cause: error,
  });
};
