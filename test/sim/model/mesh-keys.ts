/** @module Signatures of the simulation: a hash of key and bytes. Nobody here breaks them; what a liar says it signs with its own key. */
import { hash32 } from '../../../shared/lib/prng.ts';

const signatureBytes = 64;

/** Every so many bytes count: nothing here changes single ones. */
const stride = 5;

const hashOf = (seed: number, bytes: Uint8Array): number => {
  let hash = seed ^ bytes.length;
  for (let at = 0; at < bytes.length; at += stride) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash;
};

/** Signs with a key. */
export const signWith = (key: string): ((bytes: Uint8Array) => Uint8Array) => {
  const seeds = [hash32(`${key}/a`), hash32(`${key}/b`)] as const;
  return (bytes) => {
    const signature = new Uint8Array(signatureBytes);
    const view = new DataView(signature.buffer);
    const [first, second] = seeds;
    const hash = hashOf(first, bytes);
    view.setInt32(0, hash);
    view.setInt32(4, Math.imul(hash ^ second, 0x85ebca6b));
    return signature;
  };
};

const firstSeeds = new Map<string, number>();

/** Checks what {@link signWith} made. */
export const verifyWith = (key: string, bytes: Uint8Array, signature: Uint8Array): boolean => {
  const seed = firstSeeds.get(key) ?? hash32(`${key}/a`);
  firstSeeds.set(key, seed);
  return new DataView(signature.buffer, signature.byteOffset).getInt32(0) === hashOf(seed, bytes);
};
