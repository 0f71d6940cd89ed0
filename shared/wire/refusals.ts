/** @module Counts what came from the wire and was refused, and logs it without letting a flood of it become a flood of lines. */
import type { RuntimeEnv } from '../lib/env.ts';

/** A fault on the bus that was seen and refused; counted, and logged at once, then at most once a minute for each cause. */
export type BusRefusal = { readonly cluster: string; readonly subject: string; readonly reason: string; readonly message: string };

/** A cause that goes on, such as a stranger's beats, is one line in this time: of all since the last. */
const logEveryMs = 60_000;
/** Causes remembered; beyond it a cause is counted under `other`. */
const causesMax = 10_000;

/** A ledger of refusals. */
export interface Refusals {
  refuse(refusal: BusRefusal): void;
  /** Refusals so far by `cluster/reason`. */
  counts(): ReadonlyMap<string, number>;
  onRefusal(handler: (refusal: BusRefusal) => void): () => void;
}

/** A new ledger. */
export const makeRefusals = (env: Pick<RuntimeEnv, 'monotonicMs' | 'log'>): Refusals => {
  const causes = new Map<string, { count: number; logged: number; loggedAtMs: number }>();
  const handlers = new Set<(refusal: BusRefusal) => void>();
  return {
    refuse: (refusal) => {
      const wanted = `${refusal.cluster}/${refusal.reason}`;
      const key = causes.has(wanted) || causes.size < causesMax ? wanted : `other/${refusal.reason}`;
      const cause = causes.get(key) ?? { count: 0, logged: 0, loggedAtMs: Number.NEGATIVE_INFINITY };
      causes.set(key, cause);
      cause.count++;
      if (env.monotonicMs() - cause.loggedAtMs >= logEveryMs) {
        const { count, logged } = cause;
        cause.loggedAtMs = env.monotonicMs();
        cause.logged = count;
        const message = refusal.message.slice(0, 512);
        env.log.warn('refused a message from the bus', { ...refusal, message, times: count - logged, refusedSoFar: count });
      }
      for (const handler of handlers) handler(refusal);
    },
    counts: () => new Map([...causes].map(([key, { count }]) => [key, count])),
    onRefusal: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
};
