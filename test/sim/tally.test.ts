/** @module Which seeds a command of the simulator runs, and that it tells the same number of them in each form. */
import { expect, test } from 'vitest';
import { pastSeeds, seedsOf } from './past-seeds.ts';
import type { SeedResult } from './run-seed.ts';
import { createTally } from './tally.ts';

const past = [5, 40].map((seed) => ({ seed, why: 'it failed once' }));

test.each([
  ['a range runs as it is', { from: 4, to: 6 }, [], [4, 5, 6]],
  ['with the seeds that failed once each runs once', { from: 4, to: 6 }, past, [4, 5, 6, 40]],
  ['those run alone', undefined, past, [5, 40]],
])('%s', (_, range, more, seeds) => {
  expect(seedsOf(range, more)).toEqual(seeds);
});

test('seeds that failed once are kept under their own numbers', () => {
  const seeds = pastSeeds().map(({ seed }) => seed);
  expect(seeds.length).toBeGreaterThan(0);
  expect(new Set(seeds).size).toBe(seeds.length);
});

const resultOf = (seed: number): SeedResult => ({
  seed,
  events: 10,
  hash: '',
  faults: '',
  broken: seed === 40 ? { rule: 'a rule', message: 'broken' } : undefined,
  tail: [],
  settledMs: 1_000,
  singletonOverlaps: 0,
  verdicts: { tookMs: [seed], false: 0 },
  clients: { requests: 2, lost: 1, recoverMs: [] },
});

test('all that ran are counted, in JSON as in text, those that failed once too', () => {
  const tally = createTally();
  for (const seed of seedsOf({ from: 4, to: 6 }, past)) tally.add(resultOf(seed));
  expect(tally.document()).toMatchObject({ seeds: 4, failed: [40], events: 40, verdicts: { p50Ms: 6 }, clients: { requests: 8, lost: 4 } });
  expect(tally.lines(2)[0]).toBe('4 seeds, 1 failed, 40 events in 2.0 s (2.0 seeds/s)');
  expect(tally.lines(2)[2]).toBe('8 requests of clients, 4 lost; the last to a cluster that died: p50 - after its death, p99 -');
});

test('what all seeds come to is the same however many have run', () => {
  const tally = createTally();
  for (let seed = 0; seed < 200_000; seed += 1) tally.add({ ...resultOf(1), settledMs: seed === 7 ? 9_000 : 1_000 });
  expect(tally.document()).toMatchObject({ seeds: 200_000, failed: [], events: 2_000_000, verdicts: { p50Ms: 1, p99Ms: 1 } });
  expect(tally.lines(1).at(-1)).toBe('slowest to settle after healing: 9 s of virtual time');
});
