/** @module What a benchmark is: a function that measures and gives back a table with its goals. */
import type { Option } from 'commander';

/** How a benchmark is run. `quick`: a fraction of the work, to see that it runs at all. */
export type BenchOptions = { readonly quick: boolean };

/** One cell; numbers are printed with at most two decimals. */
export type Cell = string | number;

/** A figure held to a goal. */
export type Goal = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** `max`: the value may not be above `goal`; `min`: not below it. */
  readonly bound: 'min' | 'max';
  readonly goal: number;
};

/** What a benchmark found. */
export type BenchResult = {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly goals: readonly Goal[];
};

/** What each `test/bench/<name>.ts` exports. */
export type BenchModule = {
  /** Flags of its own; their values come to `run` beside those of {@link BenchOptions}. */
  readonly options?: readonly Option[];
  readonly run: (options: BenchOptions) => Promise<BenchResult>;
};

/** True when the figure keeps its bound. */
export const isMet = ({ value, goal, bound }: Goal): boolean => (bound === 'max' ? value <= goal : value >= goal);

/** The value below which `percent` of the samples lie (nearest rank); samples need no order. */
export const percentile = (samples: readonly number[], percent: number): number => {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
};
