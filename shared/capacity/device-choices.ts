/**
 * @module How many replicas find devices for several requests, or for one with alternatives, when each takes any devices it may: every choice of
 * the allocator's looked at, up to a limit.
 */

import { type Range, unlimited } from './device-replicas.ts';
import type { Device, DeviceStock } from './device-stock.ts';

/** One alternative of a request: how many devices, of which it selects these. */
export type Wanted = { readonly count: number; readonly free: ReadonlySet<Device> };
/** A request: its alternatives in the order in which the allocator tries them. */
export type Request = readonly Wanted[];

/** Steps of the search for one node. */
const stepsMax = 20_000;
/** Combinations of alternatives of several requests. */
const combinationsMax = 256;

class StepsSpent extends Error {
  override name = 'StepsSpent';
}

/** Devices that every alternative selects alike and that take the same of contended counters. */
type Kind = { readonly device: Device; readonly count: number };

const kindsOf = (requests: readonly Request[], contended: ReadonlySet<string>): readonly Kind[] => {
  const all = requests.flat();
  const kinds = new Map<string, Kind>();
  for (const device of new Set(all.flatMap(({ free }) => [...free]))) {
    const takes = device.consumes.filter(({ counter }) => contended.has(counter)).map(({ counter, amount }) => `${counter} ${amount}`);
    const key = `${all.map(({ free }) => (free.has(device) ? 1 : 0)).join('')} ${takes.sort().join(';')}`;
    kinds.set(key, { device, count: (kinds.get(key)?.count ?? 0) + 1 });
  }
  return [...kinds.values()];
};

/** Combinations of one alternative of each request, in the order in which they are tried. */
const combinations = (requests: readonly Request[]): readonly (readonly Wanted[])[] =>
  requests.reduce<readonly (readonly Wanted[])[]>(
    (before, request) => before.flatMap((some) => request.map((one) => [...some, one])),
    [[]],
  );

/** Replicas on one node until none fits. Where there are more choices than are looked at, one at least if that was seen to fit. */
export const replicasOf = (stock: DeviceStock, requests: readonly Request[], contended: ReadonlySet<string>): Range => {
  if (requests.reduce((product, request) => product * request.length, 1) > combinationsMax) return { least: 0, most: unlimited };
  const kinds = kindsOf(requests, contended);
  const tried = combinations(requests);
  let steps = 0;
  let fitsOne = false;
  const fits = (taken: readonly number[]): boolean => {
    const spent = new Map<string, bigint>();
    for (const [at, { device }] of kinds.entries())
      for (const { counter, amount } of device.consumes)
        if (contended.has(counter)) spent.set(counter, (spent.get(counter) ?? 0n) + BigInt(taken[at] ?? 0) * amount);
    return [...spent].every(([counter, amount]) => amount <= (stock.left.get(counter) ?? 0n));
  };
  /** What is taken after a replica with these alternatives, by every choice of devices. */
  const after = (
    taken: readonly number[],
    wanted: readonly Wanted[],
    into: Map<string, readonly number[]>,
    at = 0,
    missing = wanted[0]?.count ?? 0,
    kind = 0,
  ): void => {
    if (++steps > stepsMax) throw new StepsSpent();
    const one = wanted[at];
    if (one === undefined) {
      fitsOne = true;
      into.set(taken.join(), taken);
    } else if (missing === 0) after(taken, wanted, into, at + 1, wanted[at + 1]?.count ?? 0, 0);
    else
      for (let place = kind; place < kinds.length; place++) {
        const { device, count } = kinds[place] ?? { count: 0 };
        if (device === undefined || (taken[place] ?? 0) >= count || !one.free.has(device)) continue;
        const next = taken.map((number, index) => (index === place ? number + 1 : number));
        if (fits(next)) after(next, wanted, into, at, missing - 1, place);
      }
  };
  const seen = new Map<string, Range>();
  const from = (taken: readonly number[]): Range => {
    const key = taken.join();
    const before = seen.get(key);
    if (before !== undefined) return before;
    const next = new Map<string, readonly number[]>();
    for (const wanted of tried) {
      after(taken, wanted, next);
      if (next.size > 0) break;
    }
    const ranges = [...next.values()].map(from);
    const range =
      ranges.length === 0
        ? { least: 0, most: 0 }
        : { least: 1 + Math.min(...ranges.map(({ least }) => least)), most: 1 + Math.max(...ranges.map((one) => one.most)) };
    seen.set(key, range);
    return range;
  };
  try {
    return from(kinds.map(() => 0));
  } catch (error) {
    if (error instanceof StepsSpent) return { least: fitsOne ? 1 : 0, most: unlimited };
    throw error;
  }
};
