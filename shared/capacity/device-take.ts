/** @module Devices that replicas on their way take: which ones is the allocator's choice, here those that leave fewest to others. */
import { lighterFirst, together } from './device-beside.ts';
import { matchedOn } from './device-count.ts';
import { type Device, type DeviceAsk, type DeviceStock, valueInCommon } from './device-stock.ts';

/** A stock that shrinks as devices are taken; the one it was made from stays as it is. */
export type DeviceTaker = {
  /** What is left, always up to date. */
  readonly stock: DeviceStock;
  /** Takes what so many replicas ask for on a node, as far as there is any. */
  readonly take: (asks: readonly DeviceAsk[], node: string, replicas: number) => void;
};

/** Devices of one request of one replica, of one value of the attribute they share, where they must; none where there are too few. */
const chosen = (stock: DeviceStock, ask: DeviceAsk, free: readonly Device[]): readonly Device[] => {
  if (ask.all) return free;
  const groups = new Map<unknown, Device[]>();
  for (const device of free) {
    const value = ask.match === undefined ? '' : valueInCommon(device, ask.match);
    if (value !== undefined) groups.set(value, [...(groups.get(value) ?? []), device]);
  }
  for (const group of groups.values()) {
    const byWeight = group.some(({ consumes }) => consumes.length > 0) ? [...group].sort((a, b) => lighterFirst(b, a)) : group;
    for (const order of [byWeight, [...byWeight].reverse()]) {
      const found = together(stock, order, ask.count);
      if (BigInt(found.length) === ask.count) return found;
    }
  }
  return [];
};

/** A taker over a stock. */
export const deviceTaker = (base: DeviceStock): DeviceTaker => {
  const used = new Set<string>();
  const spent = new Map<string, bigint>();
  const touched = new Set<string>();
  const stock: DeviceStock = {
    ...base,
    used: { has: (key) => used.has(key) || base.used.has(key) },
    left: { get: (counter) => (base.left.get(counter) ?? 0n) - (spent.get(counter) ?? 0n) },
    likeness: (node) => (touched.has(node) ? undefined : base.likeness?.(node)),
  };
  const firstOf = (alternatives: readonly DeviceAsk[], devices: readonly Device[]): readonly Device[] => {
    for (const ask of alternatives) {
      const [matched] = matchedOn(stock, devices, [ask]) ?? [];
      const mine = chosen(stock, ask, matched?.free ?? []);
      if (mine.length > 0) return mine;
    }
    return [];
  };
  const takeOne = (asks: readonly DeviceAsk[], node: string): boolean => {
    const devices = stock.byNode.get(node) ?? [];
    return asks.every((ask) => {
      const mine = firstOf([ask, ...(ask.orElse ?? [])], devices);
      for (const { key, consumes } of mine) {
        used.add(key);
        for (const { counter, amount } of consumes) spent.set(counter, (spent.get(counter) ?? 0n) + amount);
      }
      return mine.length > 0;
    });
  };
  return {
    stock,
    take: (asks, node, replicas) => {
      if (asks.length === 0) return;
      touched.add(node);
      for (let replica = 0; replica < replicas; replica++) if (!takeOne(asks, node)) return;
    },
  };
};
