/** @module The amount itself: an exact count of nanos, and sums, differences and comparisons of it. */
import { canonicalText } from './format.ts';

/** How an amount is printed: `12M`, `12Mi` or `12e6`. */
export type Format = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** An exact amount. `nanos`: 10^-9 of a unit. `text`: as the API server prints it. */
export type Quantity = { readonly nanos: bigint; readonly format: Format; readonly text: string };

export const nanosPerUnit = 1_000_000_000n;
const nanosPerMilli = 1_000_000n;
const bytesPerMebibyte = 1_048_576n;

const make = (nanos: bigint, format: Format): Quantity => ({ nanos, format, text: canonicalText(nanos, format) });

/** No amount, printed `0`. */
export const zeroQuantity: Quantity = { nanos: 0n, format: 'DecimalSI', text: '0' };

/** A whole number of units. */
export const quantityOf = (units: bigint | number, format: Format = 'DecimalSI'): Quantity => make(BigInt(units) * nanosPerUnit, format);

/** A number of thousandths. */
export const quantityOfMilli = (milli: bigint | number, format: Format = 'DecimalSI'): Quantity =>
  make(BigInt(milli) * nanosPerMilli, format);

/** Negative, 0 or positive, as `a` is less than, equal to or more than `b`. */
export const compareQuantity = (a: Quantity, b: Quantity): number => (a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0);

/** The sum; it prints like `a`, or like `b` when `a` is zero. */
export const addQuantity = (a: Quantity, b: Quantity): Quantity => make(a.nanos + b.nanos, a.nanos === 0n ? b.format : a.format);

/** The difference; it prints like `a`, or like `b` when `a` is zero. */
export const subtractQuantity = (a: Quantity, b: Quantity): Quantity => make(a.nanos - b.nanos, a.nanos === 0n ? b.format : a.format);

const divideAwayFromZero = (value: bigint, divisor: bigint): bigint => {
  const quotient = value / divisor;
  if (quotient * divisor === value) return quotient;
  return value < 0n ? quotient - 1n : quotient + 1n;
};

/** Thousandths, rounded away from zero as `MilliValue` does: 1500 for `1.5`. */
export const quantityMilli = (quantity: Quantity): bigint => divideAwayFromZero(quantity.nanos, nanosPerMilli);

/** Whole units, rounded away from zero as `Value` does. */
export const quantityUnits = (quantity: Quantity): bigint => divideAwayFromZero(quantity.nanos, nanosPerUnit);

/** Whole MiB of an amount of bytes, rounded down: what is surely there. */
export const quantityMebibytesFloor = (quantity: Quantity): bigint => {
  const divisor = nanosPerUnit * bytesPerMebibyte;
  const quotient = quantity.nanos / divisor;
  return quantity.nanos < 0n && quotient * divisor !== quantity.nanos ? quotient - 1n : quotient;
};

/** True for a whole number of units. */
export const isWholeQuantity = (quantity: Quantity): boolean => quantity.nanos % nanosPerUnit === 0n;
