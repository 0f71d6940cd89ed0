/** @module Names that somebody may have meant: those a few letters away. */
import { compareText } from './compare-text.ts';

/** Longer names are not compared letter by letter. */
const lengthMax = 253;

/**
 * Letters to insert, delete, replace, or exchange with the next one, to make `b` of `a`; the optimal string alignment of Damerau and
 * Levenshtein. At most `max + 1`: what is further is not told apart.
 */
export const editDistance = (a: string, b: string, max: number): number => {
  if (Math.abs(a.length - b.length) > max || a.length > lengthMax || b.length > lengthMax) return max + 1;
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (isSame ? 0 : 1));
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(isExchanged ? Math.min(least, (before[j - 2] ?? 0) + 1) : least);
    }
    [before, last] = [last, row];
  }
  return Math.min(last[b.length] ?? 0, max + 1);
};

/** Those of `names` that are at most a third of its letters, and two, away from `name`; the nearest first, `count` at most. */
export const nearNames = (name: string, names: Iterable<string>, count: number): readonly string[] => {
  const max = Math.min(2, Math.floor(name.length / 3));
  return [...new Set(names)]
    .map((other) => ({ other, distance: editDistance(name, other, max) }))
    .filter(({ distance }) => distance > 0 && distance <= max)
    .sort((a, b) => a.distance - b.distance || compareText(a.other, b.other))
    .slice(0, count)
    .map(({ other }) => other);
};
