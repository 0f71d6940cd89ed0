/** @module Faults of numbers, percentages, amounts and ports (kubernetes `apis/core/validation`, `apis/apps/validation`). */
import { type Fault, invalid, invalidEach, percent, portName, portNumber } from '../../names/index.ts';
import { isWholeQuantity, type Quantity } from '../../quantity/index.ts';
import { at, hasAt } from '../read.ts';

const negativeText = 'must be greater than or equal to 0';

/** A fault for each of these number fields of `object` that is negative; `field` is the object's path. */
export const nonNegative = (object: unknown, field: string, ...names: readonly string[]): Fault[] =>
  names.flatMap((name) => {
    const value = at(object, ...name.split('.'));
    return typeof value === 'number' && value < 0 ? [invalid(`${field}.${name}`, value, negativeText)] : [];
  });

/** Faults of a number of pods or a percentage of them. */
export const countOrPercent = (value: unknown, field: string): Fault[] => {
  if (typeof value === 'string') return invalidEach(field, value, percent(value));
  return typeof value === 'number' && value < 0 ? [invalid(field, value, negativeText)] : [];
};

/** The number in `5` or `25%`; 0 when it is neither. */
export const countOf = (value: unknown): number => {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? Number.parseInt(value, 10) || 0 : 0;
};

/** A fault for a percentage above 100. */
export const atMostAll = (value: unknown, field: string): Fault[] =>
  typeof value === 'string' && percent(value).length === 0 && countOf(value) > 100
    ? [invalid(field, value, 'must not be greater than 100%')]
    : [];

/** Faults of a port given as a number or by name. */
export const portFaults = (value: unknown, field: string): Fault[] =>
  typeof value === 'string' ? invalidEach(field, value, portName(value)) : invalidEach(field, value ?? 0, portNumber(Number(value ?? 0)));

/** A fault for a negative amount. */
export const nonNegativeQuantity = (quantity: Quantity, field: string): Fault[] =>
  quantity.nanos < 0n ? [invalid(field, quantity.text, negativeText)] : [];

/** A fault for an amount that must be a whole number. */
export const wholeQuantity = (quantity: Quantity, field: string): Fault[] =>
  isWholeQuantity(quantity) ? [] : [invalid(field, quantity.text, 'must be an integer')];

/** A fault when a field differs from what it was. */
export const unchanged = (
  next: unknown,
  old: unknown,
  field: string,
  isSame: (a: unknown, b: unknown) => boolean,
  ...path: readonly string[]
): Fault[] =>
  isSame(at(next, ...path), at(old, ...path))
    ? []
    : [invalid(field, hasAt(next, ...path) ? at(next, ...path) : null, 'field is immutable')];
