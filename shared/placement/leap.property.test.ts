/** @module Many seats at once come to what seats one by one come to. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstGroup, leapOf } from './leap.ts';
import { compareSeats, type Line } from './line.ts';

const column = (most: number) =>
  fc.array(fc.integer({ min: 0, max: most }), { minLength: 6, maxLength: 6 }).map((list) => Float64Array.from(list));

describe('leapOf', () => {
  it('leads where seats given one by one lead, with at most so many', () => {
    fc.assert(
      fc.property(
        column(400),
        column(500),
        column(9),
        column(2),
        column(40),
        fc.integer({ min: 1, max: 1_500 }),
        (kept, max, votes, rank, start, most) => {
          const counts = start.map((count, at) => Math.min(count, max[at] ?? 0));
          const line: Line = { kept, votes, rank, order: new Float64Array(6).fill(1) };
          const isOpen = (given: Float64Array) => (at: number) => (given[at] ?? 0) < (max[at] ?? 0);
          const sum = (given: Float64Array): number => given.reduce((all, count) => all + count, 0);
          const group = firstGroup(line, counts, max, isOpen(counts));
          const next = group && leapOf(line, counts, group, (given) => sum(given) - sum(counts) <= most);
          if (next === undefined) return;
          const given = counts.slice();
          for (let seats = sum(next) - sum(counts); seats > 0; seats--) {
            const open = [...given.keys()].filter(isOpen(given));
            const best = open.reduce((first, at) => (compareSeats(line, given, at, first) < 0 ? at : first));
            given[best] = (given[best] ?? 0) + 1;
          }
          expect(next).toEqual(given);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('a line of millions', () => {
  it('is dealt in a few leaps', () => {
    const kept = Float64Array.from([1_500_000, 900_000, 300_001]);
    const line: Line = { kept, votes: new Float64Array(3), rank: new Float64Array(3), order: new Float64Array(3).fill(1) };
    const sum = (given: Float64Array): number => given.reduce((all, count) => all + count, 0);
    const group = firstGroup(line, new Float64Array(3), kept, () => true);
    const next = group && leapOf(line, new Float64Array(3), group, (given) => sum(given) <= 2_000_000);
    expect(2_000_000 - sum(next ?? new Float64Array(3))).toBeLessThan(10);
  });
});
