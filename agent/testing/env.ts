/** @module The real clock, chance and timers, and a wait for a condition, for tests. */
import { type Log, type RuntimeEnv, silentLog } from '../../shared/lib/index.ts';
import { nodeEnv } from '../../shared/node/index.ts';

/** The world as it is, without a log. */
export const realEnv = (log: Log = silentLog): RuntimeEnv => nodeEnv(log);

/** Polls until `look` answers something else than undefined or false; rejects with what was waited for. */
export const until = async <T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 15_000,
): Promise<T> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`gave up after ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
