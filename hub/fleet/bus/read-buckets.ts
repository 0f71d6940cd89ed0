/** @module Reads both buckets: first the work, so that it is known which statuses may be, then the statuses. */
import type { NatsConnection } from 'nats';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import type { Refusals } from '../../../shared/wire/refusals.ts';
import { signatureHeader } from '../../../shared/wire/signature.ts';
import { kvSubject, statusBucket, workBucket } from '../../../shared/wire/subjects.ts';
import { type KvRecord, readBucket } from './kv-reader.ts';
import type { StatusDesk } from './status-desk.ts';
import { purgeSubject } from './streams.ts';
import type { WorkBoard } from './work-board.ts';

export type BucketsOptions = {
  readonly env: RuntimeEnv;
  readonly connection: NatsConnection;
  readonly refusals: Refusals;
  readonly board: Pick<WorkBoard, 'see'>;
  readonly desk: Pick<StatusDesk, 'see'>;
  /** A work record is not the one this hub wrote. */
  readonly onForeign: (cluster: string, id: string) => void;
};

/** The reading. */
export type BucketsReading = {
  /** Resolves when all work that was there has been read once. */
  readonly workRead: Promise<void>;
  readonly stop: () => void;
};

/** Starts reading. */
export const readBuckets = (options: BucketsOptions): BucketsReading => {
  const { env, connection, desk } = options;
  const { promise: workRead, resolve: workIsRead } = Promise.withResolvers<void>();
  const common = { env, connection, signatureHeader };
  const onRecord = (record: KvRecord): void => seeWork(options, record);
  const stopWork = readBucket({ ...common, bucket: workBucket, onRecord, onComplete: workIsRead });
  let stopStatus: () => void = () => undefined;
  let isStopped = false;
  void workRead.then(() => {
    if (!isStopped) stopStatus = readBucket({ ...common, bucket: statusBucket, onRecord: desk.see, onComplete: () => undefined });
  });
  return {
    workRead,
    stop: () => {
      isStopped = true;
      stopWork();
      stopStatus();
    },
  };
};

const seeWork = ({ env, connection, refusals, board, onForeign }: BucketsOptions, record: KvRecord): void => {
  if (board.see(record) === 'ours') return;
  const [cluster = '', id = '', ...rest] = record.key.split('.');
  const message = 'a work record is not the one this hub wrote; it has to be written again';
  refusals.refuse({ cluster, subject: kvSubject(workBucket, record.key), reason: 'ForeignWork', message });
  if (id !== '' && rest.length === 0) {
    onForeign(cluster, id);
    return;
  }
  // A key that no work of ours can have: it is taken away whole.
  purgeSubject(connection, workBucket, kvSubject(workBucket, record.key)).catch((error: unknown) =>
    env.log.warn('a work record that may not be could not be removed', { key: record.key, error: String(error) }),
  );
};
