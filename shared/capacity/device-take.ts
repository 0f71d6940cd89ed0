/** @module Devices that replicas on their way take: which of equal ones is the allocator's choice, the first ones here. */
import { matchedOn } from './device-count.ts';
import type { Device, DeviceAsk, DeviceStock } from './device-stock.ts';

/** A stock that shrinks as devices are taken; the one it was made from stays as it is. */
export type DeviceTaker = {
  /** What is left, always up to date. */
  readonly stock: DeviceStock;
  /** Takes what so many replicas ask for on a node, as far as there is any. */
  readonly take: (asks: readonly DeviceAsk[], node: string, replicas: number) => void;
};

/** Devices of one request of one replica: of one value of the attribute they share, where they must. */
const chosen = (ask: DeviceAsk, free: readonly Device[]): readonly Device[] => {
  if (ask.all) return free;
  const groups = new Map<unknown, Device[]>();
  for (const device of free) {
    const value = ask.match === undefined ? '' : device.cel.attributes.get(ask.match);
    if (value === undefined) continue;
    const group = groups.get(value) ?? [];
    group.push(device);
    if (BigInt(group.length) === ask.count) return group;
    groups.set(value, group);
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
  const takeOne = (asks: readonly DeviceAsk[], node: string): boolean => {
    const devices = stock.byNode.get(node) ?? [];
    return asks.every((ask) => {
      const [matched] = matchedOn(stock, devices, [ask]) ?? [];
      const mine = chosen(ask, matched?.free ?? []);
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
