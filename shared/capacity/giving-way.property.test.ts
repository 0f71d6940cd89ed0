/** @module Places that pods make for others, held to every choice of which pods go on small clusters. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Lot, type MadePlace, placesMade } from './giving-way.ts';
import { plainShape } from './pod-shape.ts';
import { createRoom } from './room.ts';
import { reportOf } from './testing.ts';

type Size = { readonly cpu: number; readonly memory: number };
/** `pods[lot]` = how many of each lot are on the node. */
type Node = { readonly free: Size; readonly pods: readonly number[] };
type World = {
  readonly nodes: readonly Node[];
  readonly sizes: readonly Size[];
  readonly chosen: readonly boolean[];
  readonly asked: Size;
};

const sizeOf = (most: number): fc.Arbitrary<Size> =>
  fc.record({ cpu: fc.integer({ min: 1, max: most }), memory: fc.integer({ min: 0, max: 3 }) });

const worldOf = (nodesMax: number, lotsMax: number): fc.Arbitrary<World> =>
  fc.integer({ min: 1, max: lotsMax }).chain((lots) =>
    fc.record({
      nodes: fc.array(
        fc.record({
          free: fc.record({ cpu: fc.integer({ min: 0, max: 3 }), memory: fc.integer({ min: 0, max: 3 }) }),
          pods: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: lots, maxLength: lots }),
        }),
        { minLength: 1, maxLength: nodesMax },
      ),
      sizes: fc.array(sizeOf(3), { minLength: lots, maxLength: lots }),
      chosen: fc.array(fc.boolean(), { minLength: lots, maxLength: lots }),
      asked: sizeOf(5),
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

const heldOf = ({ nodes }: World, lot: number): number[] => nodes.map(({ pods }) => pods[lot] ?? 0);

/** How often the asked one fits on each node by every way in which these places may be made: chosen ones leave their node, of others any do. */
const outcomes = (world: World, places: readonly MadePlace[]): number[][] => {
  const { nodes, sizes, chosen, asked } = world;
  const byLot = sizes.map((_, lot) => {
    const going = places.flatMap(({ node, gone }) => gone.filter((one) => one.lot === lot).map((one) => ({ node, ...one })));
    if (chosen[lot] !== true) {
      return takings(
        heldOf(world, lot),
        going.reduce((sum, { count }) => sum + count, 0),
      );
    }
    return [nodes.map((_node, at) => going.reduce((sum, one) => (one.node === `n${at}` ? sum + one.leave : sum), 0))];
  });
  const ways = byLot.reduce<number[][][]>((all, takingsOf) => all.flatMap((way) => takingsOf.map((taking) => [...way, taking])), [[]]);
  return ways.map((way) =>
    nodes.map((node, at) =>
      fitsOn(
        freeOnce(
          node,
          sizes,
          way.map((taking) => taking[at] ?? 0),
        ),
        asked,
      ),
    ),
  );
};

const amounts = ({ cpu, memory }: Size) => ({ cpu: cpu * 1_000, memory: memory * 1_024 });

const placesIn = (world: World): readonly MadePlace[] => {
  const { nodes, sizes, chosen, asked } = world;
  const report = reportOf(
    nodes.map((node, at) => ({ name: `n${at}`, free: amounts(node.free), allocatable: amounts(freeOnce(node, sizes, node.pods)) })),
  );
  const lots = sizes.map((size, lot): Lot => {
    const held = heldOf(world, lot);
    return {
      shape: plainShape(amounts(size)),
      count: held.reduce((sum, count) => sum + count, 0),
      on: new Map(held.flatMap((count, at) => (count === 0 ? [] : [[`n${at}`, { bound: count, ready: count, leaving: 0 }] as const]))),
      isChosen: chosen[lot] === true,
      rank: lot,
      loss: 0,
    };
  });
  return placesMade(createRoom(report, []), plainShape(amounts(asked)), lots, 3);
};

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

describe('places that others make', () => {
  it('are there whichever go of those that nobody chooses, each on its node', () => {
    fc.assert(
      fc.property(worldOf(3, 2), (world) => {
        const places = placesIn(world);
        const [before = []] = outcomes(world, []);
        for (let made = 1; made <= places.length; made++) {
          const given = places.slice(0, made);
          for (const after of outcomes(world, given)) {
            expect(sumOf(after)).toBeGreaterThanOrEqual(sumOf(before) + made);
            after.forEach((fits, at) => {
              expect(fits).toBeGreaterThanOrEqual((before[at] ?? 0) + given.filter(({ node }) => node === `n${at}`).length);
            });
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('are all that there can be on one node, and nobody goes who could stay', () => {
    fc.assert(
      fc.property(worldOf(1, 3), (world) => {
        const places = placesIn(world);
        const [[now = 0] = []] = outcomes(world, []);
        const [node] = world.nodes;
        const all = node === undefined ? 0 : fitsOn(freeOnce(node, world.sizes, node.pods), world.asked);
        expect(places.length).toBe(Math.min(3, all - now));
        const [first] = places;
        for (const { lot, leave } of first?.gone ?? []) {
          const less = {
            node: 'n0',
            gone: (first?.gone ?? []).map((one) => (one.lot === lot ? { ...one, count: leave - 1, leave: leave - 1 } : one)),
          };
          expect(sumOf(outcomes(world, [less])[0] ?? [])).toBeLessThan(now + 1);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('need one whole node, so that of chosen ones exactly those go that the best node can spare least', () => {
    fc.assert(
      fc.property(worldOf(4, 1), (given) => {
        const world = { ...given, chosen: [true] };
        const [first] = placesIn(world);
        const [before = []] = outcomes(world, []);
        const fewest = world.nodes.map((_, at) => {
          const held = heldOf(world, 0)[at] ?? 0;
          for (let leave = 1; leave <= held; leave++) {
            const one = { node: `n${at}`, gone: [{ lot: 0, count: leave, leave }] };
            if ((outcomes(world, [one])[0]?.[at] ?? 0) > (before[at] ?? 0)) return leave;
          }
          return Number.POSITIVE_INFINITY;
        });
        expect(first?.gone[0]?.leave ?? Number.POSITIVE_INFINITY).toBe(Math.min(...fewest));
      }),
      { numRuns: 1_000 },
    );
  });
});
