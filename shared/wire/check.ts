/** @module Small checks of untrusted JSON; each answers the first fault with its path, or undefined. */
import { jsonDepthMax, listEntriesMax } from './limits.ts';

/** The first fault of a value, such as `.ref.name must be a string`, or undefined when it is fine. */
export type Check = (value: unknown, path: string) => string | undefined;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A string of `min` to `max` UTF-16 units. */
export const text =
  (max: number, min = 0): Check =>
  (value, path) =>
    typeof value === 'string' && value.length >= min && value.length <= max
      ? undefined
      : `${path} must be a string of ${min} to ${max} characters`;

/** A string that matches. */
export const matching =
  (pattern: RegExp, words: string): Check =>
  (value, path) =>
    typeof value === 'string' && pattern.test(value) ? undefined : `${path} must be ${words}`;

/** One of these strings. */
export const oneOf =
  (...values: readonly string[]): Check =>
  (value, path) =>
    typeof value === 'string' && values.includes(value) ? undefined : `${path} must be one of ${values.join(', ')}`;

/** A safe integer, at least `min`. */
export const integer =
  (min = Number.MIN_SAFE_INTEGER): Check =>
  (value, path) =>
    Number.isSafeInteger(value) && Number(value) >= min ? undefined : `${path} must be an integer of at least ${min}`;

export const bool: Check = (value, path) => (typeof value === 'boolean' ? undefined : `${path} must be true or false`);

/** A list of up to `max` entries. */
export const list =
  (entry: Check, max = listEntriesMax): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > max) return `${path} must be a list of at most ${max} entries`;
    for (let i = 0; i < value.length; i++) {
      const fault = entry(value[i], `${path}[${i}]`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };

/** A map of up to `max` entries. */
export const map =
  (entry: Check, max = listEntriesMax): Check =>
  (value, path) => {
    if (!isRecord(value)) return `${path} must be an object`;
    const keys = Object.keys(value);
    if (keys.length > max) return `${path} must have at most ${max} entries`;
    for (const key of keys) {
      const fault = entry(value[key], `${path}.${key.slice(0, 64)}`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };

/** An object with these fields; others are ignored (a newer peer may send them). */
export const record = (required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check => {
  const fieldsOf = (checks: Readonly<Record<string, Check>>) =>
    Object.entries(checks).map(([name, check]) => ({ name, check, path: `.${name}` }));
  const requiredFields = fieldsOf(required);
  const optionalFields = fieldsOf(optional);
  // Faults open with their path, and nearly all messages have none: a field is told its own part only, and the way to it is put before a fault.
  const faultOf = (value: Record<string, unknown>): string | undefined => {
    for (const { name, check, path } of requiredFields) {
      const fault = Object.hasOwn(value, name) ? check(value[name], path) : `${path} is required`;
      if (fault !== undefined) return fault;
    }
    for (const { name, check, path } of optionalFields) {
      const fault = Object.hasOwn(value, name) ? check(value[name], path) : undefined;
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
  return (value, path) => {
    if (!isRecord(value)) return `${path === '' ? 'the message' : path} must be an object`;
    const fault = faultOf(value);
    return fault === undefined ? undefined : `${path}${fault}`;
  };
};

/** Both must hold. */
export const both =
  (first: Check, second: Check): Check =>
  (value, path) =>
    first(value, path) ?? second(value, path);

/** Any JSON object, nested at most `jsonDepthMax` deep (so that recursive code downstream cannot overflow). */
export const freeObject: Check = (value, path) => {
  if (!isRecord(value)) return `${path} must be an object`;
  return depthWithin(value, jsonDepthMax) ? undefined : `${path} must not be nested deeper than ${jsonDepthMax}`;
};

/** Level by level and without recursion, because the input is hostile. */
const depthWithin = (value: object, max: number): boolean => {
  let level: object[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > max) return false;
    level = level.flatMap((node) => Object.values(node).filter((child) => typeof child === 'object' && child !== null));
  }
  return true;
};
