/** @module Nodes with the same group and amounts as one row: most fleets have many of them, and a new shape is counted once a row. */

/** Rows of amounts; each stands for one node, or for `times` nodes. */
export type Rows = {
  readonly group: ArrayLike<number>;
  readonly podsFree: ArrayLike<number>;
  readonly free: readonly ArrayLike<number>[];
  readonly times: Float64Array | undefined;
};

/** Joining rows is worth it when it leaves at most one in so many. */
const joinedShare = 2;

/** Thomas Wang's and Knuth's multiplicative mixing, enough to tell rows of small numbers apart. */
const mixed = (hash: number, value: number): number => Math.imul(hash ^ (value | 0), 0x9e3779b1) ^ (hash >>> 15);

const isAlike = (columns: readonly ArrayLike<number>[], a: number, b: number): boolean => {
  for (let at = 0; at < columns.length; at++) if (columns[at]?.[a] !== columns[at]?.[b]) return false;
  return true;
};

/** The first node of each row, and of how many it is the first; undefined when too few nodes are alike. */
const firstsOf = (
  columns: readonly ArrayLike<number>[],
  nodes: number,
): { readonly first: number[]; readonly times: number[] } | undefined => {
  const bits = 32 - Math.clz32(Math.max(1, nodes));
  const slots = new Int32Array(2 << bits).fill(-1);
  const [first, times]: [number[], number[]] = [[], []];
  for (let node = 0; node < nodes; node++) {
    let hash = 1;
    for (let at = 0; at < columns.length; at++) hash = mixed(hash, columns[at]?.[node] ?? 0);
    let slot = hash & (slots.length - 1);
    while ((slots[slot] as number) >= 0 && !isAlike(columns, first[slots[slot] as number] ?? -1, node))
      slot = (slot + 1) & (slots.length - 1);
    const row = slots[slot] as number;
    if (row >= 0) times[row] = (times[row] ?? 0) + 1;
    else {
      slots[slot] = first.push(node) - 1;
      times.push(1);
      if (first.length * joinedShare > nodes) return undefined;
    }
  }
  return { first, times };
};

/** Equal rows joined; undefined when too few are. Their columns lie one behind the other: a new shape is asked of thousands of clusters, and looks for each. */
export const joinAlike = ({ group, podsFree, free }: Rows): Rows | undefined => {
  const columns = [group, podsFree, ...free];
  const found = firstsOf(columns, group.length);
  if (found === undefined) return undefined;
  const { first, times } = found;
  const size = first.length;
  const block = new Float64Array((columns.length + 1) * size);
  columns.forEach((column, at) => {
    for (let row = 0; row < size; row++) block[at * size + row] = column[first[row] ?? -1] ?? 0;
  });
  block.set(times, columns.length * size);
  const columnAt = (at: number): Float64Array => block.subarray(at * size, (at + 1) * size);
  return {
    group: columnAt(0),
    podsFree: columnAt(1),
    free: free.map((_, at) => columnAt(at + 2)),
    times: columnAt(columns.length),
  };
};
