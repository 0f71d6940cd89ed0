/** @module What replicas cost an hour in each currency that they are billed in, as sums of decimal texts. */
import type { CurrencyCost, PlacementCost } from '../api/index.ts';
import type { PodShape } from '../capacity/index.ts';
import { amountText, type ClusterView, costOfPresent, currencyOf, priceIn, type Workload } from '../placement/index.ts';

const decimalsOf = (text: string): number => text.split('.')[1]?.length ?? 0;

/** Exact sum of decimal texts, without zeros at the end. */
const decimalSum = (texts: readonly string[]): string => {
  const decimals = Math.max(0, ...texts.map(decimalsOf));
  const sum = texts.reduce((total, text) => {
    const [whole = '0', fraction = ''] = text.split('.');
    return total + BigInt(`${whole}${fraction.padEnd(decimals, '0')}`);
  }, 0n);
  const digits = sum.toString().padStart(decimals + 1, '0');
  const fraction = decimals === 0 ? '' : digits.slice(-decimals).replace(/0+$/, '');
  return `${decimals === 0 ? digits : digits.slice(0, -decimals)}${fraction === '' ? '' : `.${fraction}`}`;
};

/** Sums by currency: this one, and the others beside it. */
export const sumsIn = (currency: string, costs: readonly PlacementCost[]): PlacementCost => {
  const parts = costs.flatMap((cost): readonly CurrencyCost[] => [cost, ...(cost.others ?? [])]);
  const sumOf = (wanted: string): CurrencyCost => {
    const same = parts.filter((part) => part.currency === wanted);
    return { before: decimalSum(same.map(({ before }) => before)), after: decimalSum(same.map(({ after }) => after)), currency: wanted };
  };
  const rest = [...new Set(parts.map((part) => part.currency))].filter((name) => name !== currency).sort();
  return rest.length === 0 ? sumOf(currency) : { ...sumOf(currency), others: rest.map(sumOf) };
};

/** Present replicas of a workload in one cluster, and how many of them are left. */
export type PresentCount = { readonly cluster: string; readonly before: number; readonly after: number };

/** What present replicas of a workload cost, in the currency of the first cluster that has a price; undefined when none has one. */
export const costOfCounts = (
  workload: Workload,
  shapeIn: (view: ClusterView) => PodShape | undefined,
  counts: readonly PresentCount[],
  views: ReadonlyMap<string, ClusterView>,
): PlacementCost | undefined => {
  const costs = counts.flatMap(({ cluster, before, after }): CurrencyCost[] => {
    const view = views.get(cluster);
    const shape = view === undefined ? undefined : shapeIn(view);
    if (view === undefined || shape === undefined || priceIn(view, shape) === undefined) return [];
    const costOf = (replicas: number): string => amountText(costOfPresent({ view, shape }, workload, replicas));
    return [{ before: costOf(before), after: costOf(after), currency: currencyOf(view) }];
  });
  const [first] = costs;
  return first === undefined ? undefined : sumsIn(first.currency, costs);
};
