/** @module What each cluster of a service serves while nothing is lost: the demand spread over tiers, and within a tier by share or capacity. */

import { mulDiv } from './mul-div.ts';

/** A cluster to spread over. `share` absent = by capacity. */
export type Spread = { readonly cluster: string; readonly capacity: number; readonly tier: number; readonly share?: number };

/** Whole parts of an amount in proportion to weights; the rest of the rounding goes to the first, one each. */
const parts = (amount: number, weights: readonly number[]): number[] => {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return weights.map(() => 0);
  const made = weights.map((weight) => mulDiv(amount, weight, total));
  let left = amount - made.reduce((sum, part) => sum + part, 0);
  return made.map((part, at) => {
    if (left === 0 || weights[at] === 0) return part;
    left--;
    return part + 1;
  });
};

/**
 * Loads in the order of the clusters. A tier takes what fits its capacity, the next one the rest; what fits none is put on all in proportion,
 * for it will be asked of somebody. Without a demand half of the first tier's capacity is taken for used.
 */
export const spreadDemand = (clusters: readonly Spread[], demand: number | undefined): number[] => {
  const loads = clusters.map(() => 0);
  const able = clusters.map((one, at) => ({ ...one, at })).filter(({ capacity }) => capacity > 0);
  const put = (some: typeof able, amount: number): void => {
    const weights = some.map(({ share, capacity }) => share ?? capacity);
    parts(amount, weights).forEach((part, index) => {
      const at = some[index]?.at ?? 0;
      loads[at] = (loads[at] ?? 0) + part;
    });
  };
  const room = (some: typeof able): number => some.reduce((sum, { capacity }) => sum + capacity, 0);
  const tiers = [...new Set(able.map(({ tier }) => tier))].sort((a, b) => a - b);
  const first = able.filter(({ tier }) => tier === tiers[0]);
  let left = demand ?? Math.ceil(room(first) / 2);
  for (const tier of tiers) {
    const some = able.filter((one) => one.tier === tier);
    const taken = Math.min(left, room(some));
    put(some, taken);
    left -= taken;
  }
  if (left > 0) put(able, left);
  return loads;
};
