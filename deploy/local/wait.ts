/** @module Waiting for a condition, with a limit and a reason. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Bounds of {@link waitUntil}. */
export type WaitOptions = {
  readonly withinMs: number;
  readonly everyMs?: number;
  /** Ends the wait at once. */
  readonly signal?: AbortSignal;
  /** What to say of the state when time is up. */
  readonly why?: () => Promise<string | undefined> | string | undefined;
};

/** Asks until the answer is not undefined. @throws Error that says what was waited for, and why it did not come; an AbortError at the signal. */
export const waitUntil = async <T>(what: string, ask: () => Promise<T | undefined> | T | undefined, options: WaitOptions): Promise<T> => {
  const { withinMs, everyMs = 50, why, signal } = options;
  const untilMs = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > untilMs) {
      const reason = await why?.();
      throw new Error(`waited ${Math.round(withinMs / 1000)} s for ${what} in vain${reason === undefined ? '' : `: ${reason}`}`);
    }
    await sleep(everyMs, undefined, signal === undefined ? {} : { signal });
  }
};
