/** @module A data directory that cannot be made says where it stopped and why. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDataDir, makeFolder, withDataDirFault } from './data-dir.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-data-dir-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test('it is made with the folders above it, for its owner alone, and may be there already', async () => {
  const path = join(dir, 'a', 'b');
  await makeDataDir(path);
  await makeDataDir(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
});

test.each([
  ['below a file', (file: string) => join(file, 'data'), 'a part of the path is a file'],
  ['in the place of a file', (file: string) => file, 'there is a file of that name'],
])('%s it is refused with the reason', async (_, pathOf, reason) => {
  const file = join(dir, 'file');
  await writeFile(file, '');
  const path = pathOf(file);
  await expect(makeDataDir(path)).rejects.toThrow(
    `the data directory ${path} cannot be made in ${file}: ${reason}; name another with --data-dir`,
  );
});

test.runIf(existsSync('/proc/self'))('where no folder can be made at all, that is said, and not waited for', async () => {
  const told = 'cannot be made in /proc: no folder can be made there; name another with --data-dir';
  await expect(makeDataDir('/proc/hanse')).rejects.toThrow(told);
  await expect(makeDataDir('/proc/hanse/data')).rejects.toThrow(told);
});

test.runIf(existsSync('/proc/self'))('any other folder is told by what it is for, with its own mend', async () => {
  await expect(makeFolder('/proc/hanse/keys', { what: 'the folder of the keys', mend: 'name another file' })).rejects.toThrow(
    'the folder of the keys /proc/hanse/keys cannot be made in /proc: no folder can be made there; name another file',
  );
});

test('two that make the same folder at once both have it', async () => {
  const path = join(dir, 'at', 'once');
  await Promise.all([makeDataDir(path), makeDataDir(path), makeDataDir(join(path, 'below'))]);
  expect((await stat(join(path, 'below'))).isDirectory()).toBe(true);
});

test('a write that found no room is told with the folder and the mend, any other fault as it is', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(withDataDirFault('/data', full)).toMatchObject({
    message: 'the data directory /data cannot be written: no room is left there; free space, or name another with --data-dir',
    cause: full,
  });
  const other = new Error('another');
  expect(withDataDirFault('/data', other)).toBe(other);
});
