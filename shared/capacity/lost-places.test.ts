/** @module Which of the nodes that are kept for pods have no room for them. */
import { expect, it } from 'vitest';
import { lostPlaces } from './lost-places.ts';
import { plainShape } from './pod-shape.ts';
import { reportOf } from './testing.ts';

const shape = plainShape({ cpu: 2_000 });
const pendingOf = (cpu: number, count: number) => [{ shapeHash: 'x', count, oldestSeconds: 90, requests: { cpu } }];
const reportWith = (free: readonly number[], pending = pendingOf(2_000, 9)) =>
  reportOf(
    free.map((cores, at) => ({ name: `n${at}`, allocatable: { cpu: 8_000 }, free: { cpu: cores * 1_000 } })),
    { pending },
  );

it.each<[string, ReturnType<typeof reportWith>, Record<string, number>, number, Record<string, number>]>([
  ['that others are on', reportWith([1, 8]), { n0: 1 }, 1, { n0: 1 }],
  ['for as many as find no room', reportWith([4, 1]), { n0: 3, n1: 1 }, 4, { n0: 1, n1: 1 }],
  ['for no more than wait', reportWith([0, 0]), { n0: 2, n1: 2 }, 3, { n0: 2, n1: 1 }],
  ['none while there is room', reportWith([2]), { n0: 1 }, 1, {}],
  ['none of what waits with another size', reportWith([0], pendingOf(3_000, 1)), { n0: 1 }, 1, {}],
  ['none that nothing is kept on', reportWith([0]), {}, 1, {}],
])('nodes are lost %s', (_, report, kept, pending, expected) => {
  expect(Object.fromEntries(lostPlaces(report, shape, new Map(Object.entries(kept)), pending))).toEqual(expected);
});
