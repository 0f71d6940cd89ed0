/** @module Counts what came from the wire and was refused, and logs it without letting a flood of it become a flood of lines. */
import { compareText } from '../lib/compare-text.ts';
import { makePacedLog, type PacedLogEnv } from '../lib/paced-log.ts';
import type { RefusedRow } from './mesh.ts';

/** A message that was seen and refused; `subject`: where on the bus it came, or how. Counted, and logged at once, then at most once a minute for each cause. */
export type BusRefusal = { readonly cluster: string; readonly subject: string; readonly reason: string; readonly message: string };

/** A ledger of refusals. */
export interface Refusals {
  refuse(refusal: BusRefusal): void;
  /** Refusals so far by `cluster/reason`; those of too many clusters by `other/reason`. */
  counts(): ReadonlyMap<string, number>;
  onRefusal(handler: (refusal: BusRefusal) => void): () => void;
  /** Logs what is yet to be told. */
  close(): void;
}

/** A new ledger. */
export const makeRefusals = (env: PacedLogEnv): Refusals => {
  const paced = makePacedLog(env, 'refused a message');
  const handlers = new Set<(refusal: BusRefusal) => void>();
  return {
    refuse: (refusal) => {
      const { cluster, reason } = refusal;
      paced.note(`${cluster}/${reason}`, { ...refusal, message: refusal.message.slice(0, 512) }, `other/${reason}`);
      for (const handler of handlers) handler(refusal);
    },
    counts: paced.counts,
    close: paced.close,
    onRefusal: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
};

/** The rows of a ledger, most refusals first. */
export const refusedRows = (counts: ReadonlyMap<string, number>): RefusedRow[] =>
  [...counts]
    .map(([key, count]) => {
      const at = key.lastIndexOf('/');
      return { cluster: key.slice(0, at), reason: key.slice(at + 1), count };
    })
    .sort((a, b) => b.count - a.count || compareText(a.cluster, b.cluster) || compareText(a.reason, b.reason));
