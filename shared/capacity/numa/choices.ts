/** @module Every way in which an amount can be taken from zones where the kubelet, not the rules, decides; under a limit. */
import { hasZone } from './zones.ts';

/** Steps that a search may still take; beyond it the answer is what was reached so far. */
export type Budget = { left: number };

/** Thrown when a search ran out of its budget; caught where it began. */
export class BudgetSpent extends Error {
  override name = 'BudgetSpent';
}

/** Takes one step. @throws BudgetSpent when none is left. */
export const spend = (budget: Budget): void => {
  budget.left -= 1;
  if (budget.left < 0) throw new BudgetSpent('too many choices of the kubelet');
};

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** All ways to take `amount` from zones with these limits, in steps of `grain`. */
const splits = (limits: readonly bigint[], amount: bigint, grain: bigint, budget: Budget): bigint[][] => {
  const found: bigint[][] = [];
  const rests = limits.map((_, at) => limits.slice(at).reduce((sum, limit) => sum + limit, 0n));
  const taken: bigint[] = [];
  const walk = (at: number, rest: bigint): void => {
    if (at === limits.length) {
      spend(budget);
      found.push([...taken]);
      return;
    }
    const after = rests[at + 1] ?? 0n;
    const from = rest > after ? rest - after : 0n;
    const aligned = from % grain === 0n ? from : from + grain - (from % grain);
    for (let take = aligned; take <= least(limits[at] ?? 0n, rest); take += grain) {
      taken.push(take);
      walk(at + 1, rest - take);
      taken.pop();
    }
  };
  walk(0, amount);
  return found;
};

/**
 * All ways to take `amount`: first from zones of the mask, what they lack from the others.
 * `limits` is what each zone can give. None when all together lack it.
 */
export const takings = (limits: readonly bigint[], mask: number, amount: bigint, grain: bigint, budget: Budget): bigint[][] => {
  const inside = limits.map((limit, zone) => (hasZone(mask, zone) ? limit : 0n));
  const outside = limits.map((limit, zone) => (hasZone(mask, zone) ? 0n : limit));
  const insideAll = inside.reduce((sum, limit) => sum + limit, 0n);
  const aligned = least(amount, insideAll);
  if (limits.reduce((sum, limit) => sum + limit, 0n) < amount) return [];
  const rest = splits(outside, amount - aligned, grain, budget);
  return splits(inside, aligned, grain, budget).flatMap((near) =>
    rest.map((far) => {
      spend(budget);
      return near.map((take, zone) => take + (far[zone] ?? 0n));
    }),
  );
};

/** All ways to satisfy takings from what is at hand again: between what must be and what can be reused of each zone. */
export const reuses = (taken: readonly bigint[], free: readonly bigint[], reusable: readonly bigint[], budget: Budget): bigint[][] => {
  let found: bigint[][] = [[]];
  taken.forEach((take, zone) => {
    const spare = free[zone] ?? 0n;
    const from = take > spare ? take - spare : 0n;
    const to = least(take, reusable[zone] ?? 0n);
    const next: bigint[][] = [];
    for (const start of found) {
      for (let reused = from; reused <= to; reused += 1n) {
        spend(budget);
        next.push([...start, reused]);
      }
    }
    found = next;
  });
  return found;
};
