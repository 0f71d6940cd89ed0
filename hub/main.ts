/** @module The hub's composition root: the only file that builds its adapters and puts the rooms together. */

import { isIP } from 'node:net';
import { join } from 'node:path';
import { Hono } from 'hono';
import discovery from '../shared/kube/builtin/data/discovery.json' with { type: 'json' };
import type { KubeClient } from '../shared/kube/client/port.ts';
import { serviceAddresses } from '../shared/kube/server/index.ts';
import { createStore, type OpenStore, type Store } from '../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../shared/lib/index.ts';
import { checkPortFree, makeDataDir, withDataDirFault } from '../shared/node/index.ts';
import { ed25519Verifier, observe } from '../shared/node/mesh/index.ts';
import { decodePublicKey } from '../shared/wire/nkey.ts';
import {
  type Authority,
  createFront,
  createServedKinds,
  type Front,
  type KeyPair,
  openAuthority,
  type Served,
  type ServedKinds,
  serve,
} from './api/index.ts';
import { followBursts } from './collector.ts';
import { createEventRecorder, openMemberKinds, type Planner, pastDecisions, startControl } from './control/index.ts';
import { createSolver } from './control/rebalance/solver.ts';
import { type BrokerTls, type Fleet, startFleet } from './fleet/index.ts';
import { startRenewal, whenRenewed } from './renewal.ts';
import { checkUnlocked, openSqliteJournal, type SqliteJournal, startRetention } from './store/index.ts';

/** Where the hub keeps things, and how it is reached. */
export type HubOptions = {
  /** The hub's own folder, made when missing, mode 0700. */
  readonly dataDir: string;
  /** Address to listen on. */
  readonly host: string;
  /** Port of the API; 0 = any free one. */
  readonly port: number;
  /** Names and addresses that clients and agents call the hub by, besides `host` and localhost. */
  readonly advertise: readonly string[];
  /** An embedded nats-server (port 0 = the one of the last start, else a free one), or the URLs of servers that run. */
  readonly nats:
    | { readonly port: number; readonly cacheDir?: string }
    | {
        readonly urls: readonly string[];
        /** PEM of their CA; '' = the system's roots. */
        readonly caPem: string;
        readonly replicas?: number;
      };
  /** Where the admin's kubeconfig is written, mode 0600. */
  readonly kubeconfig: string;
  readonly env: RuntimeEnv;
  /** Told before each part that takes time. */
  readonly onProgress?: (part: 'store' | 'api' | 'broker' | 'control') => void;
};

/** A running hub. */
export type Hub = {
  readonly url: string;
  readonly natsUrls: readonly string[];
  readonly kubeconfig: string;
  /** PEM of the CA that signed the hub's and the broker's certificates. */
  readonly caPem: string;
  readonly client: KubeClient;
  readonly store: Store;
  readonly stop: () => Promise<void>;
};

/** What the hub's own detector knows of this process: it is a witness, and looks at what it must tell apart. */
const detectorRim = {
  verify: ed25519Verifier((key) => decodePublicKey('user', key)),
  look: observe,
};

/** Where agents ask to join. */
const joinPath = '/join/v1';

const version = {
  major: discovery.version.major,
  minor: discovery.version.minor,
  gitVersion: `${discovery.version.gitVersion}+hanse`,
  gitCommit: '',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};

const subjectOf = (commonName: string, names: readonly string[]) => {
  const all = [...new Set(['localhost', '127.0.0.1', ...names.filter((name) => name !== '0.0.0.0' && name !== '::')])];
  return { commonName, dnsNames: all.filter((name) => isIP(name) === 0), ipAddresses: all.filter((name) => isIP(name) !== 0) };
};

/** What agents call the hub by: the first name given, else the address listened on. */
const publicName = ({ advertise, host }: HubOptions): string => advertise[0] ?? (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host);

const issueBrokerTls = async (options: HubOptions, authority: Authority): Promise<BrokerTls> => {
  const pair = await authority.issue('nats', 'server', subjectOf('nats', [options.host, ...options.advertise]));
  return { certPem: pair.certificatePem, keyPem: pair.privateKeyPem };
};

const openBroker = async (options: HubOptions, authority: Authority) => {
  if ('urls' in options.nats) return { kind: 'external' as const, ...options.nats };
  return {
    kind: 'embedded' as const,
    host: options.host,
    port: options.nats.port,
    tls: await issueBrokerTls(options, authority),
    advertise: [publicName(options)],
    ...(options.nats.cacheDir === undefined ? {} : { cacheDir: options.nats.cacheDir }),
  };
};

/** What the front asks of parts that start after it: `/readyz` of the bus, PlanReviews of the loops. */
type Health = { broken: string | undefined; isConnected: () => boolean; planner: Planner | undefined };

type FrontParts = { journal: SqliteJournal; store: OpenStore; authority: Authority; kinds: ServedKinds; health: Health };

const buildFront = (options: HubOptions, parts: FrontParts): Front =>
  createFront({
    store: parts.store,
    kinds: parts.kinds,
    dataDir: options.dataDir,
    authority: parts.authority,
    env: options.env,
    version,
    journalFigures: parts.journal.figures,
    planner: () => parts.health.planner,
    pastDecisions: (namespace, spec) =>
      pastDecisions(parts.journal.history, namespace, spec, () => new Promise((resolve) => options.env.setTimer(0, resolve))),
    readyz: {
      journal: () => parts.health.broken ?? parts.journal.fault(),
      nats: () => (parts.health.isConnected() ? undefined : 'the hub has no connection to NATS; agents cannot be reached'),
    },
  });

const issueServerPair = async (options: HubOptions, authority: Authority): Promise<KeyPair> => {
  const pair = await authority.issue('server', 'server', subjectOf('hanse-hub', [options.host, ...options.advertise]));
  // With the CA behind it, so that a joining agent can check the CA's hash.
  return { certificatePem: `${pair.certificatePem.trimEnd()}\n${authority.certificatePem}`, privateKeyPem: pair.privateKeyPem };
};

const listen = async (options: HubOptions, front: Front, authority: Authority): Promise<Served> =>
  serve({
    fetch: front.app.fetch,
    ...(await issueServerPair(options, authority)),
    clientCaPem: [authority.certificatePem],
    hostname: options.host,
    port: options.port,
    log: options.env.log,
  });

/** Runs the steps that were recorded, last first; each is tried whatever the others do. */
const unwind = async (steps: (() => unknown)[], env: RuntimeEnv): Promise<void> => {
  for (const step of steps.splice(0).reverse()) {
    try {
      await step();
    } catch (error) {
      env.log.warn('a part of the hub did not stop cleanly', { error: String(error) });
    }
  }
};

const startParts = async (options: HubOptions, undo: (() => unknown)[]): Promise<Hub> => {
  const { env, dataDir } = options;
  // Both are asked before anything is made, and the API is the last thing to listen. Who has the directory has most likely the port too.
  checkUnlocked(dataDir);
  await checkPortFree(options.host, options.port);
  options.onProgress?.('store');
  await makeDataDir(dataDir);
  const authority = await openAuthority({ directory: join(dataDir, 'pki'), commonName: 'hanse-ca', nowMs: env.nowMs });
  const journal = openSqliteJournal({ directory: dataDir, nowMs: env.nowMs, uuid: env.uuid, log: env.log });
  undo.push(() => journal.close());
  const store = await createStore(journal, { env });
  undo.push(() => store.close());
  const openedAt = store.revision();
  undo.push(startRetention(journal, env));
  options.onProgress?.('api');
  const kinds = createServedKinds(serviceAddresses(store, env));
  const memberKinds = openMemberKinds({ store, kinds, env });
  undo.push(() => memberKinds.stop());
  const health: Health = { broken: undefined, isConnected: () => false, planner: undefined };
  void store.broken.then((error) => {
    health.broken = `the journal broke off: ${String(error)}; restart the hub`;
  });
  const front = buildFront(options, { journal, store, authority, kinds, health });
  undo.push(() => front.close());
  await front.start();
  options.onProgress?.('broker');
  const listening = Promise.withResolvers<string>();
  const fleet: Fleet = await startFleet({
    env,
    dataDir,
    broker: await openBroker(options, authority),
    caPem: authority.certificatePem,
    hubUrl: listening.promise,
    client: front.client,
    store,
    tell: createEventRecorder(store, env).record,
    addressOf: (peer) => (peer as { remoteAddress?: string } | undefined)?.remoteAddress ?? '',
  });
  undo.push(() => fleet.stop());
  health.isConnected = fleet.bus.connected;
  front.metrics.countRefusals(fleet.bus.refusals);
  front.mount(joinPath, new Hono().route(joinPath, fleet.joinApp));
  options.onProgress?.('control');
  const control = startControl({
    solver: createSolver(),
    store,
    bus: fleet.bus,
    mesh: { mesh: fleet.mesh, rim: detectorRim },
    catalog: kinds.registry,
    env,
    openedAt,
    kindTroubles: memberKinds.troublesOf,
  });
  undo.push(() => control.stop());
  front.metrics.countMeshRefusals(control.meshRefused);
  undo.push(followBursts(env, control.isBurst));
  health.planner = control.plan;
  memberKinds.listen(fleet.bus, control.recheckCluster);
  const served = await listen(options, front, authority);
  undo.push(() => served.close());
  const url = `https://${publicName(options)}:${served.port}`;
  listening.resolve(url);
  const writeKubeconfig = (): Promise<unknown> => front.writeAdminKubeconfig(options.kubeconfig, url);
  await writeKubeconfig();
  undo.push(
    startRenewal(env, [
      whenRenewed(() => issueServerPair(options, authority), served.renew),
      whenRenewed(
        () => issueBrokerTls(options, authority),
        (tls) => fleet.broker?.renew(tls),
      ),
      writeKubeconfig,
    ]),
  );
  const stop = (): Promise<void> => unwind(undo, env);
  return {
    url,
    natsUrls: fleet.natsUrls,
    kubeconfig: options.kubeconfig,
    caPem: authority.certificatePem,
    client: front.client,
    store,
    stop,
  };
};

/** Starts the hub. @throws Error that says what is taken, locked, full or missing; what had been started is stopped again. */
export const startHub = async (options: HubOptions): Promise<Hub> => {
  const undo: (() => unknown)[] = [];
  try {
    return await startParts(options, undo);
  } catch (error) {
    await unwind(undo, options.env);
    throw withDataDirFault(options.dataDir, error);
  }
};
