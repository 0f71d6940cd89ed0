/** @module Memory groups that may exist already: zones bound together by pods that run are in no object, so every way they may be is tried. */
import type { KubeletModel } from '../node.ts';
import { hasZone, type ZoneState, zonesIn } from './zones.ts';

/** Zones of which every grouping is tried; beyond it only the extremes are, and the answer is an estimate. */
const groupedZonesMax = 5;

/**
 * States to start from. A zone whose memory is all free may still be bound to one that is used. Under `single-numa-node` no pod was ever let
 * in that would bind zones together.
 */
export const firstStates = (
  kubelet: KubeletModel,
  state: ZoneState,
  used: number,
  pinsMemory: boolean,
): { states: readonly ZoneState[]; all: boolean } => {
  if (!pinsMemory || used === 0) return { states: [state], all: true };
  const zones = state.groups.length;
  const alone = state.groups.map((_, zone) => (hasZone(used, zone) ? 1 << zone : 0));
  if (kubelet.topologyPolicy === 'single-numa-node') return { states: [{ ...state, groups: alone }], all: true };
  const every = 2 ** zones - 1;
  const together = state.groups.map(() => every);
  const usedTogether = state.groups.map((_, zone) => (hasZone(used, zone) ? used : 0));
  const groupings = zones <= groupedZonesMax ? allGroupings(zones, used) : [alone, together, usedTogether];
  return { states: groupings.map((groups) => ({ ...state, groups })), all: zones <= groupedZonesMax };
};

/** Every way to leave zones unused, alone or bound together; a group has at least one zone that is used. */
const allGroupings = (zones: number, used: number): number[][] => {
  const found: number[][] = [];
  const groups: number[] = Array.from({ length: zones }, () => 0);
  const place = (zone: number, taken: number): void => {
    if (zone === zones) {
      found.push([...groups]);
      return;
    }
    if (hasZone(taken, zone)) {
      place(zone + 1, taken);
      return;
    }
    groups[zone] = hasZone(used, zone) ? 1 << zone : 0;
    place(zone + 1, taken);
    for (let mask = 1; mask < 2 ** zones; mask++) {
      const startsHere = (mask & (2 ** zone - 1)) === 0 && hasZone(mask, zone);
      if (!startsHere || zonesIn(mask) < 2 || (mask & taken) !== 0 || (mask & used) === 0) continue;
      for (let member = zone; member < zones; member++) if (hasZone(mask, member)) groups[member] = mask;
      place(zone + 1, taken | mask);
      for (let member = zone; member < zones; member++) if (hasZone(mask, member)) groups[member] = 0;
    }
    groups[zone] = 0;
  };
  place(0, 0);
  return found;
};
