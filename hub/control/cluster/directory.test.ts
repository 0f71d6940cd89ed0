/** @module Which clusters count as away, so that nobody waits for them: the hub that has just started, and one that is back, say less. */
import { expect, test } from 'vitest';
import { createDirectory } from './directory.ts';
import type { HealthPhase } from './health.ts';
import { createLedger } from './ledger.ts';

const directoryWith = (phase: HealthPhase) => {
  const directory = createDirectory(createLedger(), { nowMs: () => 0, monotonicMs: () => 0 });
  const record = directory.of('a');
  record.health = { ...record.health, phase };
  return { directory, record };
};

test.each<[HealthPhase, isUnheard: boolean, isAway: boolean]>([
  ['Well', false, false],
  ['Suspect', false, false],
  ['Lost', true, true],
  ['Unseen', true, false],
  ['Returning', true, false],
])('of a cluster that is %s nothing may be withdrawn: %s; it counts as away: %s', (phase, isUnheard, isAway) => {
  const { directory } = directoryWith(phase);
  expect([directory.isUnheard('a'), directory.isAway('a')]).toEqual([isUnheard, isAway]);
});

test('a cluster counts as away while nobody can tell whether it lives, and while a limit keeps it from being given up', () => {
  const { directory, record } = directoryWith('Suspect');
  directory.noteDoubt('a', true);
  expect(directory.isAway('a')).toBe(true);
  directory.noteDoubt('a', false);
  record.held = 'Survivors';
  expect(directory.isAway('a')).toBe(true);
});
