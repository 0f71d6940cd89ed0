/** @module Printing a quantity in canonical form: no fraction, and the greatest suffix that loses nothing. */
import type { Format } from './quantity.ts';

const decimalSuffixes: readonly string[] = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binarySuffixes: readonly string[] = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const nanosPerUnit = 1_000_000_000n;
/** Below this an amount is printed in decimal even when it was written in binary. */
const binaryFrom = 1024n * nanosPerUnit;

/** Divides by `base` as often as it leaves no rest, at most `timesMax` times. */
const stripFactors = (value: bigint, base: bigint, timesMax: number): { value: bigint; times: number } => {
  let rest = value;
  let times = 0;
  while (times < timesMax && rest % base === 0n) {
    rest /= base;
    times += 1;
  }
  return { value: rest, times };
};

const exponentText = (nanos: bigint): string => {
  const digits = nanos.toString().replace(/0+$/, '');
  const zeros = nanos.toString().length - digits.length;
  const exponent = Math.floor((zeros - 9) / 3) * 3;
  const mantissa = digits + '0'.repeat(zeros - 9 - exponent);
  return exponent === 0 ? mantissa : `${mantissa}e${exponent}`;
};

/** The text of an amount of nanos; `0` for none. */
export const canonicalText = (nanos: bigint, format: Format): string => {
  if (nanos === 0n) return '0';
  const size = nanos < 0n ? -nanos : nanos;
  if (format === 'BinarySI' && size >= binaryFrom && size % nanosPerUnit === 0n) {
    const { value, times } = stripFactors(nanos / nanosPerUnit, 1024n, binarySuffixes.length - 1);
    return `${value}${binarySuffixes[times] ?? ''}`;
  }
  if (format === 'DecimalExponent') return exponentText(nanos);
  const { value, times } = stripFactors(nanos, 1000n, decimalSuffixes.length - 1);
  return `${value}${decimalSuffixes[times] ?? ''}`;
};
