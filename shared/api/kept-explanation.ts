/**
 * @module How the rows of an explanation are kept: in a fleet most clusters say the same but for a number, so what is said is kept once and
 * numbers are kept as columns. A hundred rows take a tenth of their text; whoever reads gets rows.
 */
import type { ExplanationRow } from './placement.ts';

/** What every row has. */
type Always = 'cluster' | 'eligible' | 'reason' | 'message' | 'before' | 'got';

/** A row as it is told; what it does not say may be undefined. */
export type ToldRow = Pick<ExplanationRow, Always> & {
  readonly [field in Exclude<keyof ExplanationRow, Always>]?: ExplanationRow[field] | undefined;
};

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

const says = (kept: KeptRow, row: ToldRow): boolean =>
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

/** Field by field: what a row does not have is not there. */
const keptRow = ({ eligible, reason, message, exact, refusals, bound, tier, price, scores, share }: ToldRow): KeptRow => ({
  eligible,
  reason,
  message,
  ...(exact === undefined ? {} : { exact }),
  ...(refusals === undefined ? {} : { refusals }),
  ...(bound === undefined ? {} : { bound }),
  ...(tier === undefined ? {} : { tier }),
  ...(scores === undefined ? {} : { scores }),
  ...(price === undefined ? {} : { price }),
  ...(share === undefined ? {} : { hasShare: true as const }),
});

/** A column as text, entry after entry; equal entries in a row are written once. */
class ColumnWriter {
  readonly #written: (string | number)[] = [];
  #last: number | undefined;
  #times = 0;

  add(entry: number | undefined): void {
    if (this.#times > 0 && entry === this.#last) {
      this.#times += 1;
      return;
    }
    this.#write();
    this.#last = entry;
    this.#times = 1;
  }

  /** The text; nothing can be added any more. */
  end(): string {
    this.#write();
    return this.#written.join(',');
  }

  #write(): void {
    if (this.#times === 0) return;
    const entry = this.#last ?? '';
    this.#written.push(this.#times > 1 ? `${entry}*${this.#times}` : entry);
    this.#times = 0;
  }
}

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

/** Names as one text. Most explanations tell of the clusters that the one before told of: then the text is the same one, not another like it. */
let lastNames: { readonly names: readonly string[]; readonly text: string } = { names: [], text: '' };

const namesText = (names: readonly string[]): string => {
  const { names: before } = lastNames;
  const isSame = names.length === before.length && names.every((name, at) => name === before[at]);
  if (!isSame) lastNames = { names, text: names.join(',') };
  return lastNames.text;
};

/** Takes the rows of an explanation one after the other. */
export class ExplanationKeeper {
  readonly #said: KeptRow[] = [];
  readonly #names: string[] = [];
  readonly #of = new ColumnWriter();
  readonly #fits = new ColumnWriter();
  readonly #counts: KeptCounts[] = [];
  #place = 0;

  /** The row is read at once: the caller may use it again for the next one. Names of clusters are DNS labels: without a comma. */
  add(row: ToldRow): void {
    const { before, got, share = 0 } = row;
    if (before !== 0 || got !== 0 || share !== 0) this.#counts.push([this.#names.length, before, got, share]);
    this.#names.push(row.cluster);
    this.#place = this.#placeOf(row);
    this.#of.add(this.#place);
    this.#fits.add(row.fits);
  }

  /** What was taken. */
  end(): KeptExplanation {
    return { clusters: namesText(this.#names), rows: this.#said, of: this.#of.end(), fits: this.#fits.end(), counts: this.#counts };
  }

  /** The place of what a row says among what was said; the row before it mostly said the same. */
  #placeOf(row: ToldRow): number {
    const said = this.#said;
    const last = said[this.#place];
    if (last !== undefined && says(last, row)) return this.#place;
    for (let place = Math.max(0, said.length - comparedMax); place < said.length; place++) {
      const kept = said[place];
      if (kept !== undefined && says(kept, row)) return place;
    }
    return said.push(keptRow(row)) - 1;
  }
}

/** Takes rows to the form in which they are kept. */
export const keptExplanation = (rows: readonly ExplanationRow[]): KeptExplanation => {
  const keeper = new ExplanationKeeper();
  for (const row of rows) keeper.add(row);
  return keeper.end();
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

/** What a row says of whether the cluster may take replicas: of one that may, nothing more; of one that may not, why. */
const standingText = (row: KeptRow = nothingSaid): string => (row.eligible ? '' : `${row.reason}: ${row.message}`);

const isSameStanding = (a: KeptExplanation, b: KeptExplanation, isDoubted: (cluster: string) => boolean): boolean => {
  const [ofA, ofB] = [columnEntries(a.of), columnEntries(b.of)];
  const [saidByA, saidByB] = [a.rows.map(standingText), b.rows.map(standingText)];
  return namesIn(a).every((name, at) => saidByA[ofA[at] ?? -1] === saidByB[ofB[at] ?? -1] || isDoubted(name));
};

/**
 * True when both say of the same clusters that they may take replicas, or for the same reason may not, and that they got as many: what fits
 * beside that comes and goes. Of a doubted cluster it does not count whether it may.
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
  const isPlain = a.rows.length === 1 && b.rows.length === 1 && standingText(a.rows[0]) === standingText(b.rows[0]);
  return isPlain || isSameStanding(a, b, isDoubted);
};
