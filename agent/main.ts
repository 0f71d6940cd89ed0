/** @module The agent's composition root: builds the adapters and starts an agent; also the program that runs in a member's pod. */
import { isIP } from 'node:net';
import type { Log, RuntimeEnv } from '../shared/lib/index.ts';
import { messageOf } from '../shared/lib/message-of.ts';
import { interrupted, mutedLog, nodeEnv, nodeLog } from '../shared/node/index.ts';
import { type Agent, type AgentState, assembleAgent } from './agent.ts';
import {
  type ApiHealth,
  type ClusterAccess,
  httpClient,
  inClusterAccess,
  loadKubeconfig,
  type MemberApi,
  notAsked,
  outsideAddressOf,
  watchClusterUid,
} from './cluster/index.ts';
import { clusterKeyStore } from './cluster-key-store.ts';
import { type DnsServer, startDnsServer } from './dns/index.ts';
import { clusterMeshStore, type Failover, fileMeshStore, startFailover } from './failover/index.ts';
import { readHubCa } from './hub-ca.ts';
import { besideKeys, fileKeyStore, type StartedLink, startLink, stateLine } from './link/index.ts';
import { readersOf } from './readers.ts';
import { type Listening, readSettings, SettingsError } from './settings.ts';
import { AGENT_VERSION } from './version.ts';
import { otherAgentIn, otherAgentText } from './work/index.ts';

export type { Agent, AgentState };

/** What an agent is started with. */
export type AgentOptions = {
  /** Wanted cluster name, a DNS-1123 label. */
  readonly cluster: string;
  /** `https://hub.example:6443`. */
  readonly hubUrl: string;
  /** PEM; absent = the system's roots. */
  readonly hubCa?: string;
  /** Needed for the first join only. */
  readonly token?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** The member: a kubeconfig and one of its contexts, or (absent) the service account of this pod. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Where the keys are kept; absent = in a Secret of the member. */
  readonly keyFile?: string;
  /** Lets the agent read each kubelet's configuration, for which its identity needs `get` on `nodes/proxy`. */
  readonly readKubeletConfig?: boolean;
  /** Where datagrams of other agents are listened for, and what they reach it by; absent = beats go over the broker alone. */
  readonly mesh?: Listening;
  /** Where names of services are answered, and what resolvers reach it by; absent = no name server runs. */
  readonly dns?: Listening;
  readonly log: Log;
};

/** An agent and its link, whose state tells how the join goes. */
export type StartedAgent = Agent & {
  readonly link: StartedLink;
  readonly failover: Failover;
  /** Port of its name server; undefined = none runs. */
  readonly dnsPort: number | undefined;
};

/**
 * Starts an agent; it works until `stop`. Rejects with an AccessConfigError when the kubeconfig cannot be used, and with the link's Error
 * when its options or kept keys cannot be, or the member holds the state of another agent; a hub or a member that does not answer is waited for, not an error.
 *
 * @example
 * const agent = await startAgent({ cluster: 'eu', hubUrl, hubCa, token, kubeconfig: '/home/me/.kube/config', keyFile: 'eu.key', log });
 */
export const startAgent = async (options: AgentOptions): Promise<StartedAgent> => {
  let isStopping = false;
  const env = nodeEnv(mutedLog(options.log, () => isStopping));
  const access = await accessOf(options, env);
  const api = httpClient(access, { userAgent: `hanse-agent/${AGENT_VERSION}` });
  let agent: Agent | undefined;
  let tellHub = (): void => undefined;
  const clusterUid = watchClusterUid(api, env, () => tellHub());
  try {
    await atMost(env, memberAskedMsMax, Promise.all([clusterUid.asked, refuseOthersState(api, options.cluster)]));
    const link = await startLink({
      env,
      cluster: options.cluster,
      hubUrl: options.hubUrl,
      ...(options.hubCa === undefined ? {} : { hubCa: options.hubCa }),
      ...(options.token === undefined ? {} : { token: options.token }),
      labels: options.labels ?? {},
      kubernetesVersion: () => agent?.state().kubernetesVersion ?? '',
      clusterUID: clusterUid.current,
      memberTrouble: () => memberTroubleOf(agent?.state().api),
      keyStore: options.keyFile === undefined ? clusterKeyStore(api) : fileKeyStore(options.keyFile),
    });
    tellHub = link.helloChanged;
    const { mesh: listen, keyFile } = options;
    const failover = await startFailover({
      cluster: options.cluster,
      bootId: link.bootId,
      env,
      mesh: link.mesh,
      hubBefore: link.hubBefore,
      store: keyFile === undefined ? clusterMeshStore(api) : fileMeshStore(besideKeys(keyFile).mesh),
      ...(listen === undefined ? {} : { listen }),
      ...(listen?.addresses === undefined ? {} : { addresses: listen.addresses }),
    }).catch(async (error: unknown) => {
      await link.stop();
      throw error;
    });
    const dns = options.dns === undefined ? undefined : await openDns(options.dns, env).catch(closing(failover, link));
    const readers = readersOf(api, { kubelets: options.readKubeletConfig === true, inCluster: options.kubeconfig === undefined });
    // What a pod reaches it by means nothing outside the cluster.
    const apiAddress = options.kubeconfig === undefined ? undefined : outsideAddressOf(access.server);
    agent = assembleAgent({
      api,
      link,
      env,
      agentVersion: AGENT_VERSION,
      clusterUid,
      failover,
      readers,
      ...(dns === undefined ? {} : { dns }),
      ...(apiAddress === undefined ? {} : { apiAddress }),
    });
    const { state, stop } = agent;
    return {
      state,
      link,
      failover,
      dnsPort: dns?.server.address.port,
      stop: () => {
        isStopping = true;
        return stop();
      },
    };
  } catch (error) {
    clusterUid.stop();
    await api.close();
    throw error;
  }
};

const memberAPITextMax = 2_000;

/** What a join tells of a member's API that does not take the agent. */
const memberTroubleOf = (api: ApiHealth | undefined): { reason: string; message: string } | undefined =>
  api === undefined || api.reachable || api.reason === notAsked
    ? undefined
    : { reason: api.reason, message: api.message.slice(0, memberAPITextMax) };

/** How long the start waits for a member that does not answer: the hub can be joined without it. */
const memberAskedMsMax = 5_000;

/** Resolves with the work or without it when it takes longer. */
const atMost = async (env: RuntimeEnv, ms: number, work: Promise<unknown>): Promise<void> => {
  const { promise: isLate, resolve } = Promise.withResolvers<void>();
  const cancel = env.setTimer(ms, resolve);
  try {
    await Promise.race([work, isLate]);
  } finally {
    cancel();
  }
};

/** @throws Error when another agent kept its work in the member. What cannot be looked at now is looked at before work begins. */
const refuseOthersState = async (api: MemberApi, cluster: string): Promise<void> => {
  const owner = await otherAgentIn(api, cluster).catch(() => undefined);
  if (owner !== undefined) throw new Error(otherAgentText(owner, cluster));
};

/** Stops what runs already when a later part cannot start. */
const closing =
  (failover: Failover, link: StartedLink) =>
  async (error: unknown): Promise<never> => {
    await failover.stop();
    await link.stop();
    throw error;
  };

const anyHost = new Set(['0.0.0.0', '::']);

const openDns = async (
  { host, port, addresses }: Listening,
  env: RuntimeEnv,
): Promise<{ server: DnsServer; addresses: readonly string[] }> => {
  const server = await startDnsServer({ host, port, env });
  return { server, addresses: addresses ?? (isIP(host) === 0 || anyHost.has(host) ? [] : [host]) };
};

const accessOf = (options: AgentOptions, env: RuntimeEnv): Promise<ClusterAccess> =>
  options.kubeconfig === undefined ? inClusterAccess(process.env, env) : loadKubeconfig(options.kubeconfig, env, options.context);

/** What a person reads whose agent ends because it was started once more. */
const overtakenText = ({ link: { cluster } }: StartedAgent): string =>
  `another agent of cluster ${cluster} was started after this one, with the same keys, and runs: this one ends. ` +
  'Run one agent for a cluster; to run another cluster, join it under its own name with its own --key-file';

/**
 * Starts an agent and runs it until SIGINT or SIGTERM, which are heard from the first moment on: a start that still waits ends with them, too.
 * @throws Error what `start` does; also when the hub refused the agent for good, with the last state of its link, or another agent of its cluster
 * has taken over: it has been stopped then.
 */
export const runAgent = async (start: () => Promise<StartedAgent>, log: Log): Promise<void> => {
  const signalled = interrupted().then(() => log.info('stopping the agent'));
  const agent = await Promise.race([start(), signalled]);
  if (agent !== undefined) {
    const refused = agent.link.gaveUp.then(stateLine);
    const overtaken = agent.failover.overtaken.then(() => overtakenText(agent));
    const last = await Promise.race([signalled, refused, overtaken]);
    await agent.stop();
    if (typeof last === 'string') throw new Error(last);
  }
  log.info('the agent has stopped; what it applied runs on');
};

/** The program of the agent's image: settings from the environment, JSON lines on standard error, an end on SIGTERM. */
const program = async (): Promise<void> => {
  let log = nodeLog({ level: 'error', format: 'json' });
  try {
    const { cluster, hubUrl, labels, hubCaFile, token, kubeconfig, context, keyFile, mesh, dns, readKubeletConfig, logLevel } =
      readSettings(process.env);
    log = nodeLog({ level: logLevel, format: 'json' });
    const start = async (): Promise<StartedAgent> =>
      startAgent({
        cluster,
        hubUrl,
        labels,
        ...(hubCaFile === undefined ? {} : { hubCa: await readHubCa(hubCaFile) }),
        ...(token === undefined ? {} : { token }),
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
        ...(context === undefined ? {} : { context }),
        ...(keyFile === undefined ? {} : { keyFile }),
        ...(mesh === undefined ? {} : { mesh }),
        ...(dns === undefined ? {} : { dns }),
        readKubeletConfig,
        log,
      });
    await runAgent(start, log);
    process.exit(0);
  } catch (error) {
    log.error(messageOf(error));
    process.exit(error instanceof SettingsError ? 2 : 1);
  }
};

if (import.meta.main) void program();
