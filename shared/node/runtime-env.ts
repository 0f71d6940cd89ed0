/** @module The real clock, chance and timers of a Node process. */
import { randomUUID } from 'node:crypto';
import type { Log, RuntimeEnv, SetTimer } from '../lib/env.ts';

/** Node's timers wait no longer: a longer delay would be over at once. */
const delayMsMax = 2 ** 31 - 1;

/** Starts a one-shot timer that waits as long as it is told; the answer cancels it. */
export const nodeTimer: SetTimer = (delayMs, run) => {
  const wait = (leftMs: number): NodeJS.Timeout =>
    leftMs <= delayMsMax
      ? setTimeout(run, leftMs)
      : setTimeout(() => {
          timer = wait(leftMs - delayMsMax);
        }, delayMsMax);
  let timer = wait(delayMs);
  return () => clearTimeout(timer);
};

/** Milliseconds of a clock that never goes back, whatever is done to the time of day. */
const monotonicMs = (): number => performance.now();

/** The world as `main.ts` files hand it to everything else. */
export const nodeEnv = (log: Log): RuntimeEnv => ({
  nowMs: Date.now,
  monotonicMs,
  random: Math.random,
  uuid: randomUUID,
  setTimer: nodeTimer,
  log,
});
