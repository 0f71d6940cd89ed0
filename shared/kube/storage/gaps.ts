/** @module Revisions that a journal left out: those between `from` and `to`, which is the head from then on. */
import type { Revision } from './port.ts';

/** One gap. */
export type Gap = { readonly from: Revision; readonly to: Revision };

/** Gaps kept; each is a restored copy. Beyond it the oldest are forgotten. */
export const gapsMax = 100;

/** True for a revision in one of the gaps. */
export const isLeftOut = (gaps: readonly Gap[], revision: Revision): boolean =>
  gaps.some(({ from, to }) => revision > from && revision < to);
