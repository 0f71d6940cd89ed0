/** @module The journal under kill -9; `npm run bench -- crash` runs the same in fifty rounds. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { crashRounds } from './testing/crash-rounds.ts';
import { openScratch, scratchDirectory } from './testing/scratch.ts';

it('has every acknowledged commit and no half of one after being killed at work', { timeout: 120_000 }, async () => {
  const report = await crashRounds({ rounds: 3, commitsPerRound: 3_334, seed: 1 });
  expect(report).toMatchObject({ lost: [], half: [], broken: [] });
  expect(report.killedAtWork).toBeGreaterThan(0);
  expect(report.stored).toBeGreaterThanOrEqual(report.acknowledged);
});

it('is held by one process alone, which is named, until that process dies in whatever way', { timeout: 60_000 }, async () => {
  const { directory, remove } = scratchDirectory();
  const script = fileURLToPath(new URL('./testing/crash-writer.ts', import.meta.url));
  const child = spawn(process.execPath, [script, directory, '0', '100000'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  expect(() => openScratch(directory)).toThrow(`data directory ${directory} is in use by process ${child.pid}: stop that one`);
  child.stdout.resume();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const journal = openScratch(directory);
  expect(journal.floor()).toBe(0);
  await journal.close();
  remove();
});
