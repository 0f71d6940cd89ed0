/** @module The hub's side of the bus over NATS: checked messages in, signed and sealed work out. */
import type { Msg, NatsConnection } from 'nats';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { decodeMessage, encodeMessage, type MessageOf } from '../../../shared/wire/decode.ts';
import { makeKeyedQueue, type QueueOutcome } from '../../../shared/wire/keyed-queue.ts';
import { workItemsMax } from '../../../shared/wire/limits.ts';
import { type Listeners, makeListeners } from '../../../shared/wire/listeners.ts';
import { makeRefusals } from '../../../shared/wire/refusals.ts';
import { itemKey, signatureHeader } from '../../../shared/wire/signature.ts';
import { downSubject, kvSubject, statusBucket, workBucket } from '../../../shared/wire/subjects.ts';
import type { SigningKey } from '../identity/keys.ts';
import type { Arrival, FleetBus, KindBus, PublishOutcome, UnknownStatus, Unsubscribe } from '../port.ts';
import { makeEarlyListeners } from './early-listeners.ts';
import { type KvRecord, readBucket } from './kv-reader.ts';
import { type Outgoing, prepareWork, writeRecord } from './outgoing.ts';
import { makeStatusDesk } from './status-desk.ts';
import { ensureBuckets, purgeSubject } from './streams.ts';
import { unpackReport } from './unpack-report.ts';
import { makeWorkBoard } from './work-board.ts';

export type FleetBusOptions = {
  readonly env: RuntimeEnv;
  readonly connection: NatsConnection;
  readonly workKey: SigningKey;
  /** The cluster's X25519 key, base64; undefined = not joined. */
  readonly sealingKeyOf: (cluster: string) => string | undefined;
  /** Replicas of the KV streams: 1 for one server, 3 for a cluster. */
  readonly replicas?: number;
};

/** A running bus; `refusals` are counts by `cluster/reason` for metrics. */
export interface NatsFleetBus extends FleetBus, KindBus {
  refusals(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

type Damage = { readonly cluster: string; readonly id: string };

/** Writes at the broker that are under way at once. */
const writesInFlightMax = 256;
/** Items that may wait for a broker that is away: twenty full clusters. */
const itemsWaitingMax = 20 * workItemsMax;
/** Damage and unknown work remembered before the loops listen: twenty full clusters. */
const untoldMax = itemsWaitingMax;
/** A write that keeps failing is logged at each of so many attempts. */
const logEveryAttempts = 10;

/** Makes the buckets, subscribes, and begins to read. @throws Error when JetStream refuses the buckets. */
export const startFleetBus = async (options: FleetBusOptions): Promise<NatsFleetBus> => {
  const { env, connection, workKey, sealingKeyOf } = options;
  await ensureBuckets(connection, options.replicas ?? 1);
  const refusals = makeRefusals(env);
  const board = makeWorkBoard(workKey.rawPublicKey);
  const onConnected = makeListeners<boolean>(env.log);
  // The records of a broker are read before the loops start.
  const early = <T>(keyOf: (event: T) => string, what: string): Listeners<T> => {
    const onFull = (): void =>
      env.log.error(`more ${what} than can be remembered; start the hub again once these are mended`, { untoldMax });
    return makeEarlyListeners({ log: env.log, keyOf, waitingMax: untoldMax, onFull });
  };
  const onDamage = early<Damage>(({ cluster, id }) => itemKey(cluster, id), 'foreign work records');
  const onUnknown = early<UnknownStatus>(({ item }) => itemKey(item.cluster, item.id), 'statuses of unknown work');
  let connected = true;
  const want: FleetBus['want'] = (cluster, what) => {
    if (connected) connection.publish(downSubject(cluster, 'want'), encodeMessage('want', { v: 1, what }).bytes);
  };
  const desk = makeStatusDesk({
    env,
    refusals,
    isSent: board.has,
    onUnknown: (item) => onUnknown.tell({ item, wasSent: board.wasSent(item.cluster, item.id) }),
    ask: (cluster) => want(cluster, ['status']),
    remove: (key) => {
      purgeSubject(connection, statusBucket, kvSubject(statusBucket, key)).catch((error: unknown) =>
        env.log.warn('a status that may not be could not be removed', { key, error: String(error) }),
      );
    },
  });

  const purge = async (key: string): Promise<void> => {
    const [cluster = '', id] = key.split('.');
    board.forget(cluster, id);
    desk.forget(cluster, id);
    const subject = id === undefined ? `${cluster}.>` : key;
    await purgeSubject(connection, workBucket, kvSubject(workBucket, subject));
    await purgeSubject(connection, statusBucket, kvSubject(statusBucket, subject));
  };
  const queue = makeKeyedQueue<Outgoing | 'purge'>({
    env,
    send: async (key, out) => {
      if (out === 'purge') return purge(key);
      const { cluster, id } = out.item;
      board.expect(out.item, out.signature);
      const streamSeq = await writeRecord(connection, kvSubject(workBucket, key), out);
      if (board.wrote(cluster, id, streamSeq) === 'lost') onDamage.tell({ cluster, id });
    },
    inFlightMax: writesInFlightMax,
    keysMax: itemsWaitingMax,
    onRetry: (key, attempt, error) => {
      if (attempt % logEveryAttempts === 0)
        env.log.warn('a write to the bus did not succeed and is tried again', { key, attempt, error: String(error) });
    },
  });

  const seeWork = (record: KvRecord): void => {
    if (board.see(record) === 'ours') return;
    const [cluster = '', id = '', ...rest] = record.key.split('.');
    const message = 'a work record is not the one this hub wrote; it has to be written again';
    refusals.refuse({ cluster, subject: kvSubject(workBucket, record.key), reason: 'ForeignWork', message });
    // A key that no work of ours can have: it is taken away whole.
    if (id === '' || rest.length > 0) {
      purgeSubject(connection, workBucket, kvSubject(workBucket, record.key)).catch((error: unknown) =>
        env.log.warn('a work record that may not be could not be removed', { key: record.key, error: String(error) }),
      );
      return;
    }
    onDamage.tell({ cluster, id });
  };
  const { promise: workRead, resolve: workIsRead } = Promise.withResolvers<void>();
  const common = { env, connection, signatureHeader };
  const stopWork = readBucket({ ...common, bucket: workBucket, onRecord: seeWork, onComplete: workIsRead });
  // Which statuses may be is known when the work has been read.
  let stopStatus: () => void = () => undefined;
  let isStopped = false;
  void workRead.then(() => {
    if (!isStopped) stopStatus = readBucket({ ...common, bucket: statusBucket, onRecord: desk.see, onComplete: () => undefined });
  });

  const listen = <K extends 'hello' | 'beat' | 'report' | 'kind'>(
    kind: K,
  ): ((handler: (arrival: Arrival<MessageOf[K]>) => void) => Unsubscribe) => {
    const listeners = makeListeners<Arrival<MessageOf[K]>>(env.log);
    connection.subscribe(`hanse.up.*.${kind}`, {
      callback: (error, message) => {
        if (error !== null) return;
        const cluster = clusterOf(message);
        const unpacked = kind === 'report' ? unpackReport(message.data) : ({ ok: true, bytes: message.data } as const);
        const decoded = unpacked.ok ? decodeMessage(kind, unpacked.bytes, cluster) : unpacked;
        if (decoded.ok) listeners.tell({ message: decoded.value, arrivedAtMs: env.nowMs() });
        else refusals.refuse({ cluster, subject: message.subject, reason: decoded.reason, message: decoded.message });
      },
    });
    return listeners.add;
  };
  void followConnection(connection, (isUp) => {
    connected = isUp;
    env.log.info(isUp ? 'connected to the broker' : 'lost the broker; reconnecting');
    onConnected.tell(isUp);
    if (isUp) queue.retryNow();
  });

  return {
    onHello: listen('hello'),
    onBeat: listen('beat'),
    onReport: listen('report'),
    onKind: listen('kind'),
    onStatus: desk.onStatus,
    onUnknown: onUnknown.add,
    onDamage: onDamage.add,
    onRefusal: refusals.onRefusal,
    publishWork: async (item) => {
      const out = prepareWork(item, workKey, sealingKeyOf);
      return 'ok' in out ? out : outcomeOf(await queue.put(itemKey(item.cluster, item.id), out));
    },
    forgetWork: async (cluster, id) => outcomeOf(await queue.put(itemKey(cluster, id), 'purge')),
    forgetCluster: async (cluster) => outcomeOf(await queue.put(cluster, 'purge')),
    publishedWork: async () => {
      await workRead;
      return board.list();
    },
    want,
    wantKinds: (cluster, kinds) => {
      if (connected) connection.publish(downSubject(cluster, 'want'), encodeMessage('want', { v: 1, what: [], kinds }).bytes);
    },
    refuse: refusals.refuse,
    connected: () => connected,
    onConnected: onConnected.add,
    refusals: refusals.counts,
    stop: async () => {
      queue.stop();
      isStopped = true;
      stopWork();
      stopStatus();
      await connection.close();
    },
  };
};

/** The cluster a subject `hanse.up.<cluster>.…` names; the broker lets only that cluster publish there. */
export const clusterOf = (message: Msg): string => message.subject.split('.')[2] ?? '';

const outcomes: Readonly<Record<QueueOutcome, PublishOutcome>> = {
  sent: { ok: true },
  superseded: { ok: false, reason: 'Superseded', message: 'a newer item took its place' },
  full: { ok: false, reason: 'QueueFull', message: `more than ${itemsWaitingMax} items wait for the broker: it has been away too long` },
  stopped: { ok: false, reason: 'Stopped', message: 'the hub is stopping' },
};

const outcomeOf = (outcome: QueueOutcome): PublishOutcome => outcomes[outcome];

const followConnection = async (connection: NatsConnection, tell: (isUp: boolean) => void): Promise<void> => {
  for await (const { type } of connection.status()) {
    if (type === 'disconnect') tell(false);
    if (type === 'reconnect') tell(true);
  }
};
