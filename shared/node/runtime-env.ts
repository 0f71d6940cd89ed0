/** @module The real clock, chance and timers of a Node process. */
import { randomUUID } from 'node:crypto';
import type { Log, RuntimeEnv } from '../lib/env.ts';

/** The world as `main.ts` files hand it to everything else. */
export const nodeEnv = (log: Log): RuntimeEnv => ({
  nowMs: Date.now,
  random: Math.random,
  uuid: randomUUID,
  setTimer: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  log,
});
