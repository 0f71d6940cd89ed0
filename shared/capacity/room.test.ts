/** @module What a cluster has left beside what was promised. */
import { describe, expect, it } from 'vitest';
import { plainShape } from './pod-shape.ts';
import { createRoom } from './room.ts';
import { reportOf } from './testing.ts';

const shape = (cpu: number) => plainShape({ cpu });
const twoNodes = (a: number, b: number) =>
  reportOf([
    { name: 'a', allocatable: { cpu: 3000 }, free: { cpu: a } },
    { name: 'b', allocatable: { cpu: 3000 }, free: { cpu: b } },
  ]);

describe('createRoom', () => {
  it('keeps free in the sum what was promised and found no node, as the member may pack it otherwise', () => {
    const crumbs = twoNodes(500, 500);
    expect(createRoom(crumbs, []).fit(shape(250)).count).toBe(4);
    expect(createRoom(crumbs, [{ shape: shape(750), count: 1 }]).fit(shape(250)).count).toBe(1);
  });

  it('keeps free in the sum what has only just come to the member and may be packed otherwise', () => {
    const pending = [{ shapeHash: 'x', count: 1, oldestSeconds: 1, requests: { cpu: 750 } }];
    expect(createRoom({ ...twoNodes(500, 500), pending }, []).fit(shape(250)).count).toBe(1);
  });

  it('keeps nothing free for pods that wait in the member for long and fit nowhere', () => {
    const pending = [{ shapeHash: 'x', count: 1, oldestSeconds: 60, requests: { cpu: 750 } }];
    expect(createRoom({ ...twoNodes(500, 500), pending }, []).fit(shape(250)).count).toBe(4);
  });

  it('assumes a promised pod where most is free once it is there, not where most is free before', () => {
    // One by one, and as a heap over all nodes deals them.
    for (const count of [1, 17]) {
      const unlike = reportOf([
        { name: 'a', allocatable: { cpu: 2000 * count } },
        { name: 'b', allocatable: { cpu: 3000 * count } },
      ]);
      expect(createRoom(unlike, [{ shape: shape(1500), count }]).fit(shape(3000 * count)).count).toBe(0);
    }
  });

  it('never promises the same room twice, in whatever order it was promised', () => {
    const full = [
      { shape: shape(500), count: 1 },
      { shape: shape(750), count: 5 },
    ];
    for (const assumed of [full, full.toReversed()]) expect(createRoom(twoNodes(2250, 2000), assumed).fit(shape(250)).count).toBe(0);
  });
});
