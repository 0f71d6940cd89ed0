/** @module Times as Kubernetes writes them. */

/** Many objects are written within a second. */
let last = { second: Number.NaN, text: '' };

/** 9999-12-31T23:59:59Z: a year has four digits (RFC 3339), and what is reckoned from numbers of users may lie far beyond. */
const secondMax = 253_402_300_799;

/** RFC 3339 in UTC, to the second (meta/v1 Time); what lies after the year 9999 reads as its end. @param ms since the epoch. */
export const timeText = (ms: number): string => {
  const second = Math.min(Math.floor(ms / 1_000), secondMax);
  if (second !== last.second) last = { second, text: `${new Date(second * 1_000).toISOString().slice(0, 19)}Z` };
  return last.text;
};
