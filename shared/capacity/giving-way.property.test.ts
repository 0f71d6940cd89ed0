/** @module What fits once pods go, held to every choice of which pods go on small clusters. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { givingWay } from './giving-way.ts';
import { plainShape } from './pod-shape.ts';
import { createRoom } from './room.ts';
import type { Lot } from './sure-places.ts';
import { reportOf } from './testing.ts';

type Size = { readonly cpu: number; readonly memory: number };
/** `pods[lot]` = how many of each lot are on the node. */
type Node = { readonly free: Size; readonly pods: readonly number[] };
type World = { readonly nodes: readonly Node[]; readonly sizes: readonly Size[]; readonly asked: Size };

const sizeOf = (most: number, memoryMost: number): fc.Arbitrary<Size> =>
  fc.record({ cpu: fc.integer({ min: 1, max: most }), memory: fc.integer({ min: 0, max: memoryMost }) });

const worldOf = (nodesMax: number, lotsMax: number, memoryMost: number): fc.Arbitrary<World> =>
  fc.integer({ min: 1, max: lotsMax }).chain((lots) =>
    fc.record({
      nodes: fc.array(
        fc.record({
          free: fc.record({ cpu: fc.integer({ min: 0, max: 3 }), memory: fc.integer({ min: 0, max: memoryMost }) }),
          pods: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: lots, maxLength: lots }),
        }),
        { minLength: 1, maxLength: nodesMax },
      ),
      sizes: fc.array(sizeOf(3, memoryMost), { minLength: lots, maxLength: lots }),
      asked: sizeOf(5, memoryMost),
    }),
  );

const freeOnce = ({ free }: Node, sizes: readonly Size[], gone: readonly number[]): Size => ({
  cpu: free.cpu + gone.reduce((sum, count, lot) => sum + count * (sizes[lot]?.cpu ?? 0), 0),
  memory: free.memory + gone.reduce((sum, count, lot) => sum + count * (sizes[lot]?.memory ?? 0), 0),
});

const fitsOn = (free: Size, { cpu, memory }: Size): number =>
  Math.min(Math.floor(free.cpu / cpu), memory === 0 ? Number.POSITIVE_INFINITY : Math.floor(free.memory / memory));

/** Every way to take so many of one lot from nodes that have so many. */
const takings = (held: readonly number[], count: number): number[][] => {
  const [here, ...others] = held;
  if (here === undefined) return count === 0 ? [[]] : [];
  return Array.from({ length: Math.min(here, count) + 1 }, (_, gone) =>
    takings(others, count - gone).map((rest) => [gone, ...rest]),
  ).flat();
};

/** The fewest replicas that fit when so many of each lot go, whichever they are. */
const fewest = ({ nodes, sizes, asked }: World, gone: readonly number[]): number => {
  const choices = gone.reduce<number[][][]>(
    (ways, count, lot) =>
      ways.flatMap((way) =>
        takings(
          nodes.map(({ pods }) => pods[lot] ?? 0),
          count,
        ).map((taking) => [...way, taking]),
      ),
    [[]],
  );
  return Math.min(
    ...choices.map((byLot) =>
      nodes.reduce(
        (sum, node, at) =>
          sum +
          fitsOn(
            freeOnce(
              node,
              sizes,
              byLot.map((taking) => taking[at] ?? 0),
            ),
            asked,
          ),
        0,
      ),
    ),
  );
};

const shapeOf = ({ cpu, memory }: Size) => plainShape({ cpu: cpu * 1_000, memory: memory * 1_024 });

const wayOf = ({ nodes, sizes, asked }: World) => {
  const amounts = ({ cpu, memory }: Size) => ({ cpu: cpu * 1_000, memory: memory * 1_024 });
  const report = reportOf(
    nodes.map((node, at) => ({ name: `n${at}`, free: amounts(node.free), allocatable: amounts(freeOnce(node, sizes, node.pods)) })),
  );
  const lots = sizes.map((size, lot): Lot => ({ shape: shapeOf(size), count: nodes.reduce((sum, { pods }) => sum + (pods[lot] ?? 0), 0) }));
  return { lots, ...givingWay(createRoom(report, []), shapeOf(asked), lots, 3) };
};

describe('what fits once pods go', () => {
  it('is never more than fits whichever of them go', () => {
    fc.assert(
      fc.property(worldOf(3, 2, 3), (world) => {
        const now = fewest(
          world,
          world.sizes.map(() => 0),
        );
        const { most, goneFor } = wayOf(world);
        for (let more = 1; more <= most; more++) expect(fewest(world, goneFor(more))).toBeGreaterThanOrEqual(now + more);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is all that there is on one node, and nobody goes who could stay', () => {
    fc.assert(
      fc.property(worldOf(1, 3, 0), (world) => {
        const now = fewest(
          world,
          world.sizes.map(() => 0),
        );
        const { lots, most, goneFor } = wayOf(world);
        const all = fewest(
          world,
          lots.map(({ count }) => count),
        );
        expect(most).toBe(Math.min(3, all - now));
        for (let more = 1; more <= most; more++) {
          const gone = goneFor(more);
          gone.forEach((count, lot) => {
            if (count > 0) expect(fewest(world, gone.with(lot, count - 1))).toBeLessThan(now + more);
          });
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
