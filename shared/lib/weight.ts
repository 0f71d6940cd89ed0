/** @module How much memory an object takes, roughly: enough to bound a history by bytes rather than by number. */

const placeBytes = 24;

/** Bytes of a JSON value in memory, estimated: each place and each character counts; sharing between values does not. */
export const weightOf = (value: unknown): number => {
  if (typeof value === 'string') return placeBytes + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let bytes = placeBytes;
  // Every change in the store is weighed: what a line here costs, each write costs a thousand times.
  if (Array.isArray(value)) for (let at = 0; at < value.length; at++) bytes += 8 + weightOf(value[at]);
  else for (const key in value) bytes += 8 + weightOf((value as { readonly [key: string]: unknown })[key]);
  return bytes;
};
