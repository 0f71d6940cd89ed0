/**
 * @module Where the load of lost clusters goes: poured over the survivors like water, the least used first, until all are equally full
 * (water-filling). Whole numbers in one unit of load, such as requests a second; the same input gives the same answer in any order.
 */
import { assert } from '../lib/index.ts';
import { sumOf } from '../lib/sum.ts';
import { compareProducts, mulDiv } from './mul-div.ts';

/** One survivor: what it serves now and what it can serve. */
export type Vessel = { readonly cluster: string; readonly load: number; readonly capacity: number };

/** The survivors' loads afterwards, sorted by cluster, and what none of them can take. */
export type Poured = { readonly loads: readonly { readonly cluster: string; readonly load: number }[]; readonly unserved: number };

const parts = 1_000_000;

const byName = (a: Vessel, b: Vessel): number => (a.cluster < b.cluster ? -1 : 1);

/** Load at a level, in millionths of the capacity; a vessel above the level keeps what it has. */
const loadAt = (vessel: Vessel, level: number): number => Math.max(vessel.load, mulDiv(vessel.capacity, level, parts));

/** The highest level at which no more than `amount` was poured. */
const levelFor = (vessels: readonly Vessel[], amount: number): number => {
  const present = sumOf(vessels.map((vessel) => vessel.load));
  let low = 0;
  let high = parts;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (sumOf(vessels.map((vessel) => loadAt(vessel, middle))) - present <= amount) low = middle;
    else high = middle - 1;
  }
  return low;
};

/**
 * Pours `amount` over the vessels. No vessel gets above its capacity; one that is above it already gets nothing and loses nothing.
 *
 * @example
 * pour([{ cluster: 'a', load: 10, capacity: 100 }, { cluster: 'b', load: 40, capacity: 100 }], 30)
 * // a 40, b 40, nothing unserved
 */
export const pour = (survivors: readonly Vessel[], amount: number): Poured => {
  for (const { cluster, load, capacity } of survivors)
    assert(
      Number.isSafeInteger(load) && load >= 0 && Number.isSafeInteger(capacity) && capacity >= 0,
      `whole load and capacity of ${cluster}`,
    );
  assert(Number.isSafeInteger(amount) && amount >= 0, 'a whole amount to pour');
  const vessels = [...survivors].sort(byName);
  const level = levelFor(vessels, amount);
  const loads = vessels.map((vessel) => loadAt(vessel, level));
  let left = amount - sumOf(loads) + sumOf(vessels.map((vessel) => vessel.load));
  // The rest is less than one level a vessel: to the least full ones first, by name where they are alike.
  const order = vessels
    .map((vessel, at) => ({ at, free: vessel.capacity - (loads[at] ?? 0), capacity: vessel.capacity }))
    .filter(({ free }) => free > 0)
    .sort((a, b) => compareProducts(b.free, a.capacity, a.free, b.capacity) || a.at - b.at);
  order.forEach(({ at, free }, index) => {
    const part = Math.min(free, Math.ceil(left / (order.length - index)));
    loads[at] = (loads[at] ?? 0) + part;
    left -= part;
  });
  return { loads: vessels.map(({ cluster }, at) => ({ cluster, load: loads[at] ?? 0 })), unserved: left };
};
