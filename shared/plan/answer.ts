/** @module A plan as it is told: the JSON of `hanse plan -o json`, its sums, and the code a script goes by. */
import type { WorkloadRef } from '../api/index.ts';
import type { Plan } from './plan.ts';

/** One object in {@link PlanAnswer}. */
export type AnsweredPlacement = {
  readonly object: WorkloadRef;
  readonly policy: string;
  readonly replicas?: number;
  readonly clusters: readonly { readonly cluster: string; readonly replicas: number; readonly before: number }[];
  readonly unplaced: number;
  /** Why not all is placed; absent when all is. */
  readonly reason?: string;
  readonly message?: string;
  readonly explain: readonly {
    readonly cluster: string;
    readonly eligible: boolean;
    readonly reason: string;
    readonly message: string;
    readonly fits?: number;
    readonly exact?: boolean;
    readonly tier?: string;
  }[];
};

/** What is printed with `-o json`. Costs an hour, decimal texts. */
export type PlanAnswer = {
  readonly placements: readonly AnsweredPlacement[];
  readonly cost: { readonly before: string; readonly after: string; readonly currency: string };
};

const decimalsOf = (text: string): number => text.split('.')[1]?.length ?? 0;

/** Exact sum of decimal texts, without zeros at the end. */
export const decimalSum = (texts: readonly string[]): string => {
  const decimals = Math.max(0, ...texts.map(decimalsOf));
  const sum = texts.reduce((total, text) => {
    const [whole = '0', fraction = ''] = text.split('.');
    return total + BigInt(`${whole}${fraction.padEnd(decimals, '0')}`);
  }, 0n);
  const digits = sum.toString().padStart(decimals + 1, '0');
  const fraction = decimals === 0 ? '' : digits.slice(-decimals).replace(/0+$/, '');
  return `${decimals === 0 ? digits : digits.slice(0, -decimals)}${fraction === '' ? '' : `.${fraction}`}`;
};

/** Sums over placements of the currency that most of them have; others cannot be added to it. */
export const costOfPlan = (plan: Plan): PlanAnswer['cost'] => {
  const costs = plan.placements.flatMap(({ cost }) => cost ?? []);
  const tally = new Map<string, number>();
  for (const { currency } of costs) tally.set(currency, (tally.get(currency) ?? 0) + 1);
  const [currency = ''] = [...tally].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0] ?? [];
  const same = costs.filter((cost) => cost.currency === currency);
  return { before: decimalSum(same.map(({ before }) => before)), after: decimalSum(same.map(({ after }) => after)), currency };
};

/** The JSON of a plan. */
export const planAnswer = (plan: Plan): PlanAnswer => ({
  placements: plan.placements.map(({ object, policy, replicas, clusters, unplaced, reason, message, explain }) => ({
    object,
    policy,
    ...(replicas === undefined ? {} : { replicas }),
    clusters,
    unplaced,
    ...(unplaced > 0 || reason !== 'Placed' ? { reason, message } : {}),
    explain: explain.map((row) => ({
      cluster: row.cluster,
      eligible: row.eligible,
      reason: row.reason,
      message: row.message,
      ...(row.fits === undefined ? {} : { fits: row.fits }),
      ...(row.exact === undefined ? {} : { exact: row.exact }),
      ...(row.tier === undefined ? {} : { tier: row.tier }),
    })),
  })),
  cost: costOfPlan(plan),
});

/** Exit code: 0 all placed, 2 something unplaced. */
export const planExitCode = (plan: Plan): 0 | 2 =>
  plan.placements.some(({ unplaced, reason }) => unplaced > 0 || reason !== 'Placed') ? 2 : 0;
