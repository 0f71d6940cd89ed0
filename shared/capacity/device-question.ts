/** @module What several requests, or one with alternatives, ask of a set of devices, free of what tells alike nodes and GPUs apart. */
import type { Device, DeviceStock } from './device-stock.ts';

/** One alternative of a request: how many devices, of which it selects these. */
export type Wanted = { readonly count: number; readonly free: ReadonlySet<Device> };
/** A request: its alternatives in the order in which the allocator tries them. */
export type Request = readonly Wanted[];

/** Devices that every alternative selects alike and that take the same of contended counters. */
export type Kind = {
  readonly count: number;
  /** Alternatives that select it, by place. */
  readonly by: readonly boolean[];
  readonly takes: readonly (readonly [place: number, amount: bigint])[];
};

/** What is to be searched: nothing of it tells nodes apart that are alike. */
export type Question = {
  readonly kinds: readonly Kind[];
  readonly left: readonly bigint[];
  /** Alternatives, one of each request, in the order in which they are tried. */
  readonly combinations: readonly (readonly { readonly place: number; readonly count: number }[])[];
};

/** How many of each kind are taken, and what is left of the counters. */
export type State = { readonly taken: readonly number[]; readonly rest: readonly bigint[] };

/** The question of these devices. */
export const questionOf = (
  stock: DeviceStock,
  devices: readonly Device[],
  wanted: readonly Wanted[],
  contended: ReadonlySet<string>,
  combinations: Question['combinations'],
): Question => {
  const places = new Map<string, number>();
  const placeOf = (counter: string): number => {
    const place = places.get(counter) ?? places.size;
    places.set(counter, place);
    return place;
  };
  const kinds = new Map<string, Kind>();
  for (const device of devices) {
    const by = wanted.map(({ free }) => free.has(device));
    const takes = device.consumes.flatMap(({ counter, amount }) => (contended.has(counter) ? [[placeOf(counter), amount] as const] : []));
    const key = `${by.map(Number).join('')} ${takes.join(';')}`;
    kinds.set(key, { by, takes, count: (kinds.get(key)?.count ?? 0) + 1 });
  }
  return { kinds: [...kinds.values()], left: [...places.keys()].map((counter) => stock.left.get(counter) ?? 0n), combinations };
};

/** Nothing is taken yet. */
export const startOf = ({ kinds, left }: Question): State => ({ taken: kinds.map(() => 0), rest: left });

/** One more of a kind; undefined where there is none, or the counters do not allow it. */
export const withOne = ({ taken, rest }: State, { count, takes }: Kind, at: number): State | undefined => {
  if ((taken[at] ?? 0) >= count || takes.some(([place, amount]) => amount > (rest[place] ?? 0n))) return undefined;
  const [more, less] = [[...taken], [...rest]];
  more[at] = (more[at] ?? 0) + 1;
  for (const [place, amount] of takes) less[place] = (less[place] ?? 0n) - amount;
  return { taken: more, rest: less };
};
