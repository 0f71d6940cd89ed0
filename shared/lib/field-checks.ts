/** @module Checks of loose objects: each tells the first field that is not of its kind, by its path. Null is absent, as in Kubernetes. */
import { type Bag, isBag } from './fields.ts';

/** What is wrong with the value at a path; undefined when nothing is. */
export type Check = (value: unknown, path: string) => string | undefined;

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

const shownMax = 60;

/** The value as a message shows it. */
const shown = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
};

const first = <T>(items: readonly T[], check: (item: T, at: number) => string | undefined): string | undefined => {
  for (const [at, item] of items.entries()) {
    const fault = check(item, at);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

/** A check of what is there; what is wanted is named when it does not hold. */
const wants =
  (wanted: string, holds: (value: unknown) => boolean): Check =>
  (value, path) =>
    isAbsent(value) || holds(value) ? undefined : `${path}: ${wanted} is wanted, not ${shown(value)}`;

/** A text. */
export const text = wants('a text', (value) => typeof value === 'string');
/** True or false. */
export const truth = wants('true or false', (value) => typeof value === 'boolean');
/** An object, whatever is in it. */
export const object = wants('an object', isBag);

/** A whole number within bounds. */
export const integer = (least: number, most: number = Number.MAX_SAFE_INTEGER): Check =>
  wants(
    most === Number.MAX_SAFE_INTEGER ? `a whole number from ${least} on` : `a whole number from ${least} to ${most}`,
    (value) => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most,
  );

/** One of these texts. */
export const oneOf = (...texts: readonly string[]): Check =>
  wants(
    `one of ${texts.map((one) => (one === '' ? '""' : one)).join(', ')}`,
    (value) => typeof value === 'string' && texts.includes(value),
  );

/** A map from texts to what passes the check. */
export const mapOf =
  (check: Check): Check =>
  (value, path) =>
    object(value, path) ??
    (isBag(value)
      ? first(Object.entries(value), ([key, item]) =>
          item === null ? `${path}[${key}]: a value is wanted, not null` : check(item, `${path}[${key}]`),
        )
      : undefined);

/** A list of what passes the check. */
export const listOf = (check: Check, wanted = 'a list'): Check => {
  const isList = wants(wanted, Array.isArray);
  return (value, path) =>
    isList(value, path) ??
    (Array.isArray(value)
      ? first(value, (item, at) => (item === null ? `${path}[${at}]: a value is wanted, not null` : check(item, `${path}[${at}]`)))
      : undefined);
};

/** An object whose fields pass their checks; `whole` looks at it when they do. */
export const fieldsOf =
  (checks: Readonly<Record<string, Check>>, whole?: (value: Bag, path: string) => string | undefined): Check =>
  (value, path) =>
    object(value, path) ??
    (isBag(value)
      ? (first(Object.entries(checks), ([field, check]) => check(value[field], `${path}.${field}`)) ?? whole?.(value, path))
      : undefined);

/** All checks in turn. */
export const allOf =
  (...checks: readonly Check[]): Check =>
  (value, path) =>
    first(checks, (check) => check(value, path));
