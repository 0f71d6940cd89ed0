/** @module What a start of the agent leaves behind on disk. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { besideKeys, forgetBeside } from './key-store.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-keys-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('a start that made no keys leaves nothing of the hub either; one beside keys leaves all', async () => {
  const [none, some] = [join(dir, 'none.json'), join(dir, 'some.json')];
  for (const file of [besideKeys(none).hubCa, besideKeys(some).hubCa, some]) await writeFile(file, 'x');
  await forgetBeside(none);
  await forgetBeside(some);
  expect((await readdir(dir)).sort()).toEqual(['some.json', 'some.json.hub-ca.pem']);
});
