/** @module Counts of devices that are made once for nodes whose devices are alike, and kept as long as nothing is told anew of them. */
import type { PodDemand } from './demand.ts';
import { type DeviceAsks, type DeviceCount, deviceAsksOf, deviceCount } from './device-count.ts';
import type { DeviceStock } from './device-stock.ts';

type Counted = { readonly asked: DeviceAsks; readonly byLikeness: Map<string, DeviceCount> };

/** By the devices that are told, which stay the same while some are taken, and by demand. */
const known = new WeakMap<DeviceStock['byNode'], WeakMap<PodDemand, Counted>>();
/** More than the replicas of any node. */
const everyReplica = BigInt(Number.MAX_SAFE_INTEGER);

/** Replicas that the devices of a node hold; undefined where what the demand asks of devices is not counted. */
export const alikeDeviceCounts = (stock: DeviceStock, demand: PodDemand): ((node: string) => DeviceCount) | undefined => {
  const ofStock = known.get(stock.byNode) ?? new WeakMap<PodDemand, Counted>();
  known.set(stock.byNode, ofStock);
  const counted = ofStock.get(demand) ?? { asked: deviceAsksOf(stock, demand), byLikeness: new Map<string, DeviceCount>() };
  ofStock.set(demand, counted);
  const { asked, byLikeness } = counted;
  if (!asked.ok) return undefined;
  return (node) => {
    const likeness = stock.likeness?.(node);
    const held = (likeness === undefined ? undefined : byLikeness.get(likeness)) ?? deviceCount(stock, asked.asks, node, everyReplica);
    if (likeness !== undefined) byLikeness.set(likeness, held);
    return held;
  };
};
