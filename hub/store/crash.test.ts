/** @module The journal under kill -9; `npm run bench -- crash` runs the same in fifty rounds. */
import { expect, it } from 'vitest';
import { crashRounds } from './testing/crash-rounds.ts';

it('has every acknowledged commit and no half of one after being killed at work', { timeout: 120_000 }, async () => {
  const report = await crashRounds({ rounds: 3, commitsPerRound: 3_334, seed: 1 });
  expect(report).toMatchObject({ lost: [], half: [], broken: [] });
  expect(report.killedAtWork).toBeGreaterThan(0);
  expect(report.stored).toBeGreaterThanOrEqual(report.acknowledged);
});
