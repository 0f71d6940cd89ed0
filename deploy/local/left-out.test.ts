/** @module What a start with fewer members than before says. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { leftOutLines } from './left-out.ts';

test('a start with fewer members than the data directory has names those that it leaves out, and how to run or to give them up', async () => {
  const data = await mkdtemp(join(tmpdir(), 'hanse-left-'));
  for (const name of ['idc-berlin', 'aws-ireland', 'gcp-belgium']) await mkdir(join(data, 'members', name), { recursive: true });
  expect(leftOutLines(data, 3)).toEqual([]);
  expect(leftOutLines(data, 2)).toEqual([
    `gcp-belgium has data here and does not run, as --members is 2: it runs with --members 3; to give it up, delete its Cluster at the hub and the folder ${join(data, 'members', 'gcp-belgium')}`,
  ]);
  expect(leftOutLines(data, 1)).toHaveLength(2);
  await rm(data, { recursive: true });
});
