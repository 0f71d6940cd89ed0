/** @module Pods that wait in a member, of ours and of strangers, against every binding that a scheduler may choose for them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitCluster } from './fit.ts';
import { createRoom } from './room.ts';
import { endsOf, reportFrom, type ShapeCase, shapeFrom, someNodes, someShape } from './room-testing.ts';

type Lot = { readonly asks: ShapeCase; readonly count: number };

const lot = fc.record({ asks: someShape, count: fc.integer({ min: 1, max: 3 }) });
const few = (least: number): fc.Arbitrary<Lot[]> => fc.array(lot, { minLength: least, maxLength: 2 });
const pairs = (lots: readonly Lot[]) => lots.map(({ asks, count }) => [shapeFrom(asks), count] as const);
const own = (lots: readonly Lot[]) => pairs(lots).map(([shape, count]) => ({ shape, count }));
const demandOf = (lots: readonly Lot[], oldestSeconds: number) =>
  lots.map(({ asks: { cpu }, count }, at) => ({ shapeHash: `${at}`, count, oldestSeconds, requests: { cpu } }));
/** Room that no limit of pods a node cuts off. */
const worldOf = (...[nodes]: Parameters<typeof reportFrom>) => {
  const report = reportFrom(nodes);
  return { ...report, nodes: { ...report.nodes, podsFree: nodes.map(() => 1_000) } };
};
/** What all else is a multiple of, so that it fits wherever room is left. */
const crumb = { cpu: 100, zone: undefined, name: undefined, tolerates: false };

describe('the ledger beside pods that wait in the member', () => {
  it('tells exact counts only where every binding of them agrees', () => {
    const seen = { exact: 0, estimates: 0 };
    fc.assert(
      fc.property(someNodes, few(1), few(0), someShape, fc.constantFrom(1, 60), (nodes, ours, strangers, other, ageSeconds) => {
        const report = { ...reportFrom(nodes), pending: demandOf([...ours, ...strangers], ageSeconds) };
        const told = createRoom(report, [], own(ours)).fit(shapeFrom(other));
        seen[told.exact ? 'exact' : 'estimates'] += 1;
        if (!told.exact) return;
        for (const free of endsOf(report, pairs([...ours, ...strangers])))
          expect(fitCluster(report, shapeFrom(other), free).count).toBe(told.count);
      }),
      { numRuns: 1_000 },
    );
    expect(seen.exact).toBeGreaterThan(100);
    expect(seen.estimates).toBeGreaterThan(100);
  });

  it('never promises a node without taints to others when pods that have only just come may be bound there', () => {
    fc.assert(
      fc.property(someNodes, few(0), few(0), fc.boolean(), (nodes, all, strangers, areLate) => {
        // Pods of ours that tolerate the taint are assumed to go where most is free, and what is told beside them is an estimate.
        const ours = all.map(({ asks, count }) => ({ asks: { ...asks, tolerates: false }, count }));
        const report = { ...worldOf(nodes), pending: demandOf(areLate ? strangers : [...ours, ...strangers], 1) };
        const room = areLate ? createRoom(report, own(ours)) : createRoom(report, [], own(ours));
        const told = room.fit(shapeFrom(crumb)).count;
        for (const free of endsOf(report, pairs([...ours, ...strangers])))
          expect(told).toBeLessThanOrEqual(fitCluster(report, shapeFrom(crumb), free).count);
        for (const free of endsOf(report, pairs([...strangers, ...ours])))
          expect(told).toBeLessThanOrEqual(fitCluster(report, shapeFrom(crumb), free).count);
      }),
      { numRuns: 1_000 },
    );
  });
});
