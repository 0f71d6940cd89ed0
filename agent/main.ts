/** @module The agent's composition root: builds the adapters and starts an agent; also the program that runs in a member's pod. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Log, RuntimeEnv } from '../shared/lib/index.ts';
import { type Agent, type AgentState, assembleAgent } from './agent.ts';
import { type ClusterAccess, httpClient, inClusterAccess, loadKubeconfig } from './cluster/index.ts';
import { clusterKeyStore } from './cluster-key-store.ts';
import { type AgentLink, fileKeyStore, startLink } from './link/index.ts';
import { createLog } from './log.ts';
import { readSettings, SettingsError } from './settings.ts';
import { AGENT_VERSION } from './version.ts';

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
  readonly log: Log;
};

/** An agent and its link, whose state tells how the join goes. */
export type StartedAgent = Agent & { readonly link: AgentLink };

/**
 * Starts an agent; it works until `stop`. Rejects with an AccessConfigError when the kubeconfig cannot be used, and with the link's Error
 * when its options or kept keys cannot be; a hub or a member that does not answer is waited for, not an error.
 *
 * @example
 * const agent = await startAgent({ cluster: 'eu', hubUrl, hubCa, token, kubeconfig: '/home/me/.kube/config', keyFile: 'eu.key', log });
 */
export const startAgent = async (options: AgentOptions): Promise<StartedAgent> => {
  const env: RuntimeEnv = {
    nowMs: Date.now,
    random: Math.random,
    uuid: randomUUID,
    setTimer: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    log: options.log,
  };
  const access = await accessOf(options, env);
  const api = httpClient(access, { userAgent: `hanse-agent/${AGENT_VERSION}` });
  let agent: Agent | undefined;
  try {
    const link = await startLink({
      env,
      cluster: options.cluster,
      hubUrl: options.hubUrl,
      ...(options.hubCa === undefined ? {} : { hubCa: options.hubCa }),
      ...(options.token === undefined ? {} : { token: options.token }),
      labels: options.labels ?? {},
      kubernetesVersion: () => agent?.state().kubernetesVersion ?? '',
      keyStore: options.keyFile === undefined ? clusterKeyStore(api) : fileKeyStore(options.keyFile),
    });
    agent = assembleAgent({ api, link, env, agentVersion: AGENT_VERSION });
    return { ...agent, link };
  } catch (error) {
    await api.close();
    throw error;
  }
};

const accessOf = (options: AgentOptions, env: RuntimeEnv): Promise<ClusterAccess> =>
  options.kubeconfig === undefined ? inClusterAccess(process.env, env) : loadKubeconfig(options.kubeconfig, env, options.context);

/** The program of the agent's image: settings from the environment, an end on SIGTERM. */
const program = async (): Promise<void> => {
  const settings = readSettings(process.env);
  const log = createLog(settings.logLevel);
  const { hubCaFile, token, kubeconfig, context, keyFile } = settings;
  const agent = await startAgent({
    cluster: settings.cluster,
    hubUrl: settings.hubUrl,
    labels: settings.labels,
    ...(hubCaFile === undefined ? {} : { hubCa: await readFile(hubCaFile, 'utf8') }),
    ...(token === undefined ? {} : { token }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(keyFile === undefined ? {} : { keyFile }),
    log,
  });
  const stop = (): void => {
    void agent.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
};

if (import.meta.main) {
  program().catch((error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`hanse-agent: ${text}\n`);
    process.exit(error instanceof SettingsError ? 2 : 1);
  });
}
