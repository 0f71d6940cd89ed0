/**
 * @module One column of a snapshot: what a cheap guess misses, divided by its common divisor, in planes of bytes. Which guess is best is tried on
 * the column itself, since only the column knows: nothing, the row before, or what the node has in all (facts capacity.md §3.4).
 */
import { type ByteWriter, signedMax, zigzag } from './encode-bytes.ts';

/** How a column is guessed; the number is on the wire. */
export const guesses = { constant: 0, nothing: 1, before: 2, reference: 3 } as const;

/** A column to write; `reference` has one guess a row. */
export type ColumnInput = { readonly values: readonly number[]; readonly reference: readonly number[] | undefined };

/** Rows that the guesses are tried on. */
const sampleMax = 1_024;

const divisorOf = (values: readonly number[]): number => {
  let divisor = 0;
  for (const value of values) {
    let a = Math.abs(value);
    let b = divisor;
    while (b !== 0) [a, b] = [b, a % b];
    divisor = a;
    if (divisor === 1) break;
  }
  return Math.max(1, divisor);
};

/** Bits that an ideal code takes for these values (Shannon entropy of the sample), the yardstick of a guess. */
const costOf = (values: readonly number[]): number => {
  const counts = new Map<number, number>();
  const sample = Math.min(values.length, sampleMax);
  for (let i = 0; i < sample; i++) {
    const value = values[i] ?? 0;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  let bits = 0;
  for (const count of counts.values()) bits -= count * Math.log2(count / sample);
  return bits;
};

const isExact = (values: readonly number[]): boolean => values.every((value) => Math.abs(value) <= signedMax);

/** Writes a column; values are safe integers within half of their range. */
export const writeColumn = (out: ByteWriter, { values, reference }: ColumnInput): void => {
  const first = values[0] ?? 0;
  if (values.every((value) => value === first)) {
    out.byte(guesses.constant);
    out.int(first);
    return;
  }
  const tries: [number, readonly number[]][] = [[guesses.nothing, values]];
  const before = values.map((value, row) => value - (row === 0 ? 0 : (values[row - 1] ?? 0)));
  if (isExact(before)) tries.push([guesses.before, before]);
  const missed = reference === undefined ? [] : values.map((value, row) => value - (reference[row] ?? 0));
  if (reference !== undefined && isExact(missed)) tries.push([guesses.reference, missed]);
  const [guess, rest] = cheapestOf(tries);
  const divisor = divisorOf(rest);
  out.byte(guess);
  out.uint(divisor);
  writePlanes(
    out,
    rest.map((value) => zigzag(value / divisor)),
  );
};

/** The lowest byte of all values, then the next: bytes of one plane are alike, which a compressor makes more of than of varints. */
const writePlanes = (out: ByteWriter, values: readonly number[]): void => {
  let planes = 1;
  for (let above = Math.floor(values.reduce((most, value) => Math.max(most, value), 0) / 256); above > 0; above = Math.floor(above / 256))
    planes += 1;
  out.byte(planes);
  for (let plane = 0, factor = 1; plane < planes; plane++, factor *= 256) {
    for (const value of values) out.byte(Math.floor(value / factor) % 256);
  }
};

/** The first of the cheapest. */
const cheapestOf = (tries: readonly [number, readonly number[]][]): readonly [number, readonly number[]] =>
  tries.map((entry) => ({ entry, cost: costOf(entry[1]) })).reduce((best, next) => (next.cost < best.cost ? next : best)).entry;
