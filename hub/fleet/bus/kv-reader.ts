/** @module Reads a whole KV bucket and then its changes, in order and for ever, over an ordered pull consumer. */
import { setImmediate } from 'node:timers/promises';
import { type ConsumerMessages, DeliverPolicy, type JsMsg, type NatsConnection } from 'nats';
import { backoffMs } from '../../../shared/lib/backoff.ts';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';

/** One record: its key, its payload and the hub's signature, if it bears one. */
export type KvRecord = {
  readonly key: string;
  readonly payload: Uint8Array;
  readonly signature: string | undefined;
  readonly streamSeq: number;
};

export type KvReaderOptions = {
  readonly env: RuntimeEnv;
  readonly connection: NatsConnection;
  readonly bucket: string;
  readonly signatureHeader: string;
  readonly onRecord: (record: KvRecord) => void;
  /** Everything that was there when reading began has been handed over. */
  readonly onComplete: () => void;
};

const restartBackoff = { baseMs: 250, maxMs: 10_000 };
/** Messages fetched ahead; with the largest status that is 32 MiB at worst, less than one as a rule. */
const fetchAheadMax = 250;
/** What waits is handed over for so long at a time; then whoever else waits has a turn. */
const turnMsMax = 10;

/** Starts reading; the answer stops it. A reader that fails begins again from the start: records come again, none is missed. */
export const readBucket = (options: KvReaderOptions): (() => void) => {
  const { env } = options;
  let stopped = false;
  let messages: ConsumerMessages | undefined;
  let cancelTimer: () => void = () => undefined;

  const readOnce = async (): Promise<void> => {
    const jetstream = options.connection.jetstream({ timeout: 10_000 });
    const consumer = await jetstream.consumers.get(`KV_${options.bucket}`, { deliver_policy: DeliverPolicy.LastPerSubject });
    messages = await consumer.consume({ max_messages: fetchAheadMax });
    // An empty bucket never hands over a message that says "none pending".
    const { num_pending: pendingAtStart } = await consumer.info(true);
    let complete = pendingAtStart === 0;
    if (complete) options.onComplete();
    let turnEndsMs = env.monotonicMs() + turnMsMax;
    for await (const message of messages) {
      options.onRecord(toRecord(options, message));
      if (!complete && message.info.pending === 0) {
        complete = true;
        options.onComplete();
      }
      if (env.monotonicMs() >= turnEndsMs) {
        await setImmediate();
        turnEndsMs = env.monotonicMs() + turnMsMax;
      }
    }
  };
  const loop = (attempt: number): void => {
    const startedMs = env.monotonicMs();
    readOnce()
      .then(
        () => 'the consumer ended',
        (error: unknown) => String(error),
      )
      .then((why) => {
        if (stopped || options.connection.isClosed()) return;
        env.log.warn('reading a bucket was interrupted and begins again', { bucket: options.bucket, why });
        const next = env.monotonicMs() - startedMs > 60_000 ? 0 : attempt + 1;
        cancelTimer = env.setTimer(backoffMs(next, restartBackoff, env.random), () => loop(next));
      });
  };
  loop(0);
  return () => {
    stopped = true;
    cancelTimer();
    messages?.stop();
  };
};

const toRecord = (options: KvReaderOptions, message: JsMsg): KvRecord => ({
  key: message.subject.slice(`$KV.${options.bucket}.`.length),
  payload: message.data,
  signature: message.headers?.get(options.signatureHeader) || undefined,
  streamSeq: message.seq,
});
