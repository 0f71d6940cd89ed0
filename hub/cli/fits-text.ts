/** @module How many replicas a cluster can add, in a cell or a sentence. */

/** `4`; `>=4` where it is the least that is sure to fit; `~0` where none is sure to, which is no limit. */
export const fitsText = (fits: number, exact: boolean | undefined): string => {
  if (exact !== false) return String(fits);
  return fits === 0 ? '~0' : `>=${fits}`;
};
