/** @module Times as Kubernetes writes them. */

/** Many objects are written within a second. */
let last = { second: Number.NaN, text: '' };

/** RFC 3339 in UTC, to the second (meta/v1 Time). @param ms since the epoch. */
export const timeText = (ms: number): string => {
  const second = Math.floor(ms / 1_000);
  if (second !== last.second) last = { second, text: `${new Date(ms).toISOString().slice(0, 19)}Z` };
  return last.text;
};
