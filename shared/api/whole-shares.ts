/** @module Shares of replicas as whole percents that come to a hundred. */
import type { ExplanationRow } from './placement.ts';

/**
 * The rows with their shares by largest remainders (Hamilton); equal ones go to the larger count, then to the earlier row. They are kept rounded
 * down; a list that is not of all the placed replicas stays as it is.
 */
export const withWholeShares = (rows: readonly ExplanationRow[]): readonly ExplanationRow[] => {
  const total = rows.reduce((sum, { share, got }) => sum + (share === undefined ? 0 : got), 0);
  const isWhole = rows.every(({ share, got }) => share === undefined || (total > 0 && share === Math.floor((got * 100) / total)));
  if (total === 0 || !isWhole) return rows;
  const missing = 100 - rows.reduce((sum, { share = 0 }) => sum + share, 0);
  if (missing === 0) return rows;
  const raised = rows
    .flatMap(({ share, got }, at) => (share === undefined || got === 0 ? [] : [{ at, got, rest: (got * 100) % total }]))
    .sort((a, b) => b.rest - a.rest || b.got - a.got || a.at - b.at)
    .slice(0, missing);
  const isRaised = new Set(raised.map(({ at }) => at));
  return rows.map((row, at) => (row.share === undefined || !isRaised.has(at) ? row : { ...row, share: row.share + 1 }));
};
