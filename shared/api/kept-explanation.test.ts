/** @module Rows of an explanation come back as they were. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explanationRows, isSameOutcome, keptExplanation } from './kept-explanation.ts';
import type { ExplanationRow } from './placement.ts';

const count = fc.nat({ max: 3 });
const word = fc.constantFrom('', 'taint', 'a, b*2');
const rowsOf = fc
  .array(
    fc.record(
      {
        eligible: fc.boolean(),
        reason: word,
        message: word,
        fits: count,
        exact: fc.boolean(),
        refusals: fc.dictionary(fc.constantFrom('cpu', 'memory'), count),
        bound: word,
        tier: word,
        scores: fc.array(fc.record({ term: word, score: count }), { maxLength: 2 }),
        price: word,
        share: count,
        before: count,
        got: count,
      },
      { requiredKeys: ['eligible', 'reason', 'message', 'before', 'got'] },
    ),
    { maxLength: 60 },
  )
  .map((rows) => rows.map((row, at): ExplanationRow => ({ cluster: `c${at}`, ...row })));
const never = (): boolean => false;

describe('a kept explanation', () => {
  it('gives back every row as it was, through JSON as well', () => {
    fc.assert(
      fc.property(rowsOf, (rows) => {
        const kept = JSON.parse(JSON.stringify(keptExplanation(rows))) as ReturnType<typeof keptExplanation>;
        expect(explanationRows(kept)).toEqual(rows);
      }),
    );
  });

  it('is the same outcome exactly when the same clusters may take replicas, others may not for the same reason, and all got as many', () => {
    const outcome = (rows: readonly ExplanationRow[]): unknown =>
      rows.map(({ cluster, eligible, reason, message, got }) => [cluster, eligible ? '' : [reason, message], got]);
    fc.assert(
      fc.property(rowsOf, fc.array(fc.nat(), { maxLength: 3 }), fc.boolean(), (rows, places, isGot) => {
        const other = rows.map((row, at) =>
          places.some((place) => place % rows.length === at) ? { ...row, ...(isGot ? { got: 1 } : { eligible: true }), fits: 9 } : row,
        );
        const isSame = JSON.stringify(outcome(rows)) === JSON.stringify(outcome(other));
        expect(isSameOutcome(keptExplanation(rows), keptExplanation(other), never)).toBe(isSame);
      }),
    );
  });

  it('says nothing else when a cluster in doubt may take replicas or may not', () => {
    const rows: ExplanationRow[] = ['a', 'b'].map((cluster) => ({ cluster, eligible: true, reason: '', message: '', before: 0, got: 1 }));
    const doubted = rows.map((row) => (row.cluster === 'b' ? { ...row, eligible: false, reason: 'taint' } : row));
    const [before, after] = [keptExplanation(rows), keptExplanation(doubted)];
    expect(isSameOutcome(before, after, never)).toBe(false);
    expect(isSameOutcome(before, after, (cluster) => cluster === 'b')).toBe(true);
  });

  it('of a hundred clusters that differ in a number is less than a fifth of its rows', () => {
    const rows = Array.from(
      { length: 100 },
      (_, at): ExplanationRow => ({
        cluster: `cluster-${at}`,
        eligible: true,
        reason: '',
        message: '',
        fits: 1_000 + at,
        exact: true,
        share: at < 4 ? 25 : 0,
        before: 0,
        got: at < 4 ? 1 : 0,
      }),
    );
    expect(JSON.stringify(keptExplanation(rows)).length * 5).toBeLessThan(JSON.stringify(rows).length);
  });
});
