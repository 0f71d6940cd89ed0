/** @module The folders of a process, made when they are missing, with words for what keeps them from being made. */
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
const makeMissing = async (path: string, mode: number, mayMakeAbove = true): Promise<void> => {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const isThere = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isThere) return;
    if (codeOf(error) !== 'ENOENT' || !mayMakeAbove || path === dirname(path)) throw error;
    await makeMissing(dirname(path), mode);
    await makeMissing(path, mode, false);
  }
};

/** For messages: what the folder is, and how to have another one; and who may look into it. */
export type FolderOptions = { readonly what: string; readonly mend: string; readonly mode?: number };

/**
 * Makes the folder and those above it, for its owner alone when no mode is given.
 *
 * @throws Error that names the folder, what keeps it from being made, and the mend.
 */
export const makeFolder = async (path: string, { what, mend, mode = 0o700 }: FolderOptions): Promise<void> => {
  try {
    await makeMissing(resolve(path), mode);
  } catch (cause) {
    const why = reasons[codeOf(cause)] ?? String(cause);
    const within = await nearest(resolve(path));
    throw new Error(`${what} ${path} cannot be made in ${within}: ${why}; ${mend}`, { cause });
  }
};

/** {@link makeFolder} for what `--data-dir` names. */
export const makeDataDir = (path: string): Promise<void> =>
  makeFolder(path, { what: 'the data directory', mend: 'name another with --data-dir' });

/** What went wrong while a program wrote below `path`: in words that name it and the mend when there was no room, else as it is. */
export const withDataDirFault = (path: string, error: unknown): unknown => {
  const code = codeOf(error);
  if (!noRoomCodes.has(code)) return error;
  return new Error(`the data directory ${path} cannot be written: ${reasons[code]}; free space, or name another with --data-dir`, {
    cause: error,
  });
};
