/** @module Seats dealt from a queue of cells come to what looking at every candidate for each seat comes to. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseDomains } from './domains.ts';
import { classAt, compareQuotients, lineOf } from './line.ts';
import { type Column, nothingIn, type Problem, type Spread, unlimited } from './problem.ts';
import { seat } from './seats.ts';
import { countSeat, open, penaltyOf, standingOf, talliesOf } from './tally.ts';

const size = 12;
const domains = 4;

const column = (most: number) =>
  fc.array(fc.integer({ min: 0, max: most }), { minLength: size, maxLength: size }).map((list) => Float64Array.from(list));

/** One that never holds a seat back for now: what is refused stays so. */
const spread = fc
  .record({
    of: fc.array(fc.integer({ min: 0, max: domains - 1 }), { minLength: size, maxLength: size }),
    hard: fc.boolean(),
    minDomains: fc.integer({ min: 0, max: domains }),
    maxDomains: fc.constantFrom(2, unlimited),
    maxSkew: fc.constantFrom(1, 2, unlimited),
    shareMax: fc.constantFrom(3, 9, unlimited),
  })
  .map(({ of, hard, maxSkew, ...terms }): Spread => {
    const names = Array.from({ length: domains }, (_, at) => `domain-${at}`);
    const sizes = Int32Array.from(names, (_, domain) => of.filter((own) => own === domain).length);
    const eligible = sizes.filter((own) => own > 0).length;
    return { ...terms, key: 'zone', hard, maxSkew: hard ? unlimited : maxSkew, names, of: Int32Array.from(of), sizes, eligible };
  });

/** Each seat to the first of all open ones: by turn, then by preferences, then by quotient. */
const oneByOne = (problem: Problem, kept: Column): Column => {
  const { spreads, max, replicas } = problem;
  const { allowed, isOpen } = chooseDomains(problem);
  const line = lineOf(problem, kept);
  const counts = new Float64Array(size);
  const tallies = talliesOf(problem, allowed, counts);
  const domainsOf = (at: number): Int32Array => Int32Array.from(spreads, ({ of }) => of[at] ?? -1);
  const turn = (at: number): number => classAt(line, at, counts[at] ?? 0) * 1_000 + (line.rank[at] ?? 0);
  for (let left = replicas; left > 0; left--) {
    const mayTake = (at: number): boolean =>
      (counts[at] ?? 0) < (max[at] ?? 0) && isOpen(at) && standingOf(tallies, domainsOf(at), 0, left) === open;
    const [first] = [...counts.keys()]
      .filter(mayTake)
      .sort(
        (a, b) =>
          turn(a) - turn(b) ||
          penaltyOf(tallies, domainsOf(a), 0) - penaltyOf(tallies, domainsOf(b), 0) ||
          compareQuotients(line, counts, a, b),
      );
    if (first === undefined) break;
    counts[first] = (counts[first] ?? 0) + 1;
    for (const [at, tally] of tallies.entries()) countSeat(tally, domainsOf(first)[at] ?? -1);
  }
  return counts;
};

describe('seats under preferences', () => {
  it('go each to the first that goes against fewest of them', () => {
    fc.assert(
      fc.property(
        fc.array(spread, { minLength: 1, maxLength: 3 }),
        column(9),
        column(12),
        column(3),
        column(1),
        fc.integer({ min: 1, max: 60 }),
        (spreads, votes, max, kept, rank, replicas) => {
          const nothing = nothingIn(size);
          const given = { replicas, min: nothing, max, room: max, current: nothing, running: nothing, isBereft: false };
          const problem: Problem = { ...given, rank, tier: nothing, votes, spreads };
          const expected = oneByOne(problem, kept);
          expect(seat(problem, chooseDomains(problem), nothing, lineOf(problem, kept))).toEqual(expected);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
