/** @module What the seeds that ran come to: one sum, told as JSON or as text. */
import { percentile } from './health/measure.ts';
import type { SeedResult } from './run-seed.ts';

/** Sums up results of seeds. */
export type Tally = {
  readonly add: (result: SeedResult) => void;
  /** Seeds that broke a rule, in the order of their runs. */
  readonly failed: () => readonly number[];
  /** The document that `--json` prints. */
  readonly document: () => object;
  readonly lines: (seconds: number) => readonly string[];
};

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

const percentiles = (values: readonly number[]): { readonly p50: number; readonly p99: number } => {
  const all = sorted(values);
  return { p50: percentile(all, 50), p99: percentile(all, 99) };
};

/** Nothing has run yet. */
export const createTally = (): Tally => {
  const results: SeedResult[] = [];
  const sum = (of: (result: SeedResult) => number): number => results.reduce((total, result) => total + of(result), 0);
  const failed = (): number[] => results.filter(({ broken }) => broken !== undefined).map(({ seed }) => seed);
  const sums = () => ({
    events: sum(({ events }) => events),
    wrong: sum(({ verdicts }) => verdicts.false),
    requests: sum(({ clients }) => clients.requests),
    lost: sum(({ clients }) => clients.lost),
    took: percentiles(results.flatMap(({ verdicts }) => verdicts.tookMs)),
    recover: percentiles(results.flatMap(({ clients }) => clients.recoverMs)),
  });
  return {
    add: (result) => void results.push({ ...result, tail: [] }),
    failed,
    document: () => {
      const { events, wrong, requests, lost, took, recover } = sums();
      return {
        seeds: results.length,
        failed: failed(),
        verdicts: { p50Ms: took.p50, p99Ms: took.p99 },
        false: wrong,
        singletonOverlaps: sum(({ singletonOverlaps }) => singletonOverlaps),
        events,
        clients: { requests, lost, p50RecoverMs: recover.p50, p99RecoverMs: recover.p99 },
      };
    },
    lines: (seconds) => {
      const { events, wrong, requests, lost, took, recover } = sums();
      const slowestMs = Math.max(0, ...results.map(({ settledMs = 0 }) => settledMs));
      const verdicts = sum((result) => result.verdicts.tookMs.length);
      return [
        `${results.length} seeds, ${failed().length} failed, ${events} events in ${seconds.toFixed(1)} s (${(results.length / seconds).toFixed(1)} seeds/s)`,
        `${verdicts} verdicts on clusters that died: p50 ${took.p50} ms, p99 ${took.p99} ms; ${wrong} on clusters that lived`,
        `${requests} requests of clients, ${lost} lost; the last to a cluster that died: p50 ${recover.p50} ms after its death, p99 ${recover.p99} ms`,
        `slowest to settle after healing: ${(slowestMs / 1000).toFixed(0)} s of virtual time`,
      ];
    },
  };
};
