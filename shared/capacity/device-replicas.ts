/**
 * @module How many replicas find devices for one request, when which devices each of them takes is the allocator's choice: the fewest and the
 * most of all its choices. Sets of devices that share no counter are looked at apart, and put together by how they may be left.
 */
import { drawnBy, lighterFirst, together } from './device-beside.ts';
import { apartBy, contendedCounters, type Left, waysLeft } from './device-packing.ts';
import type { Device, DeviceStock } from './device-stock.ts';

/** The fewest and the most that some choice of the allocator reaches. */
export type Range = { readonly least: number; readonly most: number };

/** More than any node holds. */
export const unlimited = Number.MAX_SAFE_INTEGER;
/** States in which devices of some values together may be left; beyond it fewer are counted. */
const statesMax = 5_000;

/** A set of devices by how it may be left; `places` are those of its values. */
type Part = { readonly places: readonly number[]; readonly ways: readonly Left[] };

/** Devices that draw from no counter that is short: `count` and more of them are always taken. */
const freePart = (place: number, devices: number, count: number): Part => ({
  places: [place],
  ways: Array.from({ length: Math.min(devices, count - 1) + 1 }, (_, room) => ({ taken: [devices - room], room: [room] })),
});

/** Of a set of which it is not known how it may be left: one is taken, or one more fits. */
const unknownWays: readonly Left[] = [
  { taken: [1], room: [0] },
  { taken: [0], room: [1] },
];

/** Fewest and most devices taken, by what decides how it goes on: of each value what is over after whole replicas, and what more would fit. */
type States = Map<string, Range & { readonly over: readonly number[]; readonly room: readonly number[] }>;

const joinedWith = (states: States, { places, ways }: Part, count: number): States => {
  const next: States = new Map();
  for (const state of states.values()) {
    for (const { taken, room: more } of ways) {
      const [over, room] = [[...state.over], [...state.room]];
      places.forEach((place, at) => {
        over[place] = ((over[place] ?? 0) + (taken[at] ?? 0)) % count;
        room[place] = (room[place] ?? 0) + (more[at] ?? 0);
      });
      // As many more as one replica takes would have been taken.
      if (places.some((place) => (room[place] ?? 0) >= count)) continue;
      const sum = taken.reduce((total, one) => total + one, 0);
      const key = `${over.join()} ${room.join()}`;
      const known = next.get(key);
      next.set(key, {
        over,
        room,
        least: Math.min(known?.least ?? unlimited, state.least + sum),
        most: Math.max(known?.most ?? 0, state.most + sum),
      });
    }
  }
  return next;
};

/** Devices taken when no further replica finds any: in whole replicas, or, where `isPart`, what of them is in these sets. */
const takenIn = (parts: readonly Part[], values: number, count: number, isPart: boolean): Range | undefined => {
  const none = Array.from({ length: values }, () => 0);
  let states: States = new Map([['', { over: none, room: none, least: 0, most: 0 }]]);
  for (const part of parts) {
    states = joinedWith(states, part, count);
    if (states.size > statesMax) return undefined;
  }
  const ends = [...states.values()].filter(({ over }) => isPart || over.every((one) => one === 0));
  return ends.length === 0
    ? undefined
    : { least: Math.min(...ends.map(({ least }) => least)), most: Math.max(...ends.map(({ most }) => most)) };
};

/** True where so many fit beside each other, those that take least first. */
const fitTogether = (stock: DeviceStock, devices: readonly Device[], count: number): boolean =>
  together(stock, [...devices].sort(lighterFirst), BigInt(count)).length === count;

/** Sets of devices whose values are tied by counters that they share, ready to be put together. */
type Tied = {
  readonly values: readonly unknown[];
  /** Of each value: devices that draw from no counter that is short. */
  readonly loose: readonly Part[];
  /** `ways` undefined = they are too many. */
  readonly short: readonly { readonly places: readonly number[]; readonly ways: readonly Left[] | undefined }[];
};

const tiedOf = (
  stock: DeviceStock,
  sets: readonly (readonly Device[])[],
  contended: ReadonlySet<string>,
  count: number,
  sharedOf: (device: Device) => unknown,
): Tied => {
  const placeOf = new Map([...new Set(sets.flat().map(sharedOf))].map((value, place) => [value, place] as const));
  const isShort = ({ consumes }: Device): boolean => consumes.some(({ counter }) => contended.has(counter));
  const loose = [...placeOf.keys()].map(() => 0);
  const short: (readonly Device[])[] = [];
  for (const set of sets) {
    if (set.some(isShort)) short.push(set);
    else for (const device of set) loose[placeOf.get(sharedOf(device)) ?? 0] = (loose[placeOf.get(sharedOf(device)) ?? 0] ?? 0) + 1;
  }
  return {
    values: [...placeOf.keys()],
    loose: loose.map((devices, place) => freePart(place, devices, count)),
    short: short.map((devices) => {
      const places = [...new Set(devices.map((device) => placeOf.get(sharedOf(device)) ?? 0))];
      const ways = waysLeft(stock, devices, contended, places.length, (device) => places.indexOf(placeOf.get(sharedOf(device)) ?? 0));
      return { places, ways };
    }),
  };
};

/** Every choice; undefined where there are too many. */
const exactly = ({ values, loose, short }: Tied, count: number): Range | undefined => {
  const known = short.flatMap(({ places, ways }) => (ways === undefined ? [] : [{ places, ways }]));
  const taken = known.length < short.length ? undefined : takenIn([...loose, ...known], values.length, count, false);
  return taken === undefined ? undefined : { least: taken.least / count, most: taken.most / count };
};

/** What is left out only adds: each value by itself, with the sets that have no other. */
const atLeast = ({ values, loose, short }: Tied, count: number): number =>
  values.reduce<number>((sum, _, place) => {
    const own = short.filter(({ places }) => places.length === 1 && places[0] === place);
    const parts = own.map(({ ways = unknownWays }) => ({ places: [0], ways }));
    const taken = takenIn([{ places: [0], ways: loose[place]?.ways ?? [] }, ...parts], 1, count, true);
    return sum + Math.ceil((taken?.least ?? 0) / count);
  }, 0);

const replicasIn = (
  stock: DeviceStock,
  sets: readonly (readonly Device[])[],
  contended: ReadonlySet<string>,
  count: number,
  sharedOf: (device: Device) => unknown,
): Range => {
  const tied = tiedOf(stock, sets, contended, count, sharedOf);
  const range = exactly(tied, count);
  if (range !== undefined) return range;
  const least = atLeast(tied, count);
  const devices = sets.flat();
  const fitsOne = (value: unknown): boolean =>
    fitTogether(
      stock,
      devices.filter((device) => sharedOf(device) === value),
      count,
    );
  return { least: least === 0 && tied.values.some(fitsOne) ? 1 : least, most: unlimited };
};

/**
 * Replicas that take `count` devices each, of which each fits by itself, until none finds so many. Those of a replica have what `sharedOf` tells
 * in common; undefined = such a device is never taken.
 */
export const replicasOfOne = (
  stock: DeviceStock,
  devices: readonly Device[],
  count: number,
  sharedOf: (device: Device) => unknown,
): Range => {
  const able = devices.filter((device) => sharedOf(device) !== undefined);
  const contended = contendedCounters(stock, able);
  const sets = apartBy(able, (device) => drawnBy(device, contended));
  const sum = { least: 0, most: 0 };
  for (const tied of apartBy(sets, (set) => new Set(set.map(sharedOf)))) {
    const range = replicasIn(stock, tied, contended, count, sharedOf);
    sum.least += range.least;
    sum.most = Math.min(unlimited, sum.most + range.most);
  }
  return sum;
};
