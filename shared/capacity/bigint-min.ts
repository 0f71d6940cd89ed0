/** @module The first item with the smallest value. */

/** The first item whose value is smallest; undefined for no items. */
export const bigintMin = <T>(items: readonly T[], amountOf: (item: T) => bigint): T | undefined => {
  let best: { item: T; value: bigint } | undefined;
  for (const item of items) {
    const value = amountOf(item);
    if (best === undefined || value < best.value) best = { item, value };
  }
  return best?.item;
};
