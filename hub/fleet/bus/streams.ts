/** @module The two KV buckets as raw streams: `work` (hub to agents) and `status` (agents to hub). */
import type { NatsConnection } from 'nats';
import { bytesMax } from '../../../shared/wire/limits.ts';
import { kvSubject, statusBucket, workBucket } from '../../../shared/wire/subjects.ts';

/** Room for headers beside the largest payload. */
const headerBytesMax = 4_096;
const millisecondNanos = 1_000_000;

/**
 * Rollups are off in both: a header `Nats-Rollup: all` on a cluster's own status would else delete everybody's. So are batches and
 * schedules (absent = off). 2.15 would allow only 1,000 consumers; each agent has one.
 */
const bucketConfig = (bucket: string, messageBytesMax: number, replicas: number): Readonly<Record<string, unknown>> => ({
  name: `KV_${bucket}`,
  subjects: [kvSubject(bucket, '>')],
  retention: 'limits',
  storage: 'file',
  discard: 'new',
  num_replicas: replicas,
  max_msgs_per_subject: 1,
  max_msg_size: messageBytesMax + headerBytesMax,
  max_consumers: 100_000,
  max_bytes: -1,
  allow_direct: true,
  allow_rollup_hdrs: false,
  deny_delete: true,
  duplicate_window: 1_000 * millisecondNanos,
});

const apiTimeoutMs = 10_000;

/** The JetStream API's error, when it answered one. */
export type ApiError = { readonly code: number; readonly errorCode: number; readonly description: string };

/** One call of the JetStream API. @throws Error when nobody answers in time. */
export const jetStreamCall = async (
  connection: NatsConnection,
  what: string,
  body: unknown,
): Promise<{ error?: ApiError; answer: unknown }> => {
  const message = await connection.request(`$JS.API.${what}`, JSON.stringify(body), { timeout: apiTimeoutMs });
  const answer = message.json<{ error?: { code?: number; err_code?: number; description?: string } }>();
  if (answer.error === undefined) return { answer };
  const { code = 0, err_code: errorCode = 0, description = '' } = answer.error;
  return { answer, error: { code, errorCode, description } };
};

/** Creates the buckets, or brings them to this configuration. @throws Error when JetStream refuses, with its reason. */
export const ensureBuckets = async (connection: NatsConnection, replicas: number): Promise<void> => {
  for (const config of [bucketConfig(workBucket, bytesMax.work, replicas), bucketConfig(statusBucket, bytesMax.status, replicas)]) {
    const update = await jetStreamCall(connection, `STREAM.UPDATE.${String(config.name)}`, config);
    if (update.error === undefined) continue;
    const { error } = await jetStreamCall(connection, `STREAM.CREATE.${String(config.name)}`, config);
    if (error !== undefined)
      throw new Error(
        `JetStream refused the stream ${String(config.name)}: ${error.description} (${error.errorCode}); update said: ${update.error.description}`,
      );
  }
};

/** Removes every record whose subject matches. @throws Error when JetStream refuses. */
export const purgeSubject = async (connection: NatsConnection, bucket: string, subject: string): Promise<void> => {
  const { error } = await jetStreamCall(connection, `STREAM.PURGE.KV_${bucket}`, { filter: subject });
  if (error !== undefined) throw new Error(`JetStream refused to purge ${subject}: ${error.description} (${error.errorCode})`);
};
