/** @module Topology hints: the zones that could serve a request, and what the Topology Manager makes of them (kubelet `topologymanager/policy.go`). */
import type { NodeModel } from '../node.ts';
import { hasZone, sumIn, type ZoneState, type ZoneTotals, zonesIn } from './zones.ts';

/** Zones that could serve a request; preferred when no fewer zones could ever. */
export type Hint = { readonly mask: number; readonly preferred: boolean };

/** Memory that init containers of the pod under way have left behind, by mask and memory name: usable again with that very mask only. */
export type ReusableMemory = ReadonlyMap<number, readonly bigint[]>;

/** Hints of CPUs or one device: `reusable` holds what earlier init containers took, whose zones a mask must include. */
export const countedHints = (
  masks: readonly number[],
  total: readonly bigint[],
  free: readonly bigint[],
  reusable: readonly bigint[],
  request: bigint,
): Hint[] => {
  const all = total.reduce((sum, amount) => sum + amount, 0n);
  const width = all < request ? total.length : widthOf(total, request);
  const inUse = reusable.reduce((mask, amount, zone) => (amount > 0n ? mask | (1 << zone) : mask), 0);
  return masks
    .filter((mask) => (mask & inUse) === inUse && sumIn(free, mask) + sumIn(reusable, mask) >= request)
    .map((mask) => ({ mask, preferred: zonesIn(mask) === width }));
};

/** The fewest zones whose total holds the request. */
const widthOf = (total: readonly bigint[], request: bigint): number => {
  let held = 0n;
  let zones = 0;
  for (const amount of [...total].sort((a, b) => (a > b ? -1 : a < b ? 1 : 0))) {
    held += amount;
    zones += 1;
    if (held >= request) return zones;
  }
  return total.length;
};

/** Hints of memory and huge pages together: one joint width, and zones bound to others serve only with them. */
export const memoryHints = (
  masks: readonly number[],
  totals: ZoneTotals,
  state: ZoneState,
  reusable: ReusableMemory,
  request: readonly bigint[],
): Hint[] => {
  const asked = request.flatMap((amount, m) => (amount > 0n ? [{ amount, m }] : []));
  const holds = (mask: number): boolean => asked.every(({ amount, m }) => sumIn(totals.memory[m] ?? [], mask) >= amount);
  let width = totals.count;
  const wide = masks.filter((mask) => {
    const held = holds(mask);
    if (held && zonesIn(mask) < width) width = zonesIn(mask);
    return held;
  });
  return wide
    .filter((mask) => mayJoin(state, mask))
    .filter((mask) => asked.every(({ amount, m }) => sumIn(state.memory[m] ?? [], mask) + (reusable.get(mask)?.[m] ?? 0n) >= amount))
    .map((mask) => ({ mask, preferred: zonesIn(mask) === width }));
};

/** One zone alone must not be bound to others; several must be unused, or be bound to exactly each other. */
export const mayJoin = (state: ZoneState, mask: number): boolean => {
  const single = zonesIn(mask) === 1;
  return state.groups.every((group, zone) => {
    if (!hasZone(mask, zone) || group === 0) return true;
    return single ? zonesIn(group) === 1 : group === mask;
  });
};

/** What the Topology Manager decides: masks it may take (one, unless distances decide), or a refusal. */
export type Decision = { readonly admitted: boolean; readonly preferred: boolean; readonly masks: readonly number[] };

/** Merges one list of hints a resource, as the policy does. No list at all = nothing to align. */
export const mergeHints = (
  policy: NodeModel['kubelet']['topologyPolicy'],
  prefersClosest: boolean,
  zones: number,
  lists: readonly (readonly Hint[])[],
): Decision => {
  const every = 2 ** zones - 1;
  if (lists.length === 0) return { admitted: true, preferred: true, masks: [every] };
  const common = commonPreferred(policy === 'single-numa-node', lists);
  if (common.length > 0) return { admitted: true, preferred: true, masks: prefersClosest ? common : common.slice(0, 1) };
  if (policy !== 'best-effort') return { admitted: false, preferred: false, masks: [] };
  const candidates = intersections(every, lists);
  if (candidates.length === 0) return { admitted: true, preferred: false, masks: [every] };
  return { admitted: true, preferred: false, masks: bestOf(candidates, lists, prefersClosest) };
};

/** Masks that are preferred for every resource, lowest zones first. */
const commonPreferred = (singleOnly: boolean, lists: readonly (readonly Hint[])[]): number[] => {
  const [first = [], ...rest] = lists;
  return first
    .filter(({ mask, preferred }) => preferred && (!singleOnly || zonesIn(mask) === 1))
    .map(({ mask }) => mask)
    .filter((mask) => rest.every((list) => list.some((hint) => hint.preferred && hint.mask === mask)))
    .sort((a, b) => a - b);
};

/** Every non-empty intersection of one hint a resource; a resource without hints takes no part in it. */
const intersections = (every: number, lists: readonly (readonly Hint[])[]): number[] => {
  let found = new Set([every]);
  for (const list of lists) {
    if (list.length === 0) continue;
    const next = new Set<number>();
    for (const mask of found) for (const hint of list) next.add(mask & hint.mask);
    found = next;
  }
  return [...found].filter((mask) => mask !== 0);
};

/**
 * Of masks that are not preferred, the widest that is no wider than the widest of the narrowest hints, else the narrowest; lowest zones first.
 */
const bestOf = (candidates: readonly number[], lists: readonly (readonly Hint[])[], prefersClosest: boolean): number[] => {
  const most = lists.reduce(
    (widest, list) => (list.length === 0 ? widest : Math.max(widest, Math.min(...list.map(({ mask }) => zonesIn(mask))))),
    0,
  );
  const within = candidates.filter((mask) => zonesIn(mask) <= most);
  const width = within.length > 0 ? Math.max(...within.map(zonesIn)) : Math.min(...candidates.map(zonesIn));
  const best = candidates.filter((mask) => zonesIn(mask) === width).sort((a, b) => a - b);
  return prefersClosest ? best : best.slice(0, 1);
};
