/** @module The data directory of a process, made when it is missing, with words for what keeps it from being made. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Reasons by error code; a read-only file system shows as either of the first two, by where the path breaks off. */
const reasons: Readonly<Record<string, string>> = {
  EROFS: 'the file system is read-only',
  ENOENT: 'the file system is read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOSPC: 'no room is left there',
  EDQUOT: "this user's quota is used up",
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

/**
 * Makes the folder and those above it, for its owner alone.
 *
 * @throws Error that names the folder, what keeps it from being made, and the mend.
 */
export const makeDataDir = async (path: string): Promise<void> => {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const why = reasons[code] ?? String(cause);
    const within = await nearest(resolve(path));
    throw new Error(`the data directory ${path} cannot be made in ${within}: ${why}; name another with --data-dir`, { cause });
  }
};
