/** @module Files that only the hub's user may read, from their first byte on. */
import { chmodSync, closeSync, openSync } from 'node:fs';

/** Makes the file when it is missing, mode 0600 whatever the umask says; SQLite gives its companions the same mode. Answers with the path. */
export const ownersFile = (path: string): string => {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
  return path;
};
