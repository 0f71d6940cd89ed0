/**
 * @module How sets of devices that share counters may be left: how many of them are taken and how many more then fit together, by every choice
 * of the allocator (KEP-4815, partitionable devices).
 */
import type { Device, DeviceStock } from './device-stock.ts';

/** States looked at for one set of devices; beyond it nothing is known of how it may be left. */
const statesMax = 5_000;
/** Sets of devices of which it is remembered how they may be left: most GPUs of a cluster are alike. */
const keptMax = 4_096;
const kept = new WeakMap<DeviceStock['byNode'], Map<string, readonly Left[] | undefined>>();

/** How a set is left, by place of the value that devices are told apart by: how many are taken, and how many more would fit together. */
export type Left = { readonly taken: readonly number[]; readonly room: readonly number[] };

/** Counters that these devices together overdraw. */
export const contendedCounters = (stock: DeviceStock, devices: Iterable<Device>): ReadonlySet<string> => {
  const wanted = new Map<string, bigint>();
  for (const { consumes } of devices) for (const { counter, amount } of consumes) wanted.set(counter, (wanted.get(counter) ?? 0n) + amount);
  return new Set([...wanted].filter(([counter, amount]) => amount > (stock.left.get(counter) ?? 0n)).map(([counter]) => counter));
};

/** Items in sets of which no two have a key in common. */
export const apartBy = <T>(items: readonly T[], keysOf: (item: T) => Iterable<unknown>): readonly (readonly T[])[] => {
  type Joined = { readonly items: T[]; readonly keys: Set<unknown> };
  const setBy = new Map<unknown, Joined>();
  const sets = new Set<Joined>();
  for (const item of items) {
    const keys = [...keysOf(item)];
    const [first, ...others] = new Set(keys.flatMap((key) => setBy.get(key) ?? []));
    const joined: Joined = first ?? { items: [], keys: new Set() };
    sets.add(joined);
    joined.items.push(item);
    for (const other of others) {
      joined.items.push(...other.items);
      keys.push(...other.keys);
      sets.delete(other);
    }
    for (const key of keys) {
      joined.keys.add(key);
      setBy.set(key, joined);
    }
  }
  return [...sets].map((set) => set.items);
};

/** Equal devices, by the place of their value and what each takes of the counters at these places. */
type Kind = { readonly value: number; readonly takes: readonly (readonly [place: number, amount: bigint])[]; readonly count: number };

const kindsOf = (devices: readonly Device[], counters: readonly string[], placeOf: (device: Device) => number): readonly Kind[] => {
  const kinds = new Map<string, Kind>();
  for (const device of devices) {
    const takes = device.consumes.flatMap(({ counter, amount }) => {
      const place = counters.indexOf(counter);
      return place < 0 ? [] : [[place, amount] as const];
    });
    const value = placeOf(device);
    const key = `${value} ${takes.join(';')}`;
    kinds.set(key, { value, takes, count: (kinds.get(key)?.count ?? 0) + 1 });
  }
  return [...kinds.values()];
};

/** How devices, of which each fits by itself, may be left; undefined where there are too many ways. `placeOf` is a place below `values`. */
export const waysLeft = (
  stock: DeviceStock,
  devices: readonly Device[],
  contended: ReadonlySet<string>,
  values: number,
  placeOf: (device: Device) => number,
): readonly Left[] | undefined => {
  const counters = [...new Set(devices.flatMap(({ consumes }) => consumes.map(({ counter }) => counter)))].filter((one) =>
    contended.has(one),
  );
  const kinds = kindsOf(devices, counters, placeOf);
  const left = counters.map((counter) => stock.left.get(counter) ?? 0n);
  const known = kept.get(stock.byNode) ?? new Map<string, readonly Left[] | undefined>();
  kept.set(stock.byNode, known);
  const key = `${values}|${left.join()}|${kinds.map(({ value, takes, count }) => `${count}:${value}:${takes.join(';')}`).join('|')}`;
  if (known.has(key)) return known.get(key);
  const found = search(kinds, left, values);
  if (known.size >= keptMax) known.clear();
  known.set(key, found);
  return found;
};

/** Every way of taking some of the devices; undefined when there are too many. */
const search = (kinds: readonly Kind[], left: readonly bigint[], values: number): readonly Left[] | undefined => {
  const seen = new Map<string, readonly number[]>();
  const ways = new Map<string, Left>();
  const none: readonly number[] = Array.from({ length: values }, () => 0);
  /** How many more of each value fit once these are taken. */
  const from = (counts: readonly number[], rest: readonly bigint[]): readonly number[] | undefined => {
    const key = counts.join();
    const before = seen.get(key);
    if (before !== undefined) return before;
    if (seen.size >= statesMax) return undefined;
    const room = [...none];
    for (const [at, { value, takes, count }] of kinds.entries()) {
      if ((counts[at] ?? 0) >= count || takes.some(([place, amount]) => amount > (rest[place] ?? 0n))) continue;
      const less = [...rest];
      for (const [place, amount] of takes) less[place] = (less[place] ?? 0n) - amount;
      const next = from(
        counts.map((number, index) => (index === at ? number + 1 : number)),
        less,
      );
      if (next === undefined) return undefined;
      room[value] = Math.max(room[value] ?? 0, 1 + (next[value] ?? 0));
    }
    seen.set(key, room);
    const taken = [...none];
    for (const [at, { value }] of kinds.entries()) taken[value] = (taken[value] ?? 0) + (counts[at] ?? 0);
    ways.set(`${taken.join()} ${room.join()}`, { taken, room });
    return room;
  };
  return from(
    kinds.map(() => 0),
    left,
  ) === undefined
    ? undefined
    : [...ways.values()];
};
