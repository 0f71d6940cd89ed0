/** @module What a decision costs an hour before and after. */
import type { PlacementCost } from '../api/index.ts';
import type { PodShape } from '../capacity/index.ts';
import { shapeAmong } from './answers.ts';
import { type Candidates, shapeAt } from './candidates.ts';
import type { Workload } from './model.ts';
import { unpriced } from './price-column.ts';
import { type Amount, amountText, currencyOf, priceIn } from './pricing.ts';
import type { Column } from './problem.ts';

/** The price of one replica at each candidate; undefined where there is none in the currency that is compared. */
export const pricesOf = (candidates: Candidates): (Amount | undefined)[] => {
  const prices: (Amount | undefined)[] = [];
  for (let candidate = 0; candidate < candidates.roster.at.length; candidate++) {
    const shape = shapeAt(candidates, candidate);
    const number = shape === undefined ? unpriced : numberAt(candidates, candidate, shape);
    prices.push(candidates.answers?.prices.amounts[number]);
  }
  return prices;
};

const numberAt = ({ answers, roster }: Candidates, candidate: number, shape: PodShape): number =>
  answers?.prices.numberIn(roster.at[candidate] ?? -1, shape) ?? unpriced;

/** Replicas by the number of their price. */
type Bill = number[];

const add = (bill: Bill, number: number, replicas: number): void => {
  if (number !== unpriced) bill[number] = (bill[number] ?? 0) + replicas;
};

const totalOf = (bill: Bill, amounts: readonly Amount[]): Amount => {
  let sum = 0n;
  bill.forEach((replicas, number) => {
    sum += (amounts[number] ?? 0n) * BigInt(replicas);
  });
  return sum;
};

/** Cost of a decision; undefined when no cluster has a price for the workload. */
export const costOf = (candidates: Candidates, workload: Workload, shape: PodShape, counts: Column): PlacementCost | undefined => {
  const { prepared, answers } = candidates;
  if (!prepared.isPriced || answers === undefined) return undefined;
  const { prices } = answers;
  const after: Bill = [];
  for (let candidate = 0; candidate < counts.length; candidate++) {
    const got = counts[candidate] as number;
    if (got > 0) add(after, numberAt(candidates, candidate, shapeAt(candidates, candidate) ?? shape), got);
  }
  const wasCost = costBefore(candidates, workload, shape);
  if (after.length === 0 && wasCost === 0n) return undefined;
  return { before: amountText(wasCost), after: amountText(totalOf(after, prices.amounts)), currency: prices.currency };
};

/** Clusters that may not hold the workload any more count too: their shape is the workload's own. */
const costBefore = ({ prepared, answers }: Candidates, { current }: Workload, shape: PodShape): Amount => {
  let sum = 0n;
  for (const [name, replicas] of current) {
    const view = prepared.standings[prepared.index.get(name) ?? -1]?.view;
    if (view === undefined || currencyOf(view) !== answers?.prices.currency) continue;
    const asked = shapeAmong(answers, prepared.index.get(name) ?? -1) ?? shape;
    sum += (priceIn(view, asked) ?? 0n) * BigInt(replicas);
  }
  return sum;
};
