/** @module Loose reading of objects whose shape nobody has checked. */

import { compareText } from '../../shared/lib/compare-text.ts';

/** An object of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object; anything else is an empty one. */
export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

/** The value as a list of objects; anything else is empty. */
export const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);

/** The value if it is a text, else ''. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The texts among the values of an object. */
export const textsOf = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fieldsOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));

/** A whole number of at least 0 and at most 15 digits, from a number or a text; undefined otherwise. */
export const wholeOf = (value: unknown): number | undefined => {
  const text = typeof value === 'number' ? String(value) : textOf(value).trim();
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
};

/** A record with its keys in order, so that equal records have equal JSON. */
export const sortedRecord = <T>(entries: Iterable<readonly [string, T]>): Readonly<Record<string, T>> =>
  Object.fromEntries([...entries].sort(([a], [b]) => compareText(a, b)));
