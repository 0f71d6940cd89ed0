/** @module Which start of an agent is the one that runs: what an earlier start said may still be under way when the next one speaks. */

/** A start of an agent: when it last spoke, by its own clock, and when that was heard, by our monotonic clock; ms. */
export type Boot = { readonly id: string; readonly saidMs: number; readonly heardMs: number };

/** A start that has not been heard for so long is over: whoever speaks now runs, even if its clock was set back. Five beats by default. */
export const bootSilentMs = 5_000;

/** The start that runs, after a message of `next`; undefined when the message is a late one of a start that is over. */
export const bootAfter = (current: Boot | undefined, next: Boot): Boot | undefined => {
  if (current === undefined) return next;
  if (current.id === next.id) return { ...next, saidMs: Math.max(current.saidMs, next.saidMs) };
  const isLater = next.saidMs > current.saidMs || next.heardMs - current.heardMs >= bootSilentMs;
  return isLater ? next : undefined;
};
