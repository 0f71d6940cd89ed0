/**
 * @module How the rows of an explanation are kept: in a fleet most clusters say the same but for a number, so what is said is kept once and
 * numbers are kept as columns. A hundred rows take a tenth of their text; whoever reads gets rows.
 */
import type { ExplanationRow } from './placement.ts';

/** What a row says besides the name of its cluster and its numbers. */
export type KeptRow = Omit<ExplanationRow, 'cluster' | 'fits' | 'before' | 'got' | 'share'> & {
  /** Its rows have a share. */
  readonly hasShare?: true;
};

/** Numbers of a cluster that are not all 0, with its place among the clusters. */
export type KeptCounts = readonly [at: number, before: number, got: number, share: number];

/** An explanation as it is kept. A column has an entry for each cluster, with a comma between two; `V*N` is N times V. */
export type KeptExplanation = {
  /** Column of names. */
  readonly clusters: string;
  /** What rows say, each different one once. */
  readonly rows: readonly KeptRow[];
  /** Column of places in `rows`. */
  readonly of: string;
  /** Column of `fits`; nothing where a row has none. */
  readonly fits: string;
  /** In the order of the clusters. */
  readonly counts: readonly KeptCounts[];
};

/** A row is compared with so many that were said before it; one that is like an earlier one is said again. */
const comparedMax = 32;

const isSameJson = (a: unknown, b: unknown): boolean =>
  a === b || (a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b));

const says = (kept: KeptRow, row: ExplanationRow): boolean =>
  kept.eligible === row.eligible &&
  kept.reason === row.reason &&
  kept.message === row.message &&
  kept.exact === row.exact &&
  kept.bound === row.bound &&
  kept.tier === row.tier &&
  kept.price === row.price &&
  (kept.hasShare === true) === (row.share !== undefined) &&
  isSameJson(kept.refusals, row.refusals) &&
  isSameJson(kept.scores, row.scores);

const keptRow = ({ cluster: _c, fits: _f, before: _b, got: _g, share, ...said }: ExplanationRow): KeptRow =>
  share === undefined ? said : { ...said, hasShare: true };

/** Equal entries in a row are written once. */
const columnText = (length: number, entryAt: (at: number) => number | undefined): string => {
  let text = '';
  for (let at = 0; at < length; ) {
    const entry = entryAt(at);
    let end = at + 1;
    while (end < length && entryAt(end) === entry) end += 1;
    if (at > 0) text += ',';
    if (entry !== undefined) text += entry;
    if (end - at > 1) text += `*${end - at}`;
    at = end;
  }
  return text;
};

const columnEntries = (text: string): (number | undefined)[] => {
  const entries: (number | undefined)[] = [];
  for (const part of text.split(',')) {
    const star = part.indexOf('*');
    const value = star < 0 ? part : part.slice(0, star);
    const times = star < 0 ? 1 : Number(part.slice(star + 1));
    for (let count = 0; count < times; count++) entries.push(value === '' ? undefined : Number(value));
  }
  return entries;
};

const namesIn = ({ clusters }: KeptExplanation): readonly string[] => (clusters === '' ? [] : clusters.split(','));

/** The place of what a row says among what was said; the row before it mostly said the same. */
const placeOf = (row: ExplanationRow, said: KeptRow[], before: number): number => {
  const last = said[before];
  if (last !== undefined && says(last, row)) return before;
  for (let place = Math.max(0, said.length - comparedMax); place < said.length; place++) {
    const kept = said[place];
    if (kept !== undefined && says(kept, row)) return place;
  }
  return said.push(keptRow(row)) - 1;
};

/** Takes rows to the form in which they are kept. Names of clusters are DNS labels: without a comma. */
export const keptExplanation = (rows: readonly ExplanationRow[]): KeptExplanation => {
  const said: KeptRow[] = [];
  const of = new Uint32Array(rows.length);
  const counts: KeptCounts[] = [];
  let clusters = '';
  let place = 0;
  // Without a list for each column: rows are kept for each decision.
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at];
    if (row === undefined) continue;
    const { before, got, share = 0 } = row;
    if (before !== 0 || got !== 0 || share !== 0) counts.push([at, before, got, share]);
    place = placeOf(row, said, place);
    of[at] = place;
    clusters = at === 0 ? row.cluster : `${clusters},${row.cluster}`;
  }
  return {
    clusters,
    rows: said,
    of: columnText(rows.length, (at) => of[at]),
    fits: columnText(rows.length, (at) => rows[at]?.fits),
    counts,
  };
};

const nothingSaid: KeptRow = { eligible: false, reason: '', message: '' };

/** The rows of a kept explanation. */
export const explanationRows = (kept: KeptExplanation): ExplanationRow[] => {
  const [of, fits] = [columnEntries(kept.of), columnEntries(kept.fits)];
  const counts = new Map(kept.counts.map((entry) => [entry[0], entry]));
  return namesIn(kept).map((cluster, at): ExplanationRow => {
    const { hasShare, ...said } = kept.rows[of[at] ?? -1] ?? nothingSaid;
    const [, before, got, share] = counts.get(at) ?? [at, 0, 0, 0];
    const fit = fits[at];
    return {
      cluster,
      ...said,
      ...(fit === undefined ? {} : { fits: fit }),
      ...(hasShare === true ? { share } : {}),
      before,
      got,
    };
  });
};

const isSameCounts = (a: readonly KeptCounts[], b: readonly KeptCounts[]): boolean =>
  a.length === b.length && a.every(([at, , got], index) => at === b[index]?.[0] && got === b[index]?.[2]);

const eligibleText = ({ rows, of }: KeptExplanation, names: readonly string[], isDoubted: (cluster: string) => boolean): string => {
  const entries = columnEntries(of);
  return names.map((name, at) => (isDoubted(name) || rows[entries[at] ?? -1]?.eligible === true ? '1' : '0')).join('');
};

/**
 * True when both say of the same clusters that they may or may not take replicas, and that they got as many: what fits beside that comes and
 * goes. Of a doubted cluster it does not count whether it may.
 */
export const isSameOutcome = (
  a: KeptExplanation | undefined,
  b: KeptExplanation | undefined,
  isDoubted: (cluster: string) => boolean,
): boolean => {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.clusters !== b.clusters) return false;
  const gotOf = ({ counts }: KeptExplanation): KeptCounts[] => counts.filter(([, , got]) => got !== 0);
  if (!isSameCounts(gotOf(a), gotOf(b))) return false;
  const isPlain = a.rows.length === 1 && b.rows.length === 1 && a.rows[0]?.eligible === b.rows[0]?.eligible;
  if (isPlain) return true;
  const names = namesIn(a);
  return eligibleText(a, names, isDoubted) === eligibleText(b, names, isDoubted);
};
