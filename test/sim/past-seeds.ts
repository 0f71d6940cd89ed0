/** @module Which seeds a command runs: those that were asked for, and those that failed once. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Faults } from './faults.ts';
import type { SeedOptions } from './run-seed.ts';

/** The seeds that were asked for, both ends among them. */
export type Range = { readonly from: number; readonly to: number };

/** A seed that failed once. It did so before what is named in `without` happened here, and none of that does while it runs. */
export type PastSeed = { readonly seed: number; readonly why: string; readonly without?: readonly (keyof Faults)[] };

/** What a past seed runs with. */
export const optionsOf = ({ without = [] }: PastSeed): SeedOptions => ({
  faults: (drawn) => ({ ...drawn, ...Object.fromEntries(without.map((fault) => [fault, 0])) }),
});

/** Seeds that failed once, kept for ever: `test/sim/seeds/<seed>.json`. */
export const pastSeeds = (): PastSeed[] =>
  readdirSync(join(import.meta.dirname, 'seeds'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(import.meta.dirname, 'seeds', name), 'utf8')) as PastSeed)
    .sort((a, b) => a.seed - b.seed);

/** The seeds to run, each once: those of the range, and after them these. */
export const seedsOf = (range: Range | undefined, past: readonly PastSeed[]): number[] => {
  const asked = range === undefined ? [] : Array.from({ length: range.to - range.from + 1 }, (_, at) => range.from + at);
  return [...new Set([...asked, ...past.map(({ seed }) => seed)])];
};
