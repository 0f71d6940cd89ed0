/** @module What a decision costs an hour before and after. */
import type { CurrencyCost, PlacementCost } from '../api/index.ts';
import type { PodShape } from '../capacity/index.ts';
import { compareText } from '../lib/compare-text.ts';
import { shapeAmong } from './answers.ts';
import { type Candidates, shapeAt, standingAt } from './candidates.ts';
import type { ClusterView, Workload } from './model.ts';
import { type Asked, costOfGot, costOfPresent, meanPrice } from './node-prices.ts';
import { type PriceColumn, unpriced } from './price-column.ts';
import { type Amount, amountText, currencyOf, priceIn } from './pricing.ts';
import type { Column } from './problem.ts';

/**
 * The number of the price of a replica at a candidate; {@link unpriced} where there is none in the currency that is compared. Where nodes
 * differ in price it is the mean of `replicas` further ones; absent = the dearest node's.
 */
export const priceNumberAt = (candidates: Candidates, candidate: number, shape: PodShape, replicas?: number): number => {
  const prices = candidates.answers?.prices;
  if (prices === undefined) return unpriced;
  const place = candidates.roster.at[candidate] ?? -1;
  const number = prices.numberIn(place, shape);
  if (number === unpriced || replicas === undefined || !prices.differsAt(place)) return number;
  const view = standingAt(candidates, candidate)?.view;
  const price = view === undefined ? undefined : meanPrice({ view, shape }, replicas);
  return price === undefined ? unpriced : prices.numberOf(price);
};

/** The price of one replica at each candidate, by {@link priceNumberAt}. */
export const pricesOf = (candidates: Candidates, replicas?: number): (Amount | undefined)[] => {
  candidates.answers?.prices.tidy();
  const prices: (Amount | undefined)[] = [];
  for (let candidate = 0; candidate < candidates.roster.at.length; candidate++) {
    const shape = shapeAt(candidates, candidate);
    const number = shape === undefined ? unpriced : priceNumberAt(candidates, candidate, shape, replicas);
    prices.push(candidates.answers?.prices.amounts[number]);
  }
  return prices;
};

/** Replicas by the number of their price. */
type Bill = number[];

const totalOf = (bill: Bill, amounts: readonly Amount[]): Amount => {
  let sum = 0n;
  bill.forEach((replicas, number) => {
    sum += (amounts[number] ?? 0n) * BigInt(replicas);
  });
  return sum;
};

/** What a decision costs in the currency that is compared; undefined when no cluster that got replicas has a price in it. */
const costAfter = (
  candidates: Candidates,
  prices: PriceColumn,
  workload: Workload,
  shape: PodShape,
  counts: Column,
): Amount | undefined => {
  const alike: Bill = [];
  // Where nodes differ in price, it is theirs one by one.
  let mixed = 0n;
  let isPriced = false;
  for (let candidate = 0; candidate < counts.length; candidate++) {
    const got = counts[candidate] as number;
    if (got === 0) continue;
    const asked = shapeAt(candidates, candidate) ?? shape;
    const number = priceNumberAt(candidates, candidate, asked);
    if (number === unpriced) continue;
    isPriced = true;
    const view = prices.differsAt(candidates.roster.at[candidate] ?? -1) ? standingAt(candidates, candidate)?.view : undefined;
    if (view !== undefined) mixed += costOfGot({ view, shape: asked }, workload, got);
    else alike[number] = (alike[number] ?? 0) + got;
  }
  return isPriced ? totalOf(alike, prices.amounts) + mixed : undefined;
};

/** Cost of a decision; undefined when no cluster has a price for the workload. */
export const costOf = (candidates: Candidates, workload: Workload, shape: PodShape, counts: Column): PlacementCost | undefined => {
  const { prepared, answers } = candidates;
  if (!prepared.isPriced || answers === undefined) return undefined;
  const { prices } = answers;
  prices.tidy();
  const after = costAfter(candidates, prices, workload, shape, counts);
  const before = costBefore(candidates, workload, shape);
  const others = prices.isMixed ? costInOthers(candidates, workload, shape, counts) : [];
  if (after === undefined && before === 0n && others.length === 0) return undefined;
  return {
    before: amountText(before),
    after: amountText(after ?? 0n),
    currency: prices.currency,
    ...(others.length === 0 ? {} : { others }),
  };
};

/** What is billed in currencies that are not compared, by their names. */
const costInOthers = (candidates: Candidates, workload: Workload, shape: PodShape, counts: Column): CurrencyCost[] => {
  const { prepared, answers } = candidates;
  const sums = new Map<string, { before: Amount; after: Amount }>();
  const put = (view: ClusterView | undefined, asked: PodShape, when: 'before' | 'after', costIn: (asked: Asked) => Amount): void => {
    if (view === undefined || currencyOf(view) === answers?.prices.currency || priceIn(view, asked) === undefined) return;
    const sum = sums.get(currencyOf(view)) ?? { before: 0n, after: 0n };
    sums.set(currencyOf(view), { ...sum, [when]: sum[when] + costIn({ view, shape: asked }) });
  };
  for (let candidate = 0; candidate < counts.length; candidate++) {
    const got = counts[candidate] as number;
    if (got === 0) continue;
    const view = standingAt(candidates, candidate)?.view;
    put(view, shapeAt(candidates, candidate) ?? shape, 'after', (asked) => costOfGot(asked, workload, got));
  }
  for (const [name, replicas] of workload.current) {
    const at = prepared.index.get(name) ?? -1;
    const asked = (answers === undefined ? undefined : shapeAmong(answers, at)) ?? shape;
    put(prepared.standings[at]?.view, asked, 'before', (one) => costOfPresent(one, workload, replicas));
  }
  return [...sums]
    .sort(([a], [b]) => compareText(a, b))
    .map(([currency, { before, after }]) => ({ before: amountText(before), after: amountText(after), currency }));
};

/** Clusters that may not hold the workload any more count too: their shape is the workload's own. */
const costBefore = ({ prepared, answers }: Candidates, workload: Workload, shape: PodShape): Amount => {
  let sum = 0n;
  for (const [name, replicas] of workload.current) {
    const view = prepared.standings[prepared.index.get(name) ?? -1]?.view;
    if (view === undefined || currencyOf(view) !== answers?.prices.currency) continue;
    const asked = shapeAmong(answers, prepared.index.get(name) ?? -1) ?? shape;
    sum += costOfPresent({ view, shape: asked }, workload, replicas);
  }
  return sum;
};
