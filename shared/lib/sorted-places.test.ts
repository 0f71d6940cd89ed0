/** @module Order of places, whatever the numbers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IndexHeap } from './index-heap.ts';
import { sortedPlaces } from './sorted-places.ts';

const small = fc.integer({ min: -5, max: 5 });
const any = fc.oneof(small, fc.maxSafeInteger());

const byDefinition = (pairs: readonly (readonly [number, number])[]): number[] =>
  [...pairs.keys()].sort((x, y) => {
    const [[a, b], [c, d]] = [pairs[x] ?? [0, 0], pairs[y] ?? [0, 0]];
    return a < c ? -1 : a > c ? 1 : b < d ? -1 : b > d ? 1 : x - y;
  });

describe('sortedPlaces', () => {
  it.each([
    ['small numbers', small],
    ['numbers too large to be packed', any],
  ])('orders by the first number, the second, the place: %s', (_, number) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number), { maxLength: 40 }), (pairs) => {
        const [first, second] = [Float64Array.from(pairs, ([a]) => a), Float64Array.from(pairs, ([, b]) => b)];
        expect([...sortedPlaces(first, second)]).toEqual(byDefinition(pairs));
      }),
    );
  });
});

describe('IndexHeap', () => {
  it('gives places in order, whatever is taken, put back and changed between', () => {
    fc.assert(
      fc.property(fc.array(small, { minLength: 1, maxLength: 30 }), (values) => {
        const items = Int32Array.from(values.keys());
        const heap = new IndexHeap(
          items,
          items.length,
          (a, b) => (values[a] ?? 0) < (values[b] ?? 0) || (values[a] === values[b] && a < b),
        );
        const top = heap.peek();
        values[top] = (values[top] ?? 0) + 4;
        heap.sinkFirst();
        const taken = heap.pop();
        heap.push(taken);
        const order: number[] = [];
        for (let next = heap.pop(); next >= 0; next = heap.pop()) order.push(next);
        expect(order).toEqual([...values.keys()].sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0) || a - b));
      }),
    );
  });
});
