/** @module Seeded pseudo-random numbers (sfc32, Chris Doty-Humphrey's PractRand); one generator a concern, so that draws do not shift each other. */

/** A repeatable source of chance. */
export type Prng = {
  /** Uniform in [0, 1) with 32 bits. */
  readonly next: () => number;
  /** Uniform integer in [0, bound); `bound` ≥ 1. */
  readonly below: (bound: number) => number;
  /** True with probability `percent`/100. */
  readonly chance: (percent: number) => boolean;
  /** One of the items; the list must not be empty. */
  readonly pick: <T>(items: readonly T[]) => T;
};

/** A generator for one concern of one seed: the same pair gives the same draws for ever. */
export const prng = (seed: number, concern: string): Prng => {
  let a = hash32(`${concern}/a/${seed}`);
  let b = hash32(`${concern}/b/${seed}`);
  let c = hash32(`${concern}/c/${seed}`);
  let counter = 1;
  const nextUint32 = (): number => {
    const t = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let round = 0; round < 12; round++) nextUint32();
  const next = (): number => nextUint32() / 0x1_0000_0000;
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    next,
    below,
    chance: (percent) => next() * 100 < percent,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError('pick from an empty list');
      return item;
    },
  };
};

/** FNV-1a over UTF-16 code units, with a final mix (Murmur3's) so that near strings differ in every bit. */
export const hash32 = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};
