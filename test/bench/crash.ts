/** @module kill -9 of a process that writes 10,000 objects at once, fifty times on one data directory: what was lost, what was half. */
import { crashRounds } from '../../hub/store/testing/crash-rounds.ts';
import { GROUP_SIZE } from '../../hub/store/testing/crash-writer.ts';
import type { BenchOptions, BenchResult } from './lib/bench.ts';

const WRITES = 10_000;

/** Faults are printed in words; the goals are zero of each. */
export const run = async ({ quick }: BenchOptions): Promise<BenchResult> => {
  const rounds = quick ? 3 : 50;
  const report = await crashRounds({ rounds, commitsPerRound: Math.ceil(WRITES / GROUP_SIZE), seed: 1 }, (round) => {
    process.stderr.write(`round ${round + 1} of ${rounds}\r`);
  });
  const faults = [...report.lost, ...report.half, ...report.broken];
  return {
    title: `kill -9 during ${WRITES} concurrent writes in commits of ${GROUP_SIZE} objects, ${rounds} rounds on one journal`,
    columns: ['figure', 'value'],
    rows: [
      ['rounds killed while commits were under way', report.killedAtWork],
      ['commits acknowledged', report.acknowledged],
      ['commits found after the restarts', report.stored],
      ...faults.slice(0, 20).map((fault) => [fault, 1]),
    ],
    goals: [
      { name: 'acknowledged commits lost', value: report.lost.length, unit: 'commits', bound: 'max', goal: 0 },
      { name: 'commits found half', value: report.half.length, unit: 'commits', bound: 'max', goal: 0 },
      { name: 'other inconsistencies', value: report.broken.length, unit: 'faults', bound: 'max', goal: 0 },
    ],
  };
};
