/** @module The one order of texts: by code unit, the same on every machine. */

/** Below 0 when `a` comes first, above 0 when `b` does. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
