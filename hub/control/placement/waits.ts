/** @module Since when how many have waited, seen time and again. Pure. */

/** So many wait since then; those that have waited longest first. */
export type Waits = readonly { readonly sinceMs: number; readonly count: number }[];

/** So many wait now. When there are fewer, who came last is the first to be none of them: as many as are left have waited all the time. */
export const waitsAfter = (waits: Waits, count: number, nowMs: number): Waits => {
  let left = count;
  const kept = waits.flatMap((wait) => {
    const still = Math.min(wait.count, left);
    left -= still;
    return still === 0 ? [] : [{ ...wait, count: still }];
  });
  return left === 0 ? kept : [...kept, { sinceMs: nowMs, count: left }];
};

/** Those that have waited at least since then. */
export const waitingSince = (waits: Waits, sinceMs: number): number =>
  waits.reduce((sum, wait) => (wait.sinceMs <= sinceMs ? sum + wait.count : sum), 0);

/** Since when the next ones have waited that came later than that; undefined = there are none. */
export const nextAfter = (waits: Waits, sinceMs: number): number | undefined => waits.find((wait) => wait.sinceMs > sinceMs)?.sinceMs;
