/**
 * @module Response rate limiting: a name server that answers forged senders is an amplifier. One token bucket a client network (RFC 8906
 * speaks of the need; BIND calls it RRL): within it all is answered, beyond it every other answer is cut short so that honest clients come
 * back by TCP, the rest is dropped. Streams have buckets of their own and wait, since a flood of forged datagrams must not hold up who came
 * back by TCP.
 */
import { networkOf } from './network.ts';

/** Answers a second that one network may have, and how many it may save up. */
export const answersPerSecondMax = 200;
/** See {@link answersPerSecondMax}. */
export const burstMax = 400;

/** Networks remembered; beyond it the oldest is forgotten, which only gives it a full bucket again. */
export const networksMax = 10_000;

/** Whether the next answer to a network is within its rate: 0 = it is; else when it will be, and the how manieth is asked for beyond it. */
export type Allowance = { readonly waitMs: number; readonly over: number };

type Bucket = { tokens: number; atMs: number; over: number };

/** Counts answers to networks; `nowMs` is a monotonic clock. */
export const createAllowances = (): ((address: string, nowMs: number) => Allowance) => {
  const buckets = new Map<string, Bucket>();
  return (address, nowMs) => {
    const network = networkOf(address);
    const bucket = buckets.get(network) ?? { tokens: burstMax, atMs: nowMs, over: 0 };
    buckets.delete(network);
    buckets.set(network, bucket);
    if (buckets.size > networksMax) for (const oldest of buckets.keys()) if (buckets.delete(oldest)) break;
    bucket.tokens = Math.min(burstMax, bucket.tokens + ((nowMs - bucket.atMs) * answersPerSecondMax) / 1000);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return { waitMs: ((1 - bucket.tokens) * 1000) / answersPerSecondMax, over: bucket.over++ };
    bucket.tokens--;
    return { waitMs: 0, over: 0 };
  };
};

/** What becomes of the next datagram to a network. */
export type Verdict = 'answer' | 'truncate' | 'drop';

/** What a datagram gets. */
export const verdictOf = ({ waitMs, over }: Allowance): Verdict => (waitMs === 0 ? 'answer' : over % 2 === 0 ? 'truncate' : 'drop');
