/**
 * @module How many devices that share counters can be taken one after the other: which of them is the allocator's choice, so that the fewest
 * and the most of all its choices are told (KEP-4815, partitionable devices).
 */
import type { Device, DeviceStock } from './device-stock.ts';

/** The fewest and the most that some choice of the allocator reaches. */
export type Range = { readonly least: number; readonly most: number };

/** States looked at for one set of devices; beyond it the range is wider than it need be. */
const statesMax = 5_000;
/** Sets of devices whose range is remembered for a stock: most GPUs of a cluster are alike. */
const keptMax = 4_096;
const kept = new WeakMap<DeviceStock['byNode'], Map<string, Range>>();

/** Counters that these devices together overdraw. */
export const contendedCounters = (stock: DeviceStock, devices: Iterable<Device>): ReadonlySet<string> => {
  const wanted = new Map<string, bigint>();
  for (const { consumes } of devices) for (const { counter, amount } of consumes) wanted.set(counter, (wanted.get(counter) ?? 0n) + amount);
  return new Set([...wanted].filter(([counter, amount]) => amount > (stock.left.get(counter) ?? 0n)).map(([counter]) => counter));
};

/** Devices in sets of which no two draw from the same contended counter. */
export const apartByCounters = (devices: readonly Device[], contended: ReadonlySet<string>): readonly (readonly Device[])[] => {
  const setBy = new Map<string, Set<Device>>();
  const sets = new Set<Set<Device>>();
  for (const device of devices) {
    const counters = device.consumes.map(({ counter }) => counter).filter((counter) => contended.has(counter));
    const joined = new Set([device]);
    for (const other of new Set(counters.map((counter) => setBy.get(counter)))) {
      for (const one of other ?? []) joined.add(one);
      if (other !== undefined) sets.delete(other);
    }
    sets.add(joined);
    for (const one of joined) for (const { counter } of one.consumes) if (contended.has(counter)) setBy.set(counter, joined);
  }
  return [...sets].map((set) => [...set]);
};

/** Equal devices, by what each takes of the counters at these places. */
type Kind = { readonly takes: readonly (readonly [place: number, amount: bigint])[]; readonly count: number };

const kindsOf = (devices: readonly Device[], counters: readonly string[]): readonly Kind[] => {
  const kinds = new Map<string, Kind>();
  for (const { consumes } of devices) {
    const takes = consumes.flatMap(({ counter, amount }) => {
      const place = counters.indexOf(counter);
      return place < 0 ? [] : [[place, amount] as const];
    });
    const key = takes.join(';');
    kinds.set(key, { takes, count: (kinds.get(key)?.count ?? 0) + 1 });
  }
  return [...kinds.values()];
};

/** How many of these devices, of which each fits by itself, are taken when no further one can be. */
export const takenOf = (stock: DeviceStock, devices: readonly Device[], contended: ReadonlySet<string>): Range => {
  const counters = [...new Set(devices.flatMap(({ consumes }) => consumes.map(({ counter }) => counter)))].filter((one) =>
    contended.has(one),
  );
  if (counters.length === 0) return { least: devices.length, most: devices.length };
  const kinds = kindsOf(devices, counters);
  const left = counters.map((counter) => stock.left.get(counter) ?? 0n);
  const known = kept.get(stock.byNode) ?? new Map<string, Range>();
  kept.set(stock.byNode, known);
  const key = `${left.join()}|${kinds.map(({ takes, count }) => `${count}:${takes.join(';')}`).join('|')}`;
  // Each fits by itself: one at least is taken.
  const range = known.get(key) ?? search(kinds, left) ?? { least: 1, most: devices.length };
  if (known.size >= keptMax) known.clear();
  known.set(key, range);
  return range;
};

/** Every order of taking devices to its end; undefined when there are too many. */
const search = (kinds: readonly Kind[], left: readonly bigint[]): Range | undefined => {
  const seen = new Map<string, Range>();
  const from = (taken: readonly number[]): Range | undefined => {
    const key = taken.join();
    const before = seen.get(key);
    if (before !== undefined) return before;
    if (seen.size >= statesMax) return undefined;
    const rest = left.map((amount, place) =>
      kinds.reduce((sum, { takes }, at) => sum - BigInt(taken[at] ?? 0) * takenAt(takes, place), amount),
    );
    let range: Range = { least: 0, most: 0 };
    let isEnd = true;
    for (const [at, { takes, count }] of kinds.entries()) {
      if ((taken[at] ?? 0) >= count || takes.some(([place, amount]) => amount > (rest[place] ?? 0n))) continue;
      const next = from(taken.map((number, index) => (index === at ? number + 1 : number)));
      if (next === undefined) return undefined;
      range = { least: isEnd ? next.least + 1 : Math.min(range.least, next.least + 1), most: Math.max(range.most, next.most + 1) };
      isEnd = false;
    }
    seen.set(key, range);
    return range;
  };
  return from(kinds.map(() => 0));
};

const takenAt = (takes: Kind['takes'], at: number): bigint =>
  takes.reduce((sum, [place, amount]) => (place === at ? sum + amount : sum), 0n);
