/** @module A whole federation on one machine: hub, broker, playground members and their agents; members can be stopped and started. */
import { join } from 'node:path';
import { ensureNatsServer } from '../../hub/fleet/index.ts';
import { type Hub, startHub } from '../../hub/main.ts';
import { checkUnlocked } from '../../hub/store/index.ts';
import type { Cluster } from '../../shared/api/cluster.ts';
import { clusters } from '../../shared/api/cluster.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { messageOf } from '../../shared/lib/message-of.ts';
import { checkPortsFree, makeDataDir, type NeededPort } from '../../shared/node/index.ts';
import type { MemberControl } from './control.ts';
import { forgetKeys, type JoinedMember, joinToken, startJoinedMember } from './joined-member.ts';
import { type CloudCluster, cloudClusters } from './playground/clouds.ts';
import { memberFolder } from './playground/member.ts';
import { toldLog } from './told-log.ts';
import { waitUntil } from './wait.ts';

/** What {@link startFederation} takes. */
export type FederationOptions = {
  /** Holds `hub/`, `members/NAME/` and `kubeconfig`. */
  readonly dataDir: string;
  readonly members: number;
  /** Port of the hub's API; the members take the ten-th after it and on. 0 = any free ones. */
  readonly port: number;
  readonly env: RuntimeEnv;
  /** Told what is being done now. */
  readonly onProgress?: (step: string) => void;
  /** Ends what waits. */
  readonly signal?: AbortSignal;
};

/** A running federation. */
export type Federation = {
  readonly hub: Hub;
  readonly clusters: readonly CloudCluster[];
  readonly members: MemberControl;
  /** Waits until all members are Ready at the hub; answers those that were not in time, and why. */
  readonly joined: () => Promise<readonly string[]>;
  /** Resolves when this cluster is Ready at the hub. @throws Error after a minute, with what the hub says. */
  readonly whenReady: (name: string) => Promise<void>;
  /** A member that runs, and its agent. */
  readonly running: (name: string) => JoinedMember | undefined;
  readonly stop: () => Promise<void>;
};

/** The n-th member listens on the hub's port plus this plus n, so that its address stays the same from start to start. */
const memberPortOffset = 10;
/** The agent of the n-th member answers names of services on the hub's port plus this plus n. */
const dnsPortOffset = 110;
const readyWithinMs = 60_000;

/** One member with its agent, which joins with a token made for it alone. */
const startJoined = async (
  options: FederationOptions,
  hub: Hub,
  cluster: CloudCluster,
  ports: { readonly port: number; readonly dnsPort: number },
): Promise<JoinedMember> => {
  const dataDir = memberFolder(options.dataDir, cluster.name);
  const known = await hub.client.get({ ...clusters, name: cluster.name });
  // A Cluster that was deleted took its agent's credential along: the playground joins anew, with new keys.
  if (known === undefined) await forgetKeys(dataDir);
  const connection = { client: hub.client, server: hub.url, caPem: hub.caPem };
  const token = known === undefined ? await joinToken(connection, cluster) : undefined;
  return startJoinedMember({ cluster, dataDir, ...ports, env: options.env, hub: connection, token });
};

const readyMessage = async (hub: Hub, name: string): Promise<string | undefined> => {
  const cluster = (await hub.client.get({ ...clusters, name })) as Cluster | undefined;
  const ready = cluster?.status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' ? undefined : (ready?.message ?? 'it has not joined');
};

/** Ports that stay the same from start to start: the hub's, then the members', then those of their agents; all 0 = any free ones. */
const portsOf = ({ port, members }: Pick<FederationOptions, 'port' | 'members'>): NeededPort[] => {
  if (port === 0) return [];
  const clusters = cloudClusters(members);
  return [
    { port, use: "the hub's API" },
    ...clusters.map(({ name }, index) => ({ port: port + memberPortOffset + index, use: `the API of ${name}` })),
    ...clusters.map(({ name }, index) => ({ port: port + dnsPortOffset + index, use: `the name server of ${name}` })),
  ];
};

/**
 * Asked before the folder of the data is made.
 * @throws Error that names the folder that another process has and the process, the first port that is taken, or the range that would be needed.
 */
export const checkFederationFree = async (options: Pick<FederationOptions, 'dataDir' | 'port' | 'members'>): Promise<void> => {
  const { dataDir, port, members } = options;
  const folders = [dataDir, join(dataDir, 'hub'), ...cloudClusters(members).map(({ name }) => memberFolder(dataDir, name))];
  for (const folder of folders) checkUnlocked(folder);
  await checkPortsFree('127.0.0.1', port, portsOf(options));
};

/** Starts all of it; the members join on their own time. @throws Error that says what is taken, locked, full or missing; what had been started is stopped again. */
export const startFederation = async (options: FederationOptions): Promise<Federation> => {
  const { dataDir, env } = options;
  const progress = options.onProgress ?? (() => undefined);
  await makeDataDir(dataDir);
  const clusters = cloudClusters(options.members);
  const texts = {
    store: 'Opening the journal',
    api: 'Starting the API',
    broker: 'Starting nats-server',
    control: 'Starting the control loops',
  };
  // Here and not by the hub, so that a minute of building is told while it passes.
  await ensureNatsServer({ log: toldLog(env.log, progress) });
  const hub = await startHub({
    dataDir: join(dataDir, 'hub'),
    host: '127.0.0.1',
    port: options.port,
    advertise: [],
    nats: { port: 0 },
    kubeconfig: join(dataDir, 'kubeconfig'),
    env: { ...env, log: env.log.child({ part: 'hub' }) },
    onProgress: (part) => progress(texts[part]),
  });
  const running = new Map<string, JoinedMember>();
  const urls = new Map<string, string>();

  const start = async (name: string): Promise<void> => {
    const index = clusters.findIndex((cluster) => cluster.name === name);
    const cluster = clusters[index];
    if (cluster === undefined || running.has(name)) return;
    // A member that comes back keeps its address.
    const before = urls.get(name);
    const fixed = options.port === 0 ? 0 : options.port + memberPortOffset + index;
    const port = before === undefined ? fixed : Number(new URL(before).port);
    const dnsPort = options.port === 0 ? 0 : options.port + dnsPortOffset + index;
    const joined = await startJoined(options, hub, cluster, { port, dnsPort });
    running.set(name, joined);
    urls.set(name, joined.member.url);
  };
  const stopMember = async (name: string): Promise<void> => {
    const joined = running.get(name);
    running.delete(name);
    await joined?.stop();
  };
  const stop = async (): Promise<void> => {
    await Promise.all([...running.keys()].map(stopMember));
    await hub.stop();
  };
  const whenReady = (name: string): Promise<void> =>
    waitUntil(`cluster ${name} to be ready`, async () => ((await readyMessage(hub, name)) === undefined ? true : undefined), {
      withinMs: readyWithinMs,
      why: () => readyMessage(hub, name),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }).then(() => undefined);
  const joined = async (): Promise<readonly string[]> => {
    const absent: string[] = [];
    for (const { name } of clusters) {
      progress(`Waiting for ${name} to join`);
      await whenReady(name).catch((error: unknown) => {
        options.signal?.throwIfAborted();
        const link = running.get(name)?.agent.link.state().message ?? '';
        absent.push(`${name} is not ready: ${messageOf(error)} (its agent says: ${link})`);
      });
    }
    return absent;
  };

  try {
    for (const { name } of clusters) {
      options.signal?.throwIfAborted();
      progress(`Starting member ${name}`);
      await start(name);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const states = () => clusters.map(({ name }) => ({ name, running: running.has(name), url: urls.get(name) ?? '' }));
  return { hub, clusters, members: { start, stop: stopMember, states }, joined, whenReady, running: (name) => running.get(name), stop };
};
