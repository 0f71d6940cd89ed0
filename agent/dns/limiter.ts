/**
 * @module Response rate limiting: a name server that answers forged senders is an amplifier. One token bucket a client network (RFC 8906
 * speaks of the need; BIND calls it RRL): within it all is answered, beyond it every other answer is cut short so that honest clients come
 * back by TCP, the rest is dropped.
 */

/** Answers a second that one network may have, and how many it may save up. */
export const answersPerSecondMax = 200;
const burstMax = 400;

/** Networks remembered; beyond it the oldest is forgotten, which only gives it a full bucket again. */
export const networksMax = 10_000;

/** What becomes of the next answer to a network. */
export type Verdict = 'answer' | 'truncate' | 'drop';

type Bucket = { tokens: number; atMs: number; over: number };

/** The network of a sender: 24 bits of IPv4, 56 of IPv6. */
export const networkOf = (address: string): string =>
  address.includes(':') && !address.startsWith('::ffff:')
    ? address.split(':').slice(0, 4).join(':')
    : address.replace('::ffff:', '').split('.').slice(0, 3).join('.');

/** Judges each answer by who asked; `nowMs` is a monotonic clock. */
export const createLimiter = (): ((address: string, nowMs: number) => Verdict) => {
  const buckets = new Map<string, Bucket>();
  return (address, nowMs) => {
    const network = networkOf(address);
    const bucket = buckets.get(network) ?? { tokens: burstMax, atMs: nowMs, over: 0 };
    buckets.delete(network);
    buckets.set(network, bucket);
    if (buckets.size > networksMax) for (const oldest of buckets.keys()) if (buckets.delete(oldest)) break;
    bucket.tokens = Math.min(burstMax, bucket.tokens + ((nowMs - bucket.atMs) * answersPerSecondMax) / 1000);
    bucket.atMs = nowMs;
    if (bucket.tokens >= 1) {
      bucket.tokens--;
      return 'answer';
    }
    return bucket.over++ % 2 === 0 ? 'truncate' : 'drop';
  };
};
