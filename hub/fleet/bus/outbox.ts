/** @module Writes at the broker, one at a time for each record, tried again while it is away: work that goes out, and records that go. */
import type { NatsConnection } from 'nats';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { makeKeyedQueue, type QueueOutcome } from '../../../shared/wire/keyed-queue.ts';
import { workItemsMax } from '../../../shared/wire/limits.ts';
import { itemKey } from '../../../shared/wire/signature.ts';
import { kvSubject, statusBucket, workBucket } from '../../../shared/wire/subjects.ts';
import type { PublishOutcome } from '../port.ts';
import { type Outgoing, writeRecord } from './outgoing.ts';
import type { StatusDesk } from './status-desk.ts';
import { purgeSubject } from './streams.ts';
import type { WorkBoard } from './work-board.ts';

export type OutboxOptions = {
  readonly env: RuntimeEnv;
  readonly connection: NatsConnection;
  readonly board: WorkBoard;
  readonly desk: StatusDesk;
  /** Somebody else has overwritten what was just written. */
  readonly onLost: (cluster: string, id: string) => void;
};

/** The outbox. What is put resolves when it is durable or given up; it never rejects. */
export interface Outbox {
  write(out: Outgoing): Promise<PublishOutcome>;
  /** Removes the record and the status of one item, or of all of a cluster's. */
  purge(cluster: string, id?: string): Promise<PublishOutcome>;
  retryNow(): void;
  stop(): void;
}

/** Writes at the broker that are under way at once. */
const writesInFlightMax = 256;
/** Items that may wait for a broker that is away: twenty full clusters. */
export const itemsWaitingMax = 20 * workItemsMax;
/** A write that keeps failing is logged at each of so many attempts. */
const logEveryAttempts = 10;

const outcomes: Readonly<Record<QueueOutcome, PublishOutcome>> = {
  sent: { ok: true },
  superseded: { ok: false, reason: 'Superseded', message: 'a newer item took its place' },
  full: { ok: false, reason: 'QueueFull', message: `more than ${itemsWaitingMax} items wait for the broker: it has been away too long` },
  stopped: { ok: false, reason: 'Stopped', message: 'the hub is stopping' },
};

/** An empty outbox. */
export const makeOutbox = ({ env, connection, board, desk, onLost }: OutboxOptions): Outbox => {
  const writeNow = async (key: string, out: Outgoing): Promise<void> => {
    const { cluster, id } = out.item;
    board.expect(out.item, out.signature);
    const streamSeq = await writeRecord(connection, kvSubject(workBucket, key), out);
    if (board.wrote(cluster, id, streamSeq) === 'lost') onLost(cluster, id);
  };
  const purgeNow = async (key: string): Promise<void> => {
    const [cluster = '', id] = key.split('.');
    board.forget(cluster, id);
    desk.forget(cluster, id);
    const subject = id === undefined ? `${cluster}.>` : key;
    await purgeSubject(connection, workBucket, kvSubject(workBucket, subject));
    await purgeSubject(connection, statusBucket, kvSubject(statusBucket, subject));
  };
  const queue = makeKeyedQueue<Outgoing | 'purge'>({
    env,
    send: (key, out) => (out === 'purge' ? purgeNow(key) : writeNow(key, out)),
    inFlightMax: writesInFlightMax,
    keysMax: itemsWaitingMax,
    onRetry: (key, attempt, error) => {
      if (attempt % logEveryAttempts === 0)
        env.log.warn('a write to the bus did not succeed and is tried again', { key, attempt, error: String(error) });
    },
  });
  return {
    write: async (out) => outcomes[await queue.put(itemKey(out.item.cluster, out.item.id), out)],
    purge: async (cluster, id) => outcomes[await queue.put(id === undefined ? cluster : itemKey(cluster, id), 'purge')],
    retryNow: queue.retryNow,
    stop: queue.stop,
  };
};
