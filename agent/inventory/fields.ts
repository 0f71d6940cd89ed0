/** @module Reading what objects of members write in more than one form. */
import { compareText } from '../../shared/lib/compare-text.ts';
import { textOf } from '../../shared/lib/fields.ts';

/** A whole number of at least 0 and at most 15 digits, from a number or a text; undefined otherwise. */
export const wholeOf = (value: unknown): number | undefined => {
  const text = typeof value === 'number' ? String(value) : textOf(value).trim();
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
};

/** A record with its keys in order, so that equal records have equal JSON. */
export const sortedRecord = <T>(entries: Iterable<readonly [string, T]>): Readonly<Record<string, T>> =>
  Object.fromEntries([...entries].sort(([a], [b]) => compareText(a, b)));
