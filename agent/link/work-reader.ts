/**
 * @module Reads this cluster's desired work: all of it, then changes, through the one consumer that the hub made for it. A gap, a silence
 * or a lost consumer begins a new full reading: the consumer is set back to its beginning, for which no hub is needed.
 */
import type { Msg, NatsConnection, Subscription } from 'nats';
import { backoffMs } from '../../shared/lib/backoff.ts';
import type { RuntimeEnv } from '../../shared/lib/env.ts';
import { signatureHeader } from '../../shared/wire/signature.ts';
import { inboxPrefix, kvSubject, workBucket } from '../../shared/wire/subjects.ts';
import type { WorkRecord } from './work-gate.ts';

export type WorkReaderOptions = {
  readonly env: RuntimeEnv;
  readonly connection: NatsConnection;
  readonly cluster: string;
  readonly onInit: () => void;
  readonly onRecord: (record: WorkRecord) => void;
  readonly onInitDone: () => void;
};

/** A running reader. */
export interface WorkReader {
  /** Begins a full reading now: the connection came back. */
  restart(): void;
  stop(): void;
}

const stream = `KV_${workBucket}`;
const pullMessagesMax = 256;
const pullMs = 30_000;
const idleHeartbeatMs = 5_000;
/** Silence after which the consumer is taken for lost: two heartbeats and some. */
const silenceMsMax = 12_000;
const apiTimeoutMs = 10_000;
const nanosPerMs = 1_000_000;
const restartBackoff = { baseMs: 250, maxMs: 15_000 };

/** Status codes of a pull request (ADR-37): what ends it in good order. */
const isPullOver = (code: number, description: string): boolean =>
  code === 404 || code === 408 || (code === 409 && /batch completed/i.test(description));

/** Starts reading. */
export const readWork = (options: WorkReaderOptions): WorkReader => {
  const { env } = options;
  let generation = 0;
  let attempt = 0;
  let stopped = false;
  let cancelTimer: () => void = () => undefined;
  let end: () => void = () => undefined;

  const start = (): void => {
    const mine = ++generation;
    end();
    cancelTimer();
    if (stopped || options.connection.isClosed()) return;
    const fail = (why: string): void => {
      if (mine !== generation || stopped) return;
      end();
      env.log.debug('reading work begins again', { why });
      cancelTimer = env.setTimer(backoffMs(attempt++, restartBackoff, env.random), start);
    };
    const isCurrent = (): boolean => mine === generation && !stopped;
    readOnce(options, { isCurrent, fail, isWell: () => (attempt = 0), setEnd: (stop) => (end = stop) }).catch((error: unknown) =>
      fail(String(error)),
    );
  };
  start();
  return {
    restart: start,
    stop: () => {
      stopped = true;
      generation++;
      cancelTimer();
      end();
    },
  };
};

type Reading = {
  readonly isCurrent: () => boolean;
  readonly fail: (why: string) => void;
  readonly isWell: () => void;
  readonly setEnd: (stop: () => void) => void;
};

const readOnce = async (options: WorkReaderOptions, reading: Reading): Promise<void> => {
  const { env, connection, cluster } = options;
  const pendingAtStart = await resetConsumer(connection, cluster);
  if (!reading.isCurrent()) return;
  options.onInit();
  let left = pendingAtStart;
  let consumerSeq = 0;
  let cancelSilence: () => void = () => undefined;
  const inbox = `${inboxPrefix(cluster)}.work-${env.uuid()}`;
  const pull = (): void => {
    const request = { batch: pullMessagesMax, expires: pullMs * nanosPerMs, idle_heartbeat: idleHeartbeatMs * nanosPerMs };
    connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${cluster}`, JSON.stringify(request), { reply: inbox });
  };
  const listenForSilence = (): void => {
    cancelSilence();
    cancelSilence = env.setTimer(silenceMsMax, () => reading.fail('the consumer has gone silent'));
  };
  let delivered = 0;
  let isInitDone = false;
  const finishInit = (): void => {
    if (!isInitDone) options.onInitDone();
    isInitDone = true;
  };
  const onData = (message: Msg): void => {
    const info = deliveryOf(message.reply);
    if (info === undefined || info.consumerSeq !== consumerSeq + 1) {
      reading.fail('a message was lost on the way');
      return;
    }
    consumerSeq = info.consumerSeq;
    options.onRecord({
      key: message.subject.slice(kvSubject(workBucket, '').length),
      payload: message.data,
      signature: message.headers?.get(signatureHeader) || undefined,
    });
    if (--left === 0 || info.pending === 0) finishInit();
    if (++delivered % pullMessagesMax === 0) pull();
  };
  const onStatus = (code: number, description: string): void => {
    // The server is idle: what was counted at the start and has not come was removed meanwhile.
    if (code === 100 || isPullOver(code, description)) finishInit();
    if (code === 100) return;
    if (isPullOver(code, description)) {
      delivered = 0;
      pull();
    } else reading.fail(`${code} ${description}`);
  };
  const subscription: Subscription = connection.subscribe(inbox, {
    callback: (error, message) => {
      if (error !== null) reading.fail(error.message);
      if (error !== null || !reading.isCurrent()) return;
      listenForSilence();
      const code = message.headers?.code ?? 0;
      if (code > 0) onStatus(code, message.headers?.description ?? '');
      else onData(message);
    },
  });
  reading.setEnd(() => {
    cancelSilence();
    if (!connection.isClosed()) subscription.unsubscribe();
  });
  listenForSilence();
  pull();
  reading.isWell();
  if (left === 0) finishInit();
};

/** Sets the consumer back, so that it begins with the newest record of each key; answers how many there are. */
const resetConsumer = async (connection: NatsConnection, cluster: string): Promise<number> => {
  const subject = `$JS.API.CONSUMER.RESET.${stream}.${cluster}`;
  const message = await connection.request(subject, JSON.stringify({ seq: 1 }), { timeout: apiTimeoutMs });
  const answer = message.json<{ num_pending?: number; error?: { description?: string } }>();
  if (answer.error !== undefined)
    throw new Error(`the broker refused to set back the consumer of work: ${answer.error.description ?? 'no reason given'}`);
  return answer.num_pending ?? 0;
};

/** The delivery's place from its reply subject `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<n>.<stream seq>.<consumer seq>.<time>.<pending>`. */
const deliveryOf = (reply: string | undefined): { consumerSeq: number; pending: number } | undefined => {
  const tokens = reply?.split('.') ?? [];
  if (tokens[1] !== 'ACK' || tokens.length < 9) return undefined;
  const skip = tokens.length >= 11 ? 2 : 0;
  const [consumerSeq, pending] = [Number(tokens[6 + skip]), Number(tokens[8 + skip])];
  return Number.isSafeInteger(consumerSeq) && Number.isSafeInteger(pending) ? { consumerSeq, pending } : undefined;
};
