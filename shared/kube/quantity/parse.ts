/** @module Reading Kubernetes quantities exactly (apimachinery `api/resource/quantity.go`): `100m`, `1.5Gi`, `12e6`. */
import type { Parsed } from '../names/index.ts';
import { canonicalText } from './format.ts';
import { type Format, nanosPerUnit, type Quantity } from './quantity.ts';

/** The server's text for a string that has not the shape of a quantity. */
export const quantityFormatText = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const numericText = 'unable to parse numeric part of quantity';
const suffixText = "unable to parse quantity's suffix";

/** Longer strings are refused, so that a hostile amount cannot cost more than a page of digits. */
const textLengthMax = 512;
/** Greatest power of ten that a suffix `e…` may name. */
const exponentMax = 1000;
/** Digits that an int64 surely holds: such amounts the server prints as they were written. */
const int64Digits = 18;
const nanoDigits = 9;
const int64Max = 2n ** 63n - 1n;

const decimalSuffixes: Readonly<Record<string, number>> = { '': 0, n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binarySuffixes: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

type Suffix = { readonly format: Format; readonly exponent: number };

const readSuffix = (suffix: string): Suffix | undefined => {
  const decimal = decimalSuffixes[suffix];
  if (decimal !== undefined && Object.hasOwn(decimalSuffixes, suffix)) return { format: 'DecimalSI', exponent: decimal };
  const binary = binarySuffixes[suffix];
  if (binary !== undefined && Object.hasOwn(binarySuffixes, suffix)) return { format: 'BinarySI', exponent: binary };
  const match = /^[eE]([+-]?[0-9]+)$/.exec(suffix);
  const exponent = Number(match?.[1] ?? Number.NaN);
  return Math.abs(exponent) <= exponentMax ? { format: 'DecimalExponent', exponent } : undefined;
};

/** Division that rounds away from zero; `value` ≥ 0. */
const divideUp = (value: bigint, divisor: bigint): bigint => (value + divisor - 1n) / divisor;

/** Nanos of digits × 10^-places × the suffix, rounded up to a whole nano. */
const toNanos = (digits: bigint, places: number, suffix: Suffix): bigint => {
  const scaled = suffix.format === 'BinarySI' ? digits * 2n ** BigInt(suffix.exponent) : digits;
  const shift = nanoDigits - places + (suffix.format === 'BinarySI' ? 0 : suffix.exponent);
  return shift >= 0 ? scaled * 10n ** BigInt(shift) : divideUp(scaled, 10n ** BigInt(-shift));
};

/** True when the server keeps the text as written instead of printing the canonical one (its fast path). */
const keepsText = (whole: string, fraction: string, suffix: Suffix): boolean => {
  const digits = whole + fraction;
  if (suffix.format === 'BinarySI') {
    const room = 15 - whole.length - Math.trunc((suffix.exponent * 3) / 10) - 1;
    return fraction === '' && room >= 0 && (BigInt(whole) & 7n) !== 0n;
  }
  const scale = suffix.exponent - fraction.length;
  if (digits.length > int64Digits || scale < -nanoDigits) return false;
  return scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
};

/**
 * Reads a quantity; a number is read as its JSON text. Finer than a nano is rounded up; a binary amount is capped at 2^63-1, as the
 * server does. The message on failure is the server's.
 */
export const parseQuantity = (input: string | number): Parsed<Quantity> => {
  const text = typeof input === 'number' ? String(input) : input.trim();
  if (text.length > textLengthMax) return { ok: false, message: quantityFormatText };
  const match = /^([+-]?)0*([0-9]*)(?:(\.)([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/.exec(text);
  if (match === null || text === '') return { ok: false, message: quantityFormatText };
  const [, sign, digits = '', point, fraction = '', suffixPart = ''] = match;
  if (digits === '' && fraction === '' && !/^[+-]?0/.test(text)) {
    return { ok: false, message: point === undefined ? quantityFormatText : numericText };
  }
  const suffix = readSuffix(suffixPart);
  if (suffix === undefined) return { ok: false, message: suffixText };
  const whole = digits === '' ? '0' : digits;
  const exact = toNanos(BigInt(whole + fraction), fraction.length, suffix);
  const cap = int64Max * nanosPerUnit;
  const size = suffix.format === 'BinarySI' && exact > cap ? cap : exact;
  const format = suffix.format === 'BinarySI' && size > 0n && size < nanosPerUnit ? 'DecimalSI' : suffix.format;
  const nanos = sign === '-' ? -size : size;
  const kept = keepsText(whole, fraction, suffix);
  return { ok: true, value: { nanos, format, text: kept ? text : canonicalText(nanos, format) } };
};
