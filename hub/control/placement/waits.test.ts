/** @module How long have how many waited. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextAfter, type Waits, waitingSince, waitsAfter } from './waits.ts';

const seenAs = (counts: readonly number[]): Waits => counts.reduce<Waits>((waits, count, at) => waitsAfter(waits, count, at), []);

describe('those that wait', () => {
  it.each([
    ['count from when they were seen first', [3, 3, 3], [3, 3, 3]],
    ['count later where they came later', [3, 5, 5], [3, 5, 5]],
    ['are as many as have waited all the time when some leave', [3, 5, 2, 2], [2, 2, 2, 2]],
    ['begin anew when nobody waited between', [3, 0, 3], [0, 0, 3]],
  ])('%s', (_, counts, since) => {
    const waits = seenAs(counts);
    expect(since.map((_count, at) => waitingSince(waits, at))).toEqual(since);
  });

  it('tell whose turn is next', () => {
    const waits = seenAs([3, 5, 5, 6]);
    expect([nextAfter(waits, -1), nextAfter(waits, 0), nextAfter(waits, 1), nextAfter(waits, 3)]).toEqual([0, 1, 3, undefined]);
  });

  it('are never more than the fewest that were seen since then', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1 }), (counts) => {
        const waits = seenAs(counts);
        counts.forEach((_, at) => {
          expect(waitingSince(waits, at)).toBe(Math.min(...counts.slice(at)));
        });
      }),
    );
  });
});
