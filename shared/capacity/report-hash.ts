/**
 * @module The hash of a report's state, kept while the state changes: the sum of a hash of each row and of each keyed fact, so that it does
 * not depend on their order and a change costs what it touches. It finds lost changes and faults, not attackers.
 */
import { hash32 } from '../lib/index.ts';

/** Two sums modulo 2^32. */
export type StateHash = { a: number; b: number };

/** Of the empty state. */
export const emptyHash = (): StateHash => ({ a: 0, b: 0 });

/** Sixteen hexadecimal digits. */
export const hashText = ({ a, b }: StateHash): string => (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');

/** A round of MurmurHash3's mixing (Appleby), on 32 bits. */
const mixed = (hash: number, value: number): number => {
  let k = Math.imul(value, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const next = hash ^ Math.imul(k, 0x1b873593);
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0;
};

const finished = (hash: number): number => {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
};

/** Adds (`sign` 1) or takes away (-1) the row of a node. */
export const addRow = (hash: StateHash, sign: 1 | -1, name: string, columns: readonly (readonly number[])[], row: number): void => {
  let a = hash32(name);
  let b = a ^ 0x9e3779b9;
  for (const column of columns) {
    const value = column[row] ?? 0;
    const low = value | 0;
    const high = Math.floor(value / 4_294_967_296) | 0;
    a = mixed(a, low);
    b = mixed(b, low ^ Math.imul(high, 0x27d4eb2f) ^ 0x165667b1);
    if (high !== 0 && high !== -1) a = mixed(a, high);
  }
  hash.a = (hash.a + sign * finished(a)) | 0;
  hash.b = (hash.b + sign * finished(b)) | 0;
};

/** Adds or takes away one fact of a section, as JSON text. */
export const addFact = (hash: StateHash, sign: 1 | -1, section: string, key: string, json: string): void => {
  const a = hash32(`${section}\n${key}\n${json}`);
  hash.a = (hash.a + sign * finished(a)) | 0;
  hash.b = (hash.b + sign * finished(mixed(a, json.length ^ hash32(key)))) | 0;
};
