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
  /** A record cannot be read. */
  readonly damaged: (cluster: string, id: string) => void;
  /** A status came; `before` is what was there of the same work. */
  readonly came: (item: StatusItem, before: StatusItem | undefined) => void;
  /** The record is gone, or all of a cluster are. */
  readonly forget: (cluster: string, id?: string) => void;
  readonly stop: () => void;
};

type Doubt = { readonly ids: Set<string>; cancel: () => void };

/** Without doubts. */
export const makeDoubtedStatuses = ({ env, ask }: DoubtOptions): DoubtedStatuses => {
  const doubts = new Map<string, Doubt>();
  const askFor = (cluster: string, doubt: Doubt, attempt: number): void => {
    ask(cluster);
    doubt.cancel = env.setTimer(backoffMs(attempt, askBackoff, env.random), () => {
      if (doubt.ids.size > 0) askFor(cluster, doubt, attempt + 1);
      else doubts.delete(cluster);
    });
  };
  const damaged = (cluster: string, id: string): void => {
    const known = doubts.get(cluster);
    const doubt = known ?? { ids: new Set(), cancel: () => undefined };
    if (doubt.ids.size < doubtedMax) doubt.ids.add(id);
    if (known !== undefined) return;
    doubts.set(cluster, doubt);
    askFor(cluster, doubt, 0);
  };
  return {
    damaged,
    came: (item, before) => {
      // The same again is a record that is read once more, and says nothing new.
      const age = before === undefined ? 1 : item.seq - before.seq || item.observedAtMs - before.observedAtMs;
      if (age < 0) damaged(item.cluster, item.id);
      else if (age > 0) doubts.get(item.cluster)?.ids.delete(item.id);
    },
    forget: (cluster, id) => {
      const doubt = doubts.get(cluster);
      if (id !== undefined) doubt?.ids.delete(id);
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
