/** @module Rooms whose counts follow each promise against rooms that are counted from nothing, on random clusters and orders. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindPods, type MutableColumns } from './bind.ts';
import { fitCluster, fitNodes } from './fit.ts';
import { refusalsOnceFull } from './once-full.ts';
import { type PodShape, plainShape } from './pod-shape.ts';
import type { CapacityReport } from './report.ts';
import { createRoom } from './room.ts';
import { reportOf } from './testing.ts';

const shapes: readonly PodShape[] = [
  plainShape({ cpu: 500 }),
  plainShape({ cpu: 1_000, memory: 1_024 }),
  plainShape({ cpu: 1_500, memory: 256 }),
  { ...plainShape({ cpu: 250 }), key: 'zoned', nodeSelector: { zone: 'a' } },
  { ...plainShape({ memory: 512 }), key: 'untolerant', tolerations: [] },
];
const node = fc.record({
  cpu: fc.integer({ min: -500, max: 4_000 }),
  memory: fc.integer({ min: 0, max: 4_096 }),
  podsFree: fc.integer({ min: 0, max: 6 }),
  zone: fc.constantFrom('a', 'b'),
  isTainted: fc.boolean(),
});
const step = fc.record({ shape: fc.nat({ max: shapes.length - 1 }), count: fc.integer({ min: 1, max: 20 }) });

const reportWith = (
  nodes: readonly { cpu: number; memory: number; podsFree: number; zone: string; isTainted: boolean }[],
): CapacityReport =>
  reportOf(
    nodes.map(({ cpu, memory, podsFree, zone, isTainted }, at) => ({
      name: `n${at}`,
      allocatable: { cpu: 4_000, memory: 4_096 },
      free: { cpu, memory },
      podsFree,
      labels: { zone },
      taints: isTainted ? [{ key: 'x', value: '', effect: 'NoSchedule' as const }] : [],
    })),
  );

const columnsOf = ({ nodes: { podsFree, free } }: CapacityReport): MutableColumns => ({
  podsFree: Float64Array.from(podsFree),
  free: free.map((row) => Float64Array.from(row)),
});

describe('a room that follows its promises', () => {
  it('binds as the heap over all nodes does, and counts as a count from nothing does', () => {
    fc.assert(
      fc.property(fc.array(node, { minLength: 1, maxLength: 8 }), fc.array(step, { maxLength: 8 }), (nodes, steps) => {
        const report = reportWith(nodes);
        const room = createRoom(report, []);
        const columns = columnsOf(report);
        for (const shape of shapes) room.fit(shape);
        let isOwed = false;
        for (const { shape: at, count } of steps) {
          const shape = shapes[at] ?? shapes[0];
          if (shape === undefined) continue;
          const bound = bindPods(report, columns, { shape, count });
          expect(room.assume({ shape, count })).toBe(bound);
          isOwed ||= bound < count;
          for (const other of shapes) {
            const counted = fitCluster(report, other, columns);
            const told = room.fit(other);
            expect(told.refusals).toEqual(counted.refusals);
            expect(room.refusalsOnceFull?.(other)).toEqual(refusalsOnceFull(fitNodes(report, other, columns)));
            // What found no node is kept free in the sum.
            if (isOwed) expect(told.count).toBeLessThanOrEqual(counted.count);
            else expect(told.count).toBe(counted.count);
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it('counts new shapes alike, whether nodes are joined or one by one, and whatever changed between', () => {
    const alike = fc.constantFrom(
      { cpu: 2_000, memory: 2_048, podsFree: 4, zone: 'a', isTainted: false },
      { cpu: 500, memory: 4_096, podsFree: 6, zone: 'b', isTainted: false },
      { cpu: -500, memory: 1_024, podsFree: 2, zone: 'a', isTainted: true },
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(alike, alike, node), { minLength: 1, maxLength: 24 }),
        fc.array(step, { maxLength: 3 }),
        (nodes, steps) => {
          const report = reportWith(nodes);
          const room = createRoom(report, []);
          const columns = columnsOf(report);
          for (const { shape: at, count } of steps) {
            for (let cpu = 1; cpu <= 6; cpu++) {
              const fresh = [
                plainShape({ cpu: cpu * 100, memory: 256 }),
                { ...plainShape({ cpu }), key: `zoned ${cpu}`, nodeSelector: { zone: 'b' } },
              ];
              for (const shape of fresh) {
                const { count: fits, refusals } = fitCluster(report, shape, columns);
                expect(room.fit(shape)).toMatchObject({ count: fits, refusals });
                expect(room.refusalsOnceFull?.(shape)).toEqual(refusalsOnceFull(fitNodes(report, shape, columns)));
              }
            }
            const shape = shapes[at] ?? plainShape({ cpu: 1 });
            const most = fitCluster(report, shape, columns).count;
            if (most === 0) continue;
            bindPods(report, columns, { shape, count: Math.min(count, most) });
            room.assume({ shape, count: Math.min(count, most) });
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('leaves what it told before as it was', () => {
    const shape = plainShape({ cpu: 1_000 });
    const room = createRoom(reportOf([{ name: 'a', allocatable: { cpu: 2_000 } }]), []);
    const before = room.fit(shape);
    room.assume({ shape, count: 2 });
    expect([before, room.fit(shape)]).toEqual([
      { count: 2, exact: true, refusals: {} },
      { count: 0, exact: true, refusals: { cpu: 1 } },
    ]);
  });
});
