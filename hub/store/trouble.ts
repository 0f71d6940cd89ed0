/** @module That writes are refused, told to the operator: at once, then once a minute, and when they are stored again. */
import type { Log } from '../../shared/lib/index.ts';
import { REFUSALS_TOLD_EVERY_MS } from './limits.ts';

/** What is known of writes that cannot be stored. */
export type Trouble = {
  /** A write was refused; the message names the file and the mend. */
  readonly refused: (message: string) => void;
  /** A write was stored. */
  readonly ended: () => void;
  /** The last refusal; undefined after a write was stored, or when nobody has tried for a minute. */
  readonly fault: () => string | undefined;
};

/** Nothing is wrong at first. */
export const createTrouble = ({ nowMs, log }: { readonly nowMs: () => number; readonly log: Log }): Trouble => {
  let last: { readonly message: string; readonly atMs: number } | undefined;
  let refusals = 0;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  return {
    refused: (message) => {
      last = { message, atMs: nowMs() };
      refusals++;
      if (last.atMs - toldAtMs < REFUSALS_TOLD_EVERY_MS) return;
      toldAtMs = last.atMs;
      log.error(message, { refusals });
    },
    ended: () => {
      if (last === undefined) return;
      log.info('writes are stored again', { refusals });
      last = undefined;
      refusals = 0;
      toldAtMs = Number.NEGATIVE_INFINITY;
    },
    fault: () => (last === undefined || nowMs() - last.atMs > REFUSALS_TOLD_EVERY_MS ? undefined : last.message),
  };
};
