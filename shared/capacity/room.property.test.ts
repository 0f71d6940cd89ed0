/** @module The ledger over a report against every binding that a scheduler may choose: exact only where all of them agree. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitCluster } from './fit.ts';
import { createRoom } from './room.ts';
import { endsOf, reportFrom, shapeFrom, someNodes, someShape } from './room-testing.ts';

describe('the ledger over a report', () => {
  it('tells exact counts only where every binding of what is on its way agrees', () => {
    const seen = { exact: 0, estimates: 0 };
    fc.assert(
      fc.property(
        someNodes,
        fc.array(fc.tuple(someShape, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 2 }),
        someShape,
        fc.boolean(),
        (list, held, other, again) => {
          const report = reportFrom(list);
          const pods = held.map(([one, count]) => [shapeFrom(one), count] as const);
          const last = again ? (pods[0]?.[0] ?? shapeFrom(other)) : shapeFrom(other);
          const room = createRoom(report, []);
          for (const [one, count] of pods) room.assume({ shape: one, count });
          const told = room.fit(last);
          seen[told.exact ? 'exact' : 'estimates'] += 1;
          if (told.exact) for (const columns of endsOf(report, pods)) expect(fitCluster(report, last, columns).count).toBe(told.count);
        },
      ),
      { numRuns: 1_500 },
    );
    expect(seen.exact).toBeGreaterThan(500);
    expect(seen.estimates).toBeGreaterThan(200);
  });
});
