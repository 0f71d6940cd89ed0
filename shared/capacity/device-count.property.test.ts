/** @module Devices that share counters, against every choice of an allocator: exact where all agree, and never more than the fewest. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviceCount } from './device-count.ts';
import type { Device, DeviceAsk, DeviceStock } from './device-stock.ts';

type Case = {
  readonly left: readonly number[];
  /** What each device takes of each counter, and which requests select it. */
  readonly devices: readonly { readonly takes: readonly number[]; readonly selected: readonly boolean[]; readonly value: number }[];
  /** Alternatives of each request, by what they count. */
  readonly requests: readonly (readonly number[])[];
  readonly isMatched: boolean;
};

const cases: fc.Arbitrary<Case> = fc.record({
  left: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 2 }),
  devices: fc.array(
    fc.record({
      takes: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 2 }),
      selected: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      value: fc.nat(1),
    }),
    { maxLength: 7 },
  ),
  requests: fc.array(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 }),
  isMatched: fc.boolean(),
});

const counters = ['a', 'b'];
const matchOf = ({ requests, isMatched }: Case): boolean => isMatched && requests.flat().length === 1;

const asked = (one: Case): { readonly stock: DeviceStock; readonly asks: readonly DeviceAsk[] } => {
  const devices = one.devices.map(
    ({ takes, selected, value }, at): Device => ({
      key: `d${at}`,
      cel: {
        driver: 'x',
        attributes: new Map<string, string | number | boolean>([...selected.map((is, ask) => [`s${ask}`, is] as const), ['v', value]]),
        capacity: new Map(),
        allowMultipleAllocations: false,
      },
      taints: [],
      consumes: takes.flatMap((amount, counter) => (amount === 0 ? [] : [{ counter: counters[counter] ?? '', amount: BigInt(amount) }])),
    }),
  );
  let number = 0;
  const askOf = (count: number): DeviceAsk => {
    const name = `s${number++}`;
    return {
      className: name,
      count: BigInt(count),
      all: false,
      selectors: [({ attributes }) => attributes.get(name) === true],
      tolerations: [],
      match: matchOf(one) ? 'v' : undefined,
    };
  };
  const asks = one.requests.map((counts): DeviceAsk => {
    const [first, ...orElse] = counts.map(askOf);
    if (first === undefined) throw new Error('a request has an alternative');
    return orElse.length === 0 ? first : { ...first, orElse };
  });
  const stock: DeviceStock = {
    byNode: new Map([['n', devices]]),
    wide: [],
    used: new Set(),
    left: new Map(one.left.map((amount, at) => [counters[at] ?? '', BigInt(amount)])),
    silent: new Set(),
    classes: new Map(),
    extended: new Map(),
    templates: new Map(),
    tellsEach: true,
  };
  return { stock, asks };
};

const subsets = (places: readonly number[], size: number): number[][] =>
  size === 0 ? [[]] : places.flatMap((place, at) => subsets(places.slice(at + 1), size - 1).map((rest) => [place, ...rest]));

/** Fewest and most replicas, device by device. */
const reference = (one: Case): { readonly fewest: number; readonly most: number } => {
  const fits = (taken: readonly number[]): boolean =>
    one.left.every((amount, counter) => taken.reduce((sum, at) => sum + (one.devices[at]?.takes[counter] ?? 0), 0) <= amount);
  let number = 0;
  const requests = one.requests.map((counts) => counts.map((count) => ({ count, ask: number++ })));
  const combinations = requests.reduce<{ count: number; ask: number }[][]>(
    (before, request) => before.flatMap((some) => request.map((alternative) => [...some, alternative])),
    [[]],
  );
  const after = (taken: readonly number[], wanted: readonly { count: number; ask: number }[]): number[][] => {
    const [first, ...rest] = wanted;
    if (first === undefined) return [[...taken]];
    const free = one.devices.flatMap(({ selected }, at) => (selected[first.ask] === true && !taken.includes(at) ? [at] : []));
    return subsets(free, first.count)
      .filter((some) => !matchOf(one) || new Set(some.map((at) => one.devices[at]?.value)).size === 1)
      .map((some) => [...taken, ...some])
      .filter(fits)
      .flatMap((state) => after(state, rest));
  };
  const seen = new Map<string, { fewest: number; most: number }>();
  const from = (taken: readonly number[]): { fewest: number; most: number } => {
    const key = [...taken].sort().join();
    const known = seen.get(key);
    if (known !== undefined) return known;
    const next = combinations.map((wanted) => after(taken, wanted)).find((states) => states.length > 0) ?? [];
    const ends = next.map(from);
    const found =
      ends.length === 0
        ? { fewest: 0, most: 0 }
        : { fewest: 1 + Math.min(...ends.map(({ fewest }) => fewest)), most: 1 + Math.max(...ends.map(({ most }) => most)) };
    seen.set(key, found);
    return found;
  };
  return from([]);
};

test('devices count the lowest number of all choices of the allocator, exactly where they agree, and never none where one fits', () => {
  let exact = 0;
  fc.assert(
    fc.property(cases, (one) => {
      const { stock, asks } = asked(one);
      const { fewest, most } = reference(one);
      const counted = deviceCount(stock, asks, 'n', 100n);
      if (counted.exact) expect([fewest, most]).toEqual([Number(counted.count), Number(counted.count)]);
      else expect(Number(counted.count)).toBeLessThanOrEqual(fewest);
      if (asks.length === 1 && asks[0]?.orElse === undefined) expect(Number(counted.count)).toBe(fewest);
      if (fewest > 0) expect(Number(counted.count)).toBeGreaterThan(0);
      if (counted.exact) exact += 1;
    }),
    { numRuns: 2_000 },
  );
  expect(exact).toBeGreaterThan(1_000);
});
