/** @module Devices that share counters, one beside the other. */
import type { Device, DeviceStock } from './device-stock.ts';

/** What a device takes of counters in all: those that take most leave fewest to others. */
const weightOf = ({ consumes }: Device): bigint => consumes.reduce((sum, { amount }) => sum + amount, 0n);

/** An order of devices by what they take in all. */
export const lighterFirst = (a: Device, b: Device): number => {
  const [one, other] = [weightOf(a), weightOf(b)];
  return one < other ? -1 : one > other ? 1 : 0;
};

/** Those of these counters that a device takes of. */
export const drawnBy = ({ consumes }: Device, counters: ReadonlySet<string>): readonly string[] =>
  consumes.flatMap(({ counter }) => (counters.has(counter) ? [counter] : []));

/** The first so many that fit beside each other; fewer where they do not. */
export const together = (stock: DeviceStock, devices: readonly Device[], count: bigint): readonly Device[] => {
  const spent = new Map<string, bigint>();
  const found: Device[] = [];
  for (const device of devices) {
    if (BigInt(found.length) >= count) break;
    const after = device.consumes.map(({ counter, amount }) => [counter, (spent.get(counter) ?? 0n) + amount] as const);
    if (after.some(([counter, amount]) => amount > (stock.left.get(counter) ?? 0n))) continue;
    for (const [counter, amount] of after) spent.set(counter, amount);
    found.push(device);
  }
  return found;
};
