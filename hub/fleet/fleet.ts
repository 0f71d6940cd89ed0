/** @module The fleet room put together: broker, identity, bus, joining, renewal, revocation. Started by the hub's composition root. */
import { join } from 'node:path';
import type { Hono } from 'hono';
import type { Cluster } from '../../shared/api/cluster.ts';
import { clusters } from '../../shared/api/cluster.ts';
import { joinTokens } from '../../shared/api/join-token.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { keyOf, type Store } from '../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../shared/lib/env.ts';
import { caHash, makeDataDir } from '../../shared/node/index.ts';
import {
  type BrokerTls,
  defaultCacheDir,
  type EmbeddedBroker,
  ensureNatsServer,
  externalConfigText,
  startEmbeddedBroker,
} from './broker/index.ts';
import { checkBroker } from './bus/check-broker.ts';
import { type BrokerAddress, connectClaims, connectHub, pushClaims } from './bus/connect.ts';
import { type NatsFleetBus, startFleetBus } from './bus/fleet-bus.ts';
import { openHubMesh } from './bus/mesh.ts';
import { closeWorkConsumer, openWorkConsumer } from './bus/work-consumer.ts';
import { type AccountBook, openAccountBook } from './identity/account-book.ts';
import { type FleetIdentity, loadFleetIdentity } from './identity/fleet-identity.ts';
import { operatorJwt, systemAccountJwt } from './identity/jwt.ts';
import { makeClusterLoop } from './join/cluster-loop.ts';
import { makeCredentials } from './join/credentials.ts';
import { followKind } from './join/follow.ts';
import { startIdentityDesk } from './join/identity-desk.ts';
import { joinApp } from './join/join-app.ts';
import { followMemberHolders } from './join/member-holders.ts';
import { makeJoinOffice } from './join/office.ts';
import { serveRenewals } from './join/renewal.ts';
import { makeTokenLoop, tokenSweepMs } from './join/token-loop.ts';
import type { HubMesh, TellEvent } from './port.ts';

/** Where the broker runs. */
export type BrokerChoice =
  | {
      readonly kind: 'embedded';
      readonly host: string;
      /** 0 = the port of the last start, else any free one. */
      readonly port: number;
      readonly websocketPort?: number;
      /** A certificate of the hub's CA for `host` and what agents call it. */
      readonly tls: BrokerTls;
      /** Names or addresses that agents reach it by; the first is tried first. Default: `host`. */
      readonly advertise?: readonly string[];
      /** Base of the cache that nats-server is kept in. */
      readonly cacheDir?: string;
    }
  | {
      readonly kind: 'external';
      readonly urls: readonly string[];
      /** PEM of the CA of the servers; '' = the system's roots. */
      readonly caPem: string;
      /** Replicas of the streams; absent = three where there are three servers, else one. */
      readonly replicas?: number;
    };

export type FleetOptions = {
  readonly env: RuntimeEnv;
  /** The hub's data directory; the fleet keeps `fleet/` in it, mode 0700. */
  readonly dataDir: string;
  readonly broker: BrokerChoice;
  /** PEM of the CA that signs the hub's certificate and the embedded broker's. */
  readonly caPem: string;
  /** What agents call the hub by, once it listens. */
  readonly hubUrl: Promise<string>;
  /** The hub's API as an administrator. */
  readonly client: KubeClient;
  readonly store: Store;
  readonly beatIntervalMs?: number;
  readonly credentialTtlMs?: number;
  /** The peer's address of a join request, from what the HTTP server binds. */
  readonly addressOf: (env: unknown) => string;
  /** Puts Events on Clusters. */
  readonly tell: TellEvent;
};

/** A running fleet room. */
export type Fleet = {
  readonly bus: NatsFleetBus;
  /** Where the agents speak to each other. */
  readonly mesh: HubMesh;
  /** Mount at `/join/v1`. */
  readonly joinApp: Hono;
  /** What agents are told to connect to. */
  readonly natsUrls: readonly string[];
  /** The embedded broker, for readiness and status lines. */
  readonly broker: EmbeddedBroker | undefined;
  readonly stop: () => Promise<void>;
};

const beatIntervalMsDefault = 1_000;
const credentialTtlMsDefault = 24 * 3_600_000;

/** Starts the broker (or connects to one), then everything that agents need. @throws Error with what to do when the broker does not start. */
export const startFleet = async (options: FleetOptions): Promise<Fleet> => {
  const undo: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return { ...(await startParts(options, undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

const startParts = async (options: FleetOptions, undo: (() => unknown)[]): Promise<Omit<Fleet, 'stop'>> => {
  const { env, client, store } = options;
  const folder = join(options.dataDir, 'fleet');
  const identity = await loadFleetIdentity(join(folder, 'identity'));
  const ttlMs = options.credentialTtlMs ?? credentialTtlMsDefault;
  const book = await openAccountBook({ folder, identity, nowMs: env.nowMs(), credentialTtlMs: ttlMs });
  const { address, natsUrls, broker, replicas } = await openBroker(options, folder, identity, book);
  undo.push(() => broker?.stop());
  const connection = await connectHub(address, identity, env.nowMs);
  undo.push(() => connection.close());
  const bus = await startFleetBus({
    env,
    connection,
    workKey: identity.work,
    sealingKeyOf: (cluster) => sealingKeyOf(store, cluster),
    replicas,
  });
  undo.push(() => bus.stop());
  const claims = await connectClaims(address, identity, env.nowMs);
  undo.push(() => claims.close());
  const push = (jwt: string): Promise<void> => pushClaims(claims, jwt);
  const openWork = (cluster: string): Promise<void> => openWorkConsumer(connection, cluster);
  const credentials = makeCredentials({ nowMs: env.nowMs, identity, book, ttlMs, push, openWork });
  await push(book.hubJwt());
  // A crash between writing a revocation and telling the broker is made good here; what was revoked before has expired.
  for (const cluster of book.revokedSince(env.nowMs() - ttlMs)) await push(book.clusterJwt(cluster));
  const mesh = await openHubMesh({ env, address, identity, book, connection, push, ttlMs });
  undo.push(() => mesh.stop());
  serveRenewals({ env, client, credentials, connection });
  const closeWork = (cluster: string): Promise<void> => closeWorkConsumer(connection, cluster);
  const clusterLoop = makeClusterLoop({ env, client, credentials, bus, closeWork });
  const followedClusters = followKind({ env, store, type: clusters, reconcile: clusterLoop.reconcile });
  bus.onConnected((isUp) => {
    if (!isUp) return;
    clusterLoop.brokerCameBack();
    followedClusters.again();
  });
  const door = options.hubUrl.then((hub) => ({ hub, caHash: caHash(options.caPem) }));
  const followedTokens = followKind({ env, store, type: joinTokens, reconcile: makeTokenLoop({ env, client, door }) });
  let cancelSweep: () => void = () => undefined;
  const sweep = (): void => {
    followedTokens.again();
    cancelSweep = env.setTimer(tokenSweepMs, sweep);
  };
  cancelSweep = env.setTimer(tokenSweepMs, sweep);
  undo.push(followedClusters.stop, followedTokens.stop, () => cancelSweep());
  const holders = followMemberHolders(store);
  undo.push(holders.stop, startIdentityDesk({ env, client, store, bus, credentials, holders, tell: options.tell }));
  const office = makeJoinOffice({
    env,
    client,
    credentials,
    holders,
    tell: options.tell,
    broker: () => ({ natsUrls, natsCa: address.caPem }),
    rawHubKey: identity.work.rawPublicKey,
    beatIntervalMs: options.beatIntervalMs ?? beatIntervalMsDefault,
  });
  return {
    bus,
    mesh,
    joinApp: joinApp({ env, office, addressOf: options.addressOf }),
    natsUrls,
    broker,
  };
};

type OpenBroker = {
  readonly address: BrokerAddress;
  readonly natsUrls: readonly string[];
  readonly broker: EmbeddedBroker | undefined;
  readonly replicas: number;
};

type Claims = { readonly operatorJwt: string; readonly systemAccount: string; readonly preload: Readonly<Record<string, string>> };

const claimsOf = (identity: FleetIdentity, book: AccountBook, nowMs: number): Claims => ({
  operatorJwt: operatorJwt(identity.operator, identity.system.publicKey, nowMs),
  systemAccount: identity.system.publicKey,
  preload: {
    [identity.system.publicKey]: systemAccountJwt(identity.operator, identity.system.publicKey, nowMs),
    [identity.account.publicKey]: book.hubJwt(),
  },
});

/** The configuration of a nats-server that runs apart from the hub whose data are here; makes the hub's identity if there is none yet. */
export const externalBrokerConfig = async (options: {
  readonly dataDir: string;
  readonly nowMs: number;
  readonly withTls: boolean;
}): Promise<string> => {
  const folder = join(options.dataDir, 'fleet');
  await makeDataDir(options.dataDir);
  const identity = await loadFleetIdentity(join(folder, 'identity'));
  const book = await openAccountBook({ folder, identity, nowMs: options.nowMs, credentialTtlMs: credentialTtlMsDefault });
  return externalConfigText(claimsOf(identity, book, options.nowMs), options.withTls);
};

const openBroker = async (options: FleetOptions, folder: string, identity: FleetIdentity, book: AccountBook): Promise<OpenBroker> => {
  const { env, broker: choice } = options;
  if (choice.kind === 'external') {
    const address = { urls: choice.urls, caPem: choice.caPem };
    const { replicas } = await checkBroker({ env, address, identity });
    return { address, natsUrls: choice.urls, broker: undefined, replicas: choice.replicas ?? replicas };
  }
  const { path: binary } = await ensureNatsServer({ log: env.log, cacheDir: choice.cacheDir ?? defaultCacheDir() });
  const { host, port, tls, websocketPort, advertise = [host] } = choice;
  const broker = await startEmbeddedBroker({
    env,
    binary,
    dataDir: join(folder, 'broker'),
    host,
    port,
    tls,
    claims: () => claimsOf(identity, book, env.nowMs()),
    ...(websocketPort === undefined ? {} : { websocketPort }),
  });
  const local = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const natsUrls = advertise.map((name) => `tls://${name}:${broker.port}`);
  return { address: { urls: [`tls://${local}:${broker.port}`], caPem: options.caPem }, natsUrls, broker, replicas: 1 };
};

const sealingKeyOf = (store: Store, cluster: string): string | undefined => {
  const stored = store.get(keyOf(clusters.group, clusters.resource, '', cluster))?.object as unknown as Cluster | undefined;
  return stored?.status?.agent?.sealingKey;
};
