/** @module Exponential backoff with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015). */

/** Bounds of the wait. */
export type BackoffOptions = {
  readonly baseMs: number;
  readonly maxMs: number;
};

/**
 * The wait before the next attempt, in ms: uniform between half the bound and the bound, where the bound doubles from `baseMs`
 * up to `maxMs`. `attempt` counts from 0.
 */
export const backoffMs = (attempt: number, options: BackoffOptions, random: () => number): number => {
  const bound = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(bound / 2 + (random() * bound) / 2);
};
