/** @module What the door to every command refuses to install into. */
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hanse-launch-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('where node_modules is a symbolic link nothing is installed, and what it leads to stays', async () => {
  const [other, clone] = [join(folder, 'other'), join(folder, 'clone')];
  await mkdir(other);
  await writeFile(join(other, 'kept'), '');
  const local = join(clone, 'deploy', 'local');
  await mkdir(local, { recursive: true });
  for (const file of ['launch.mjs', 'runtime.json']) await copyFile(join(import.meta.dirname, file), join(local, file));
  await writeFile(join(clone, 'package-lock.json'), '{}');
  await symlink(other, join(clone, 'node_modules'));
  const done = spawnSync(process.execPath, [join(local, 'launch.mjs'), 'hanse', '--version'], { encoding: 'utf8' });
  expect(done.stderr).toBe(
    `${join(clone, 'node_modules')} is a symbolic link, and installing would empty the folder it leads to. Remove the link (rm ${join(clone, 'node_modules')}), then run this again.\n`,
  );
  expect(done.status).toBe(1);
  expect(await readdir(other)).toEqual(['kept']);
});
