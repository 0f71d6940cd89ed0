/** @module The hub's side of the bus over NATS: checked messages in, signed and sealed work out. */
import { headers, type Msg, type NatsConnection } from 'nats';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { decodeMessage, encodeMessage, faultOf, type MessageKind, type MessageOf } from '../../../shared/wire/decode.ts';
import { makeKeyedQueue, type QueueOutcome } from '../../../shared/wire/keyed-queue.ts';
import { workItemsMax } from '../../../shared/wire/limits.ts';
import { makeListeners } from '../../../shared/wire/listeners.ts';
import type { StatusItem, WorkItem } from '../../../shared/wire/messages.ts';
import { makeRefusals } from '../../../shared/wire/refusals.ts';
import { itemKey, mustSeal, signatureHeader, signedBytes } from '../../../shared/wire/signature.ts';
import { downSubject, kvSubject, statusBucket, workBucket } from '../../../shared/wire/subjects.ts';
import type { SigningKey } from '../identity/keys.ts';
import type { Arrival, FleetBus, PublishOutcome, Unsubscribe } from '../port.ts';
import { type KvRecord, readBucket } from './kv-reader.ts';
import { sealObject } from './seal.ts';
import { ensureBuckets, purgeSubject } from './streams.ts';
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
export interface NatsFleetBus extends FleetBus {
  refusals(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** Writes at the broker that are under way at once. */
const writesInFlightMax = 256;
const writeTimeoutMs = 5_000;

type Outgoing = { readonly bytes: Uint8Array; readonly signature: string; readonly item: WorkItem } | { readonly purge: true };

/** Makes the buckets, subscribes, and begins to read. @throws Error when JetStream refuses the buckets. */
export const startFleetBus = async (options: FleetBusOptions): Promise<NatsFleetBus> => {
  const { env, connection } = options;
  await ensureBuckets(connection, options.replicas ?? 1);
  const refusals = makeRefusals(env);
  const board = makeWorkBoard(options.workKey.rawPublicKey);
  const onStatus = makeListeners<StatusItem>(env.log);
  const onConnected = makeListeners<boolean>(env.log);
  const onDamage = makeListeners<{ cluster: string; id: string }>(env.log);
  const statuses = new Map<string, StatusItem>();
  let connected = true;

  const send = async (key: string, out: Outgoing): Promise<void> => {
    const [cluster = '', id = ''] = key.split('.');
    if ('purge' in out) {
      board.forget(cluster, id === '' ? undefined : id);
      const subject = id === '' ? `${cluster}.>` : key;
      await purgeSubject(connection, workBucket, kvSubject(workBucket, subject));
      await purgeSubject(connection, statusBucket, kvSubject(statusBucket, subject));
      for (const known of statuses.keys()) if (known === key || (id === '' && known.startsWith(`${cluster}.`))) statuses.delete(known);
      return;
    }
    board.expect(out.item, out.signature);
    const streamSeq = await store(connection, kvSubject(workBucket, key), out);
    if (board.wrote(cluster, id, streamSeq) === 'lost') onDamage.tell({ cluster, id });
  };
  const queue = makeKeyedQueue<Outgoing>({
    env,
    send,
    inFlightMax: writesInFlightMax,
    keysMax: 20 * workItemsMax,
    onRetry: (key, attempt, error) => {
      if (attempt === 0) env.log.warn('a write to the bus did not succeed and is tried again', { key, error: String(error) });
    },
  });

  const seeWork = (record: KvRecord): void => {
    if (board.see(record) === 'ours') return;
    const [cluster = '', id = ''] = record.key.split('.');
    refusals.refuse({
      cluster,
      subject: kvSubject(workBucket, record.key),
      reason: 'ForeignWork',
      message: 'a work record is not the one this hub wrote; it is written again',
    });
    onDamage.tell({ cluster, id });
  };
  const seeStatus = (record: KvRecord): void => {
    // A record without a payload is a deletion mark of a KV tool.
    if (record.payload.length === 0) return;
    const [cluster = '', id = ''] = record.key.split('.');
    const decoded = decodeMessage('status', record.payload, cluster);
    if (decoded.ok && decoded.value.id === id) {
      statuses.set(record.key, decoded.value);
      onStatus.tell(decoded.value);
      return;
    }
    const fault = decoded.ok ? { reason: 'WrongId', message: `the record's id is ${decoded.value.id}` } : decoded;
    refusals.refuse({ cluster, subject: kvSubject(statusBucket, record.key), reason: fault.reason, message: fault.message });
  };

  const { promise: workRead, resolve: workIsRead } = Promise.withResolvers<void>();
  const common = { env, connection, signatureHeader };
  const stopWork = readBucket({ ...common, bucket: workBucket, onRecord: seeWork, onComplete: workIsRead });
  const stopStatus = readBucket({ ...common, bucket: statusBucket, onRecord: seeStatus, onComplete: () => undefined });

  const listen = <K extends 'hello' | 'beat' | 'report'>(kind: K): ((handler: (arrival: Arrival<MessageOf[K]>) => void) => Unsubscribe) => {
    const listeners = makeListeners<Arrival<MessageOf[K]>>(env.log);
    connection.subscribe(`hanse.up.*.${kind}`, {
      callback: (error, message) => {
        if (error !== null) return;
        const decoded = decodeFrom(kind, message);
        if (decoded.ok) listeners.tell({ message: decoded.value, arrivedAtMs: env.nowMs() });
        else refusals.refuse({ cluster: clusterOf(message), subject: message.subject, reason: decoded.reason, message: decoded.message });
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

  const prepare = (item: WorkItem): Outgoing | { ok: false; reason: 'NotSealable' | 'Invalid' | 'TooLarge'; message: string } => {
    const ready = seal(item, options.sealingKeyOf);
    if (ready === undefined)
      return {
        ok: false,
        reason: 'NotSealable',
        message: `cluster ${item.cluster} has no sealing key yet: its agent must join before Secrets can be sent`,
      };
    const fault = faultOf('work', ready);
    if (fault !== undefined) return { ok: false, reason: 'Invalid', message: fault };
    const { bytes, fits, bytesMax } = encodeMessage('work', ready);
    if (!fits)
      return {
        ok: false,
        reason: 'TooLarge',
        message: `${item.ref.kind} ${item.ref.namespace}/${item.ref.name} is ${bytes.length} bytes for the bus, at most ${bytesMax} are possible: make it smaller`,
      };
    const signature = Buffer.from(options.workKey.sign(signedBytes(itemKey(item.cluster, item.id), bytes))).toString('base64');
    return { bytes, signature, item };
  };

  return {
    onHello: listen('hello'),
    onBeat: listen('beat'),
    onReport: listen('report'),
    onStatus: (handler) => {
      for (const item of statuses.values()) handler(item);
      return onStatus.add(handler);
    },
    onDamage: onDamage.add,
    onRefusal: refusals.onRefusal,
    publishWork: async (item) => {
      const out = prepare(item);
      return 'ok' in out ? out : outcomeOf(await queue.put(itemKey(item.cluster, item.id), out));
    },
    forgetWork: async (cluster, id) => outcomeOf(await queue.put(itemKey(cluster, id), { purge: true })),
    forgetCluster: async (cluster) => outcomeOf(await queue.put(cluster, { purge: true })),
    publishedWork: async () => {
      await workRead;
      return board.list();
    },
    want: (cluster, what) => {
      if (connected) connection.publish(downSubject(cluster, 'want'), encodeMessage('want', { v: 1, what }).bytes);
    },
    connected: () => connected,
    onConnected: onConnected.add,
    refusals: refusals.counts,
    stop: async () => {
      queue.stop();
      stopWork();
      stopStatus();
      await connection.close();
    },
  };
};

/** Writes one signed record; answers its stream sequence. @throws Error to be tried again. */
const store = async (connection: NatsConnection, subject: string, out: { bytes: Uint8Array; signature: string }): Promise<number> => {
  const head = headers();
  head.set(signatureHeader, out.signature);
  const answer = await connection
    .jetstream({ timeout: writeTimeoutMs })
    .publish(subject, out.bytes, { headers: head, timeout: writeTimeoutMs });
  return answer.seq;
};

/** The item as it travels; undefined when it must be sealed and cannot. */
const seal = (item: WorkItem, sealingKeyOf: FleetBusOptions['sealingKeyOf']): WorkItem | undefined => {
  if (item.object === undefined || !mustSeal(item.ref)) return item;
  const key = sealingKeyOf(item.cluster);
  if (key === undefined) return undefined;
  const { object, ...rest } = item;
  return { ...rest, sealed: sealObject(object, item, key) };
};

/** The cluster a subject `hanse.up.<cluster>.…` names; the broker lets only that cluster publish there. */
export const clusterOf = (message: Msg): string => message.subject.split('.')[2] ?? '';

const decodeFrom = <K extends MessageKind>(kind: K, message: Msg): ReturnType<typeof decodeMessage<K>> =>
  decodeMessage(kind, message.data, clusterOf(message));

const outcomeOf = (outcome: QueueOutcome): PublishOutcome => {
  if (outcome === 'sent') return { ok: true };
  if (outcome === 'superseded') return { ok: false, reason: 'Superseded', message: 'a newer item took its place' };
  if (outcome === 'full')
    return {
      ok: false,
      reason: 'QueueFull',
      message: `more than ${20 * workItemsMax} items wait for the broker: it has been away too long`,
    };
  return { ok: false, reason: 'Stopped', message: 'the hub is stopping' };
};

const followConnection = async (connection: NatsConnection, tell: (isUp: boolean) => void): Promise<void> => {
  for await (const { type } of connection.status()) {
    if (type === 'disconnect') tell(false);
    if (type === 'reconnect') tell(true);
  }
};
