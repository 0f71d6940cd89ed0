/** @module Candidates that share the domains of all constraints: they are held back together, so that seats are dealt by cell. */
import type { Spread } from './problem.ts';

/** Cells of candidates; made once for columns of domains, and kept with them. */
export type Cells = {
  readonly count: number;
  /** Cell of each candidate. */
  readonly of: Int32Array;
  /** Domains of cell c, one a constraint, from `c × spreads` on. */
  readonly domains: Int32Array;
  /** Candidates of cell c: `members[start[c]]` up to `members[start[c + 1]]`, in name order. */
  readonly start: Int32Array;
  readonly members: Int32Array;
  /** Constraints of which no two cells are in one domain. */
  readonly lone: ReadonlySet<number>;
};

/** Constraints of which each cell has a domain to itself. */
const loneIn = (domains: Int32Array, count: number, spreads: number): ReadonlySet<number> => {
  const lone = new Set<number>();
  for (let constraint = 0; constraint < spreads; constraint++) {
    const seen = new Set<number>();
    for (let cell = 0; cell < count; cell++) seen.add(domains[cell * spreads + constraint] as number);
    if (seen.size === count) lone.add(constraint);
  }
  return lone;
};

const makeCells = (spreads: readonly Spread[], size: number): Cells => {
  const of = new Int32Array(size);
  // A cell's key is built domain by domain: the pair of the key so far and the next domain is numbered as it appears.
  for (const spread of spreads) {
    const numbers = new Map<number, number>();
    const width = spread.names.length + 1;
    for (let at = 0; at < size; at++) {
      const pair = (of[at] as number) * width + (spread.of[at] as number) + 1;
      const known = numbers.get(pair);
      of[at] = known ?? numbers.size;
      if (known === undefined) numbers.set(pair, numbers.size);
    }
  }
  let count = 0;
  for (let at = 0; at < size; at++) count = Math.max(count, (of[at] as number) + 1);
  const start = new Int32Array(count + 1);
  const domains = new Int32Array(count * spreads.length);
  for (let at = 0; at < size; at++) {
    const cell = of[at] as number;
    start[cell + 1] = (start[cell + 1] as number) + 1;
    for (let index = 0; index < spreads.length; index++) domains[cell * spreads.length + index] = spreads[index]?.of[at] ?? -1;
  }
  for (let cell = 0; cell < count; cell++) start[cell + 1] = (start[cell + 1] as number) + (start[cell] as number);
  const members = new Int32Array(size);
  const next = start.slice();
  for (let at = 0; at < size; at++) {
    const cell = of[at] as number;
    members[next[cell] as number] = at;
    next[cell] = (next[cell] as number) + 1;
  }
  return { count, of, domains, start, members, lone: loneIn(domains, count, spreads.length) };
};

type Kept = { readonly columns: readonly Int32Array[]; readonly cells: Cells };

const kept = new WeakMap<Int32Array, Kept>();

/** The cells under these constraints. The columns of domains are known by identity. */
export const cellsOf = (spreads: readonly Spread[], size: number): Cells => {
  const [first] = spreads;
  if (first === undefined) return makeCells(spreads, size);
  const known = kept.get(first.of);
  if (known !== undefined && known.columns.length === spreads.length && known.columns.every((of, at) => of === spreads[at]?.of))
    return known.cells;
  const cells = makeCells(spreads, size);
  kept.set(first.of, { columns: spreads.map(({ of }) => of), cells });
  return cells;
};
