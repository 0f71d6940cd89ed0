/** @module Where a list in order of revision goes on after one of them. */
import type { Revision } from './port.ts';

/** Index of the first with a revision above; the length when there is none. */
export const firstAfter = (ordered: readonly { readonly revision: Revision }[], revision: Revision): number => {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = ordered[middle];
    if (at !== undefined && at.revision <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
};
