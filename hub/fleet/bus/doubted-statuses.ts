/**
 * @module Statuses at the broker that are not the last word of their agent: damaged, or written by an earlier start of it and delivered late,
 * in the place of a newer one. The agent is asked to send its statuses again, more and more seldom, until it has.
 */
import { type BackoffOptions, backoffMs } from '../../../shared/lib/backoff.ts';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import type { StatusItem } from '../../../shared/wire/messages.ts';

/** Between two questions to a cluster: an answer is all its statuses, and damage must not become a flood. */
const askBackoff: BackoffOptions = { baseMs: 20_000, maxMs: 600_000 };

/** Doubted statuses of a cluster that are remembered: while there is one, all are asked for. */
const doubtedMax = 1_000;

/** What doubts are made with. */
export type DoubtOptions = {
  readonly env: Pick<RuntimeEnv, 'random' | 'setTimer'>;
  /** Asks a cluster to send its statuses again. */
  readonly ask: (cluster: string) => void;
};

/** The doubts. */
export type DoubtedStatuses = {
  /** A record cannot be read; `streamSeq` is its place at the broker. */
  readonly damaged: (cluster: string, id: string, streamSeq: number) => void;
  /** A status came in the record at `streamSeq`; `before` is what was there of the same work. */
  readonly came: (item: StatusItem, before: StatusItem | undefined, streamSeq: number) => void;
  /** The record is gone, or all of a cluster are. */
  readonly forget: (cluster: string, id?: string) => void;
  readonly stop: () => void;
};

/** `records`: by id, the place at the broker of the record that is doubted. */
type Doubt = { readonly records: Map<string, number>; cancel: () => void };

/** Without doubts. */
export const makeDoubtedStatuses = ({ env, ask }: DoubtOptions): DoubtedStatuses => {
  const doubts = new Map<string, Doubt>();
  const askFor = (cluster: string, doubt: Doubt, attempt: number): void => {
    ask(cluster);
    doubt.cancel = env.setTimer(backoffMs(attempt, askBackoff, env.random), () => {
      if (doubt.records.size > 0) askFor(cluster, doubt, attempt + 1);
      else doubts.delete(cluster);
    });
  };
  const damaged = (cluster: string, id: string, streamSeq: number): void => {
    const known = doubts.get(cluster);
    const doubt = known ?? { records: new Map(), cancel: () => undefined };
    if (doubt.records.has(id) || doubt.records.size < doubtedMax) doubt.records.set(id, streamSeq);
    if (known !== undefined) return;
    doubts.set(cluster, doubt);
    askFor(cluster, doubt, 0);
  };
  return {
    damaged,
    came: (item, before, streamSeq) => {
      const records = doubts.get(item.cluster)?.records;
      const age = before === undefined ? 1 : item.seq - before.seq || item.observedAtMs - before.observedAtMs;
      if (age < 0) damaged(item.cluster, item.id, streamSeq);
      // The same in another record is what the agent answers that has nothing newer to say; the same record is one that is read once more.
      else if (age > 0 || records?.get(item.id) !== streamSeq) records?.delete(item.id);
    },
    forget: (cluster, id) => {
      const doubt = doubts.get(cluster);
      if (id !== undefined) doubt?.records.delete(id);
      else {
        doubt?.cancel();
        doubts.delete(cluster);
      }
    },
    stop: () => {
      for (const { cancel } of doubts.values()) cancel();
    },
  };
};
