/** @module The clusters that take part in a decision, and what a policy says of each, as columns: kept as long as the same ones take part. */
import type { Prepared, Standing } from './prepare.ts';
import { type Column, type DomainColumn, domainColumn, nothingIn, onesIn } from './problem.ts';

/** Columns of one value a candidate. */
export type Roster = {
  /** Places among the prepared clusters, ascending. */
  readonly at: Int32Array;
  readonly tier: Column;
  readonly score: Column;
  /** Lower goes first: earlier tiers, then higher scores. */
  readonly rank: Column;
  /** Least and most replicas. */
  readonly min: Column;
  readonly most: Column;
  /** For strategy Weighted; all 1 when every weight is 0. */
  readonly weight: Column;
  /** One for each spread constraint of the policy. */
  readonly domains: readonly DomainColumn[];
};

/** Above every score: an earlier tier goes before any preference. */
export const tierStep = 1_048_576;

/** Lists of candidates of which the columns are kept for each policy and list of clusters. */
const keptMax = 4;
const kept = new WeakMap<Prepared, Roster[]>();

const columnOf = (prepared: Prepared, at: Int32Array, value: (standing: Standing) => number): Column => {
  const column = new Float64Array(at.length);
  for (let candidate = 0; candidate < at.length; candidate++)
    column[candidate] = value(prepared.standings[at[candidate] as number] as Standing);
  return column.some((one) => one !== 0) ? column : nothingIn(at.length);
};

const makeRoster = (prepared: Prepared, at: Int32Array): Roster => {
  const column = (value: (standing: Standing) => number): Column => columnOf(prepared, at, value);
  const weight = column((standing) => standing.weight);
  return {
    at,
    tier: column(({ tier }) => tier),
    score: column(({ score }) => score),
    rank: column(({ tier, score }) => tier * tierStep - score),
    min: column(({ min }) => min),
    most: column(({ max }) => max),
    weight: weight === nothingIn(at.length) ? onesIn(at.length) : weight,
    domains: prepared.domains.map((domains) => domainColumn(domains, at)),
  };
};

/** Numbers of some clusters as a column; those that are no candidates count nothing. */
export const columnFrom = ({ at }: Roster, { index }: Prepared, counts: ReadonlyMap<string, number>): Column => {
  if (counts.size === 0) return nothingIn(at.length);
  const column = new Float64Array(at.length);
  for (const [name, count] of counts) {
    const candidate = at.indexOf(index.get(name) ?? -1);
    if (candidate >= 0) column[candidate] = count;
  }
  return column;
};

/** Places are ascending: as many as there are clusters are all of them. */
const isSame = (a: Int32Array, list: Int32Array, size: number, all: number): boolean => {
  if (a.length !== size) return false;
  if (size === all) return true;
  for (let index = 0; index < size; index++) if (a[index] !== list[index]) return false;
  return true;
};

/** The columns of the clusters at the first `size` places of `list`, which is copied. */
export const rosterOf = (prepared: Prepared, list: Int32Array, size: number): Roster => {
  const known = kept.get(prepared) ?? [];
  kept.set(prepared, known);
  const found = known.find(({ at }) => isSame(at, list, size, prepared.standings.length));
  if (found !== undefined) return found;
  const made = makeRoster(prepared, list.slice(0, size));
  known.unshift(made);
  if (known.length > keptMax) known.pop();
  return made;
};
