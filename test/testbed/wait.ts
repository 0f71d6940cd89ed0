/** @module Waiting for a condition, with a limit: the tests' replacement for sleeping. */

const pollMsDefault = 100;

/**
 * Calls `probe` until it gives something other than undefined or false, and gives that.
 * @throws after `timeoutMs`, naming `what` and the last error a probe threw as the cause.
 */
export const waitFor = async <T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 30_000, pollMs = pollMsDefault }: { timeoutMs?: number; pollMs?: number } = {},
): Promise<T> => {
  const giveUpAtMs = Date.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > giveUpAtMs) throw new Error(`${what}: not within ${timeoutMs} ms`, { cause });
    await new Promise((done) => setTimeout(done, pollMs));
  }
};
