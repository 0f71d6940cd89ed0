/** @module What refuses one more replica of a shape once a cluster holds as many as fit. */

/** A node's count and what refuses one more there. */
type Share = { readonly count: number | bigint; readonly bound: string };

/** Every node by what refuses one more replica on it. A quota that is used up refuses wherever the next one would go. */
export const refusalsOnceFull = (nodes: readonly Share[]): Readonly<Record<string, number>> => {
  const isUsedUp = nodes.some(({ bound }) => bound === 'quota');
  const refusals: Record<string, number> = {};
  for (const { count, bound } of nodes) {
    const reason = isUsedUp && count > 0 ? 'quota' : bound;
    refusals[reason] = (refusals[reason] ?? 0) + 1;
  }
  return refusals;
};
