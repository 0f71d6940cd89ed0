/** @module Counts what came from the wire and was refused, and logs it without letting a flood of it become a flood of lines. */
import type { RuntimeEnv } from '../lib/env.ts';
import { makePacedLog } from '../lib/paced-log.ts';

/** A fault on the bus that was seen and refused; counted, and logged at once, then at most once a minute for each cause. */
export type BusRefusal = { readonly cluster: string; readonly subject: string; readonly reason: string; readonly message: string };

/** A ledger of refusals. */
export interface Refusals {
  refuse(refusal: BusRefusal): void;
  /** Refusals so far by `cluster/reason`; those of too many clusters by `other/reason`. */
  counts(): ReadonlyMap<string, number>;
  onRefusal(handler: (refusal: BusRefusal) => void): () => void;
}

/** A new ledger. */
export const makeRefusals = (env: Pick<RuntimeEnv, 'monotonicMs' | 'log'>): Refusals => {
  const paced = makePacedLog(env, 'refused a message from the bus');
  const handlers = new Set<(refusal: BusRefusal) => void>();
  return {
    refuse: (refusal) => {
      const { cluster, reason } = refusal;
      paced.note(`${cluster}/${reason}`, { ...refusal, message: refusal.message.slice(0, 512) }, `other/${reason}`);
      for (const handler of handlers) handler(refusal);
    },
    counts: paced.counts,
    onRefusal: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
};
