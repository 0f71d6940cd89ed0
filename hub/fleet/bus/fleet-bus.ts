/** @module The hub's side of the bus over NATS: checked messages in, signed and sealed work out. */
import type { NatsConnection } from 'nats';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { encodeMessage } from '../../../shared/wire/decode.ts';
import { type Listeners, makeListeners } from '../../../shared/wire/listeners.ts';
import type { WantMessage } from '../../../shared/wire/messages.ts';
import { makeRefusals } from '../../../shared/wire/refusals.ts';
import { itemKey } from '../../../shared/wire/signature.ts';
import { downSubject, kvSubject, statusBucket } from '../../../shared/wire/subjects.ts';
import type { SigningKey } from '../identity/keys.ts';
import type { FleetBus, KindBus, UnknownStatus } from '../port.ts';
import { hearAgents } from './agent-messages.ts';
import { makeDoubtedStatuses } from './doubted-statuses.ts';
import { makeEarlyListeners } from './early-listeners.ts';
import { itemsWaitingMax, makeOutbox } from './outbox.ts';
import { prepareWork } from './outgoing.ts';
import { readBuckets } from './read-buckets.ts';
import { makeStatusDesk } from './status-desk.ts';
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
export interface NatsFleetBus extends FleetBus, KindBus {
  refusals(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

type Damage = { readonly cluster: string; readonly id: string };

/** Damage and unknown work remembered before the loops listen: twenty full clusters. */
const untoldMax = itemsWaitingMax;

/** Makes the buckets, subscribes, and begins to read. @throws Error when JetStream refuses the buckets. */
export const startFleetBus = async (options: FleetBusOptions): Promise<NatsFleetBus> => {
  const { env, connection, workKey, sealingKeyOf } = options;
  await ensureBuckets(connection, options.replicas ?? 1);
  const refusals = makeRefusals(env);
  const board = makeWorkBoard(workKey.rawPublicKey);
  const onConnected = makeListeners<boolean>(env.log);
  const onDamage = early<Damage>(env, ({ cluster, id }) => itemKey(cluster, id), 'foreign work records');
  const onUnknown = early<UnknownStatus>(env, ({ item }) => itemKey(item.cluster, item.id), 'statuses of unknown work');
  let connected = true;
  const ask = (cluster: string, wanted: Omit<WantMessage, 'v'>): void => {
    if (connected) connection.publish(downSubject(cluster, 'want'), encodeMessage('want', { v: 1, ...wanted }).bytes);
  };
  const doubts = makeDoubtedStatuses({ env, ask: (cluster) => ask(cluster, { what: ['status'] }) });
  const desk = makeStatusDesk({
    env,
    refusals,
    isSent: board.has,
    onUnknown: (item) => onUnknown.tell({ item, wasSent: board.wasSent(item.cluster, item.id) }),
    doubts,
    remove: (key) => {
      purgeSubject(connection, statusBucket, kvSubject(statusBucket, key)).catch((error: unknown) =>
        env.log.warn('a status that may not be could not be removed', { key, error: String(error) }),
      );
    },
  });
  const damaged = (cluster: string, id: string): void => onDamage.tell({ cluster, id });
  const outbox = makeOutbox({ env, connection, board, desk, onLost: damaged });
  const buckets = readBuckets({ env, connection, refusals, board, desk, onForeign: damaged });
  const agents = { env, connection, refusals };
  void followConnection(connection, (isUp) => {
    connected = isUp;
    env.log.info(isUp ? 'connected to the broker' : 'lost the broker; reconnecting');
    onConnected.tell(isUp);
    if (isUp) outbox.retryNow();
  });

  return {
    onHello: hearAgents(agents, 'hello'),
    onBeat: hearAgents(agents, 'beat'),
    onReport: hearAgents(agents, 'report'),
    onKind: hearAgents(agents, 'kind'),
    onStatus: desk.onStatus,
    onUnknown: onUnknown.add,
    onDamage: onDamage.add,
    onRefusal: refusals.onRefusal,
    publishWork: async (item) => {
      const out = prepareWork(item, workKey, sealingKeyOf);
      return 'ok' in out ? out : outbox.write(out);
    },
    forgetWork: outbox.purge,
    forgetCluster: (cluster) => outbox.purge(cluster),
    publishedWork: async () => {
      await buckets.workRead;
      return board.list();
    },
    want: (cluster, what) => ask(cluster, { what }),
    wantKinds: (cluster, kinds) => ask(cluster, { what: [], kinds }),
    refuse: refusals.refuse,
    connected: () => connected,
    onConnected: onConnected.add,
    refusals: refusals.counts,
    stop: async () => {
      doubts.stop();
      outbox.stop();
      buckets.stop();
      await connection.close();
      refusals.close();
    },
  };
};

/** The records of a broker are read before the loops start. */
const early = <T>(env: RuntimeEnv, keyOf: (event: T) => string, what: string): Listeners<T> => {
  const onFull = (): void => env.log.error(`more ${what} than can be remembered; start the hub again once these are mended`, { untoldMax });
  return makeEarlyListeners({ log: env.log, keyOf, waitingMax: untoldMax, onFull });
};

const followConnection = async (connection: NatsConnection, tell: (isUp: boolean) => void): Promise<void> => {
  for await (const { type } of connection.status()) {
    if (type === 'disconnect') tell(false);
    if (type === 'reconnect') tell(true);
  }
};
