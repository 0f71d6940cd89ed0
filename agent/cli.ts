/** @module `hanse join`: runs the agent in the foreground, or prints the manifest that runs it in the member. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { RuntimeEnv } from '../shared/lib/index.ts';
import { collectLabel, type LogFormat, type LogLevel, logFormatDefault, nodeEnv, nodeLog } from '../shared/node/index.ts';
import { clusterNameFault } from '../shared/wire/cluster-name.ts';
import { fetchHubCa, hubCaKeptIn, readHubCa } from './hub-ca.ts';
import { besideKeys, forgetBeside } from './link/index.ts';
import { runAgent, type StartedAgent, startAgent } from './main.ts';
import { agentManifest } from './manifest.ts';
import { flagOf, parseDns, parseMesh } from './settings.ts';

type JoinFlags = {
  hub: string;
  name: string;
  token?: string;
  hubCa?: string;
  caHash?: string;
  kubeconfig?: string;
  context?: string;
  keyFile?: string;
  label: Record<string, string>;
  meshListen?: string;
  meshAddress?: string;
  dnsListen?: string;
  dnsAddress?: string;
  readKubeletConfig?: boolean;
  manifest?: boolean;
  image?: string;
  logLevel: LogLevel;
  logFormat: LogFormat;
};

const logLevelDefault: LogLevel = 'info';

const trueOrFalse = (text: string): boolean => {
  const flag = flagOf(text);
  if (flag === undefined) throw new InvalidArgumentError('write true or false');
  return flag;
};

const hubUrl = (text: string): string => {
  if (!URL.canParse(text) || new URL(text).protocol !== 'https:') throw new InvalidArgumentError('write it as https://HOST:PORT');
  return text.replace(/\/+$/, '');
};

const clusterName = (text: string): string => {
  const fault = clusterNameFault(text);
  if (fault !== undefined) throw new InvalidArgumentError(fault);
  return text;
};

/** The CA that the flags name; with `kept` it is asked for until the hub answers, and remembered. */
const caOf = async (
  { hub, hubCa, caHash }: JoinFlags,
  kept?: { readonly in: string; readonly env: RuntimeEnv },
): Promise<string | undefined> => {
  if (hubCa !== undefined) return readHubCa(hubCa);
  if (caHash === undefined) return undefined;
  return kept === undefined ? fetchHubCa(hub, caHash) : hubCaKeptIn(kept.in, hub, caHash, kept.env);
};

const joinHub = async (flags: JoinFlags): Promise<void> => {
  const mesh = parseMesh(flags.meshListen, flags.meshAddress);
  const dns = parseDns(flags.dnsListen, flags.dnsAddress);
  const keyFile = flags.keyFile ?? join(homedir(), '.hanse', 'agents', `${flags.name}.json`);
  const log = nodeLog({ level: flags.logLevel, format: flags.logFormat });
  const start = async (): Promise<StartedAgent> => {
    const hubCa = await caOf(flags, { in: besideKeys(keyFile).hubCa, env: nodeEnv(log) });
    return startAgent({
      cluster: flags.name,
      hubUrl: flags.hub,
      labels: flags.label,
      keyFile,
      log,
      ...(hubCa === undefined ? {} : { hubCa }),
      ...(flags.token === undefined ? {} : { token: flags.token }),
      ...(flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig }),
      ...(flags.context === undefined ? {} : { context: flags.context }),
      ...(mesh === undefined ? {} : { mesh }),
      ...(dns === undefined ? {} : { dns }),
      readKubeletConfig: flags.readKubeletConfig === true,
    }).catch(async (error: unknown) => {
      await forgetBeside(keyFile);
      throw error;
    });
  };
  await runAgent(start, log);
};

/** Flags that have no meaning in a pod, or that a manifest cannot do without. */
const manifestFault = (flags: JoinFlags): string | undefined => {
  const useless = (['kubeconfig', 'context', 'keyFile'] as const).find((flag) => flags[flag] !== undefined);
  if (useless !== undefined)
    return `--${useless === 'keyFile' ? 'key-file' : useless} has no meaning with --manifest: in the cluster the agent uses its service account and a Secret`;
  if (flags.token === undefined) return '--manifest needs --token (make one with `hanse token create`)';
  if (flags.image === undefined)
    return '--manifest needs --image: none is published yet; `npm run bundle` makes the agent as one file to put into an image with Node 24';
  return undefined;
};

const printManifest = async (flags: JoinFlags, command: Command): Promise<void> => {
  const fault = manifestFault(flags);
  if (fault !== undefined) command.error(`error: ${fault}`);
  const hubCa = await caOf(flags);
  const mesh = parseMesh(flags.meshListen, flags.meshAddress);
  const dns = parseDns(flags.dnsListen, flags.dnsAddress);
  const { name: cluster, hub, image = '', label: labels, token = '', readKubeletConfig = false, logLevel } = flags;
  process.stdout.write(
    agentManifest({
      ...{ cluster, hubUrl: hub, token, labels, image, readKubeletConfig },
      ...(logLevel === logLevelDefault ? {} : { logLevel }),
      ...(hubCa === undefined ? {} : { hubCa }),
      ...(mesh === undefined ? {} : { mesh }),
      ...(dns === undefined ? {} : { dns }),
    }),
  );
};

/** The `join` command. */
export const joinCommand = (): Command => {
  const env = (flags: string, help: string, variable: string): Option => new Option(flags, help).env(variable);
  return new Command('join')
    .description('join a cluster to the federation and run its agent in the foreground')
    .addOption(env('--hub <url>', 'address of the hub, https://HOST:PORT', 'HANSE_HUB').argParser(hubUrl).makeOptionMandatory())
    .addOption(
      env('--name <name>', 'name of this cluster in the federation, a DNS-1123 label', 'HANSE_CLUSTER')
        .argParser(clusterName)
        .makeOptionMandatory(),
    )
    .addOption(env('--token <token>', 'join token; needed for the first join only', 'HANSE_TOKEN'))
    .addOption(env('--hub-ca <file>', "file with the hub's CA, PEM", 'HANSE_HUB_CA'))
    .addOption(
      env(
        '--ca-hash <hash>',
        "hash of the hub's CA, sha256:HEX; the CA is then fetched from the hub and checked",
        'HANSE_CA_HASH',
      ).conflicts('hubCa'),
    )
    .addOption(env('--kubeconfig <file>', "kubeconfig of this cluster; default: the pod's service account", 'HANSE_KUBECONFIG'))
    .addOption(env('--context <name>', 'context of the kubeconfig; default: its current one', 'HANSE_CONTEXT'))
    .addOption(env('--key-file <file>', "where the agent's keys are kept (default: ~/.hanse/agents/NAME.json)", 'HANSE_KEY_FILE'))
    .addOption(
      new Option('--label <key=value>', 'label proposed for the Cluster; may be repeated').argParser(collectLabel).default({}, 'none'),
    )
    .addOption(
      env('--mesh-listen <host:port>', 'listen for datagrams of the other agents (UDP): failover without the broker', 'HANSE_MESH_LISTEN'),
    )
    .addOption(
      env('--mesh-address <addresses>', 'what the other agents reach that by, host or host:port, comma-separated', 'HANSE_MESH_ADDRESSES'),
    )
    .addOption(env('--dns-listen <host:port>', 'answer names of services there (UDP and TCP), as TrafficPolicies say', 'HANSE_DNS_LISTEN'))
    .addOption(env('--dns-address <addresses>', 'IP addresses by which resolvers reach that, comma-separated', 'HANSE_DNS_ADDRESSES'))
    .addOption(
      env(
        '--read-kubelet-config [true|false]',
        "read each kubelet's policies for an exact fit; needs get on nodes/proxy, which --manifest then grants",
        'HANSE_READ_KUBELET_CONFIG',
      )
        .preset('true')
        .argParser(trueOrFalse),
    )
    .option('--manifest', 'print the YAML that runs the agent in the cluster, and end')
    .addOption(new Option('--image <image>', 'image that runs the agent, for --manifest'))
    .addOption(
      env('--log-level <level>', 'what is said on stderr', 'HANSE_LOG_LEVEL')
        .choices(['debug', 'info', 'warn', 'error'])
        .default(logLevelDefault),
    )
    .addOption(
      env('--log-format <form>', 'lines for people, or JSON', 'HANSE_LOG_FORMAT')
        .choices(['text', 'json'])
        .default(logFormatDefault(process.env), 'text; json in a pod'),
    )
    .addHelpText(
      'after',
      '\nExit code: 0 = stopped by a signal, 1 = refused for good, it could not begin, or another agent of this cluster was started later; the last line says why and what to do.',
    )
    .action((flags: JoinFlags, command: Command) => (flags.manifest === true ? printManifest(flags, command) : joinHub(flags)));
};
