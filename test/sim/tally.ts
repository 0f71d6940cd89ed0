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

/** Of no values there are none. */
const percentiles = (values: readonly number[]): { readonly p50: number | null; readonly p99: number | null } => {
  if (values.length === 0) return { p50: null, p99: null };
  const all = values.toSorted((a, b) => a - b);
  return { p50: percentile(all, 50), p99: percentile(all, 99) };
};

const msText = (ms: number | null): string => (ms === null ? '-' : `${ms} ms`);

/** Nothing has run yet. */
export const createTally = (): Tally => {
  const failed: number[] = [];
  const tookMs: number[] = [];
  const recoverMs: number[] = [];
  const sum = { seeds: 0, events: 0, wrong: 0, overlaps: 0, requests: 0, lost: 0, slowestMs: 0 };
  return {
    add: ({ seed, events, broken, settledMs = 0, singletonOverlaps, verdicts, clients }) => {
      if (broken !== undefined) failed.push(seed);
      for (const ms of verdicts.tookMs) tookMs.push(ms);
      for (const ms of clients.recoverMs) recoverMs.push(ms);
      sum.seeds += 1;
      sum.events += events;
      sum.wrong += verdicts.false;
      sum.overlaps += singletonOverlaps;
      sum.requests += clients.requests;
      sum.lost += clients.lost;
      sum.slowestMs = Math.max(sum.slowestMs, settledMs);
    },
    failed: () => failed,
    document: () => {
      const { seeds, events, wrong, overlaps, requests, lost } = sum;
      const [took, recover] = [percentiles(tookMs), percentiles(recoverMs)];
      return {
        seeds,
        failed,
        verdicts: { p50Ms: took.p50, p99Ms: took.p99 },
        false: wrong,
        singletonOverlaps: overlaps,
        events,
        clients: { requests, lost, p50RecoverMs: recover.p50, p99RecoverMs: recover.p99 },
      };
    },
    lines: (seconds) => {
      const { seeds, events, wrong, requests, lost, slowestMs } = sum;
      const [took, recover] = [percentiles(tookMs), percentiles(recoverMs)];
      return [
        `${seeds} seeds, ${failed.length} failed, ${events} events in ${seconds.toFixed(1)} s (${(seeds / seconds).toFixed(1)} seeds/s)`,
        `${tookMs.length} verdicts on clusters that died: p50 ${msText(took.p50)}, p99 ${msText(took.p99)}; ${wrong} on clusters that lived`,
        `${requests} requests of clients, ${lost} lost; the last to a cluster that died: p50 ${msText(recover.p50)} after its death, p99 ${msText(recover.p99)}`,
        `slowest to settle after healing: ${(slowestMs / 1000).toFixed(0)} s of virtual time`,
      ];
    },
  };
};
