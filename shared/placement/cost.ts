/** @module What a decision costs an hour before and after, and the order of clusters by price. */
import type { PlacementCost } from '../api/index.ts';
import type { PodShape } from '../capacity/index.ts';
import { type Candidates, standingAt } from './candidates.ts';
import type { Workload } from './model.ts';
import type { Prepared } from './prepare.ts';
import { type Amount, amountText, currencyOf, priceIn } from './pricing.ts';

const currencies = new WeakMap<Prepared, string>();

/** The currency that most priced clusters have; ties go to the first by name. Prices in others cannot be compared with it. */
export const mainCurrency = (prepared: Prepared): string => {
  const known = currencies.get(prepared);
  if (known !== undefined) return known;
  const found = findCurrency(prepared);
  currencies.set(prepared, found);
  return found;
};

const findCurrency = (prepared: Prepared): string => {
  const clusters = new Map<string, number>();
  for (const { view } of prepared.standings) {
    if (view.pricing !== undefined) clusters.set(currencyOf(view), (clusters.get(currencyOf(view)) ?? 0) + 1);
  }
  return [...clusters].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : a > b ? 1 : 0))[0]?.[0] ?? '';
};

/** The price of one replica at each candidate; undefined where there is none in the currency. */
export const pricesOf = (candidates: Candidates, currency: string): (Amount | undefined)[] =>
  candidates.at.map((_, candidate) => {
    const view = standingAt(candidates, candidate)?.view;
    const shape = candidates.shapes[candidate];
    return view === undefined || shape === undefined || currencyOf(view) !== currency ? undefined : priceIn(view, shape);
  });

/** Cost of a decision; undefined when no cluster has a price for the workload. */
export const costOf = (
  candidates: Candidates,
  workload: Workload,
  shape: PodShape,
  counts: readonly number[],
): PlacementCost | undefined => {
  const { prepared } = candidates;
  if (!prepared.isPriced) return undefined;
  const currency = mainCurrency(prepared);
  let [after, before] = [0n, 0n];
  let isKnown = false;
  for (let candidate = 0; candidate < counts.length; candidate++) {
    const got = counts[candidate] ?? 0;
    const view = got === 0 ? undefined : standingAt(candidates, candidate)?.view;
    const price = view === undefined || currencyOf(view) !== currency ? undefined : priceIn(view, candidates.shapes[candidate] ?? shape);
    if (price === undefined) continue;
    isKnown = true;
    after += price * BigInt(got);
  }
  for (const [name, replicas] of workload.current) {
    const view = prepared.standings[prepared.index.get(name) ?? -1]?.view;
    if (view === undefined || currencyOf(view) !== currency) continue;
    const candidate = candidates.at.indexOf(prepared.index.get(name) ?? -1);
    before += (priceIn(view, candidates.shapes[candidate] ?? shape) ?? 0n) * BigInt(replicas);
  }
  return isKnown || before > 0n ? { before: amountText(before), after: amountText(after), currency } : undefined;
};
