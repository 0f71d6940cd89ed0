/** @module Pouring lost load over survivors: conserved, never above capacity, as level as whole numbers allow. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pour, type Vessel } from './share-out.ts';

const vessel = (cluster: string, load: number, capacity: number): Vessel => ({ cluster, load, capacity });

describe('pouring', () => {
  it.each([
    ['the least used first', [vessel('a', 10, 100), vessel('b', 40, 100)], 30, { a: 40, b: 40 }, 0],
    ['equal shares of what each can take', [vessel('a', 0, 300), vessel('b', 0, 100)], 100, { a: 75, b: 25 }, 0],
    ['what none can take is unserved', [vessel('a', 90, 100), vessel('b', 50, 60)], 50, { a: 100, b: 60 }, 30],
    ['one above its capacity gets nothing', [vessel('a', 120, 100), vessel('b', 0, 100)], 10, { a: 120, b: 10 }, 0],
    ['single units go by name', [vessel('b', 0, 10), vessel('a', 0, 10)], 1, { a: 1, b: 0 }, 0],
    ['nobody left', [], 7, {}, 7],
  ])('%s', (_, vessels, amount, loads, unserved) => {
    const poured = pour(vessels, amount);
    expect(Object.fromEntries(poured.loads.map(({ cluster, load }) => [cluster, load]))).toEqual(loads);
    expect(poured.unserved).toBe(unserved);
  });

  it('keeps every unit, fills none above its capacity, and leaves no one fuller than another that could have taken it', () => {
    const vessels = fc.uniqueArray(
      fc.record({ cluster: fc.stringMatching(/^[a-z]$/), load: fc.nat({ max: 1000 }), capacity: fc.nat({ max: 1000 }) }),
      { selector: (item) => item.cluster, maxLength: 8 },
    );
    fc.assert(
      fc.property(vessels, fc.nat({ max: 5000 }), (drawn, amount) => {
        const poured = pour(drawn, amount);
        const before = new Map(drawn.map((item) => [item.cluster, item]));
        const gained = poured.loads.map(({ cluster, load }) => ({ ...(before.get(cluster) ?? vessel(cluster, 0, 0)), now: load }));
        expect(gained.reduce((total, item) => total + item.now - item.load, 0) + poured.unserved).toBe(amount);
        for (const item of gained) {
          expect(item.now).toBeGreaterThanOrEqual(item.load);
          if (item.now > item.load) expect(item.now).toBeLessThanOrEqual(item.capacity);
          if (poured.unserved > 0) expect(item.now).toBeGreaterThanOrEqual(item.capacity);
          // Moving one unit from a poured vessel to another would leave that one fuller than the first was.
          for (const other of gained)
            if (item.now > item.load && other.now < other.capacity)
              expect((other.now + 1) * item.capacity).toBeGreaterThanOrEqual((item.now - 1) * other.capacity);
        }
      }),
    );
  });
});
