/** @module The guess of what a pod that is on its way takes of zones: one rule for reports and for exact models. */
import { isDevice, isMemory } from './amounts.ts';
import type { PodDemand } from './demand.ts';

/** Amounts of a demand that are held in zones: devices, exclusive CPUs, and memory of Guaranteed pods; booked units. */
export const heldInZones = (demand: PodDemand): readonly (readonly [resource: string, amount: bigint])[] =>
  [...demand.requests].filter(([resource, amount]) => {
    if (isDevice(resource)) return true;
    return demand.guaranteed && demand.podLevel === undefined && (isMemory(resource) || (resource === 'cpu' && amount % 1_000n === 0n));
  });

/** The zones it drains, in order: the first that holds all of it, else all of them from the lowest on. */
export const drainedZones = <Zone>(zones: readonly Zone[], holds: (zone: Zone) => boolean): readonly Zone[] => {
  const first = zones.find(holds);
  return first === undefined ? zones : [first];
};
