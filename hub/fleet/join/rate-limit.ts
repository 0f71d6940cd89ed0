/** @module Slows down who guesses tokens: a bucket of failures for each address and one for all. Who succeeds takes from none. */

/** Failures an address may make at once, and how fast they are forgiven. */
const perAddress = { burst: 10, refillMs: 6_000 };
const overall = { burst: 200, refillMs: 50 };
/** Addresses remembered; the oldest is forgotten first. */
const addressesMax = 10_000;

/** The limiter. */
export interface FailureLimit {
  /** Milliseconds until this address may fail again; 0 = now. */
  waitMs(address: string): number;
  /** A failure of this address. */
  fail(address: string): void;
}

type Bucket = { tokens: number; atMs: number };
type Rate = { readonly burst: number; readonly refillMs: number };

/** A new limiter. */
export const makeFailureLimit = (nowMs: () => number): FailureLimit => {
  const addresses = new Map<string, Bucket>();
  const all: Bucket = { tokens: overall.burst, atMs: nowMs() };
  const refill = (bucket: Bucket, rate: Rate): Bucket => {
    const now = nowMs();
    bucket.tokens = Math.min(rate.burst, bucket.tokens + Math.max(0, now - bucket.atMs) / rate.refillMs);
    bucket.atMs = now;
    return bucket;
  };
  const wait = (bucket: Bucket | undefined, rate: Rate): number => {
    if (bucket === undefined) return 0;
    const { tokens } = refill(bucket, rate);
    return tokens >= 1 ? 0 : Math.ceil((1 - tokens) * rate.refillMs);
  };
  return {
    waitMs: (address) => Math.max(wait(addresses.get(address), perAddress), wait(all, overall)),
    fail: (address) => {
      const bucket = addresses.get(address) ?? { tokens: perAddress.burst, atMs: nowMs() };
      addresses.delete(address);
      addresses.set(address, bucket);
      refill(bucket, perAddress).tokens -= 1;
      refill(all, overall).tokens -= 1;
      const [oldest] = addresses.keys();
      if (addresses.size > addressesMax && oldest !== undefined) addresses.delete(oldest);
    },
  };
};
