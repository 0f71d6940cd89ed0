/** @module Quantities inside objects: reading them where they stand, printing them as stored. */
import { parseQuantity, type Quantity, zeroQuantity } from '../quantity/index.ts';

/** The quantity of a JSON value; undefined when it is none. */
export const readQuantity = (value: unknown): Quantity | undefined => {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const parsed = parseQuantity(value);
  return parsed.ok ? parsed.value : undefined;
};

/** The quantity of a JSON value; zero when it is none. */
export const quantityOrZero = (value: unknown): Quantity => readQuantity(value) ?? zeroQuantity;

/** A quantity as the server prints it; what is none stays as it is. */
export const quantityText = (value: unknown): string => readQuantity(value)?.text ?? String(value);
