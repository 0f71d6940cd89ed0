/** @module The agent's settings from environment variables, as its pod is given them. */
import { isIP } from 'node:net';
import { keyValue } from '../shared/lib/key-value.ts';
import type { LogLevel } from '../shared/node/index.ts';
import { clusterNameFault } from '../shared/wire/cluster-name.ts';

/** An address to listen on, and what others reach it by. */
export type Listening = { readonly host: string; readonly port: number; readonly addresses?: readonly string[] };

/** What an agent program needs to know; files are named, not read. */
export type AgentSettings = {
  readonly cluster: string;
  readonly hubUrl: string;
  readonly hubCaFile: string | undefined;
  readonly token: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined = the service account of the pod. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** Undefined = a Secret in the member cluster. */
  readonly keyFile: string | undefined;
  /** Undefined = no datagrams. */
  readonly mesh: Listening | undefined;
  /** Undefined = no name server. */
  readonly dns: Listening | undefined;
  readonly readKubeletConfig: boolean;
  readonly logLevel: LogLevel;
};

/** A variable is missing or wrong; the message names it. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

/** Every variable the agent reads, and what it says. */
export const settingsHelp: Readonly<Record<string, string>> = {
  HANSE_CLUSTER: 'name of this cluster in the federation, a DNS-1123 label (required)',
  HANSE_HUB: 'https URL of the hub (required)',
  HANSE_HUB_CA: "file with the hub's CA, PEM; default: the system's roots",
  HANSE_TOKEN: 'join token; needed for the first join only',
  HANSE_LABELS: 'labels proposed for the Cluster: key=value,key=value',
  HANSE_KUBECONFIG: "kubeconfig of this cluster; default: the pod's service account",
  HANSE_CONTEXT: 'context of the kubeconfig; default: its current one',
  HANSE_KEY_FILE: "file for the agent's keys; default: Secret hanse-system/hanse-agent-keys",
  HANSE_MESH_LISTEN: 'host:port on which datagrams of the other agents are listened for (UDP), such as 0.0.0.0:7472; default: none',
  HANSE_MESH_ADDRESSES: 'what the other agents reach that by, host or host:port, comma-separated; default: the host listened on',
  HANSE_DNS_LISTEN: 'host:port on which names of services are answered (UDP and TCP), such as 0.0.0.0:53; default: none',
  HANSE_DNS_ADDRESSES: 'IP addresses by which resolvers reach that, comma-separated; default: the host listened on',
  HANSE_READ_KUBELET_CONFIG: "true = read each kubelet's configuration, which needs get on nodes/proxy; default: false",
  HANSE_LOG_LEVEL: 'debug, info, warn or error; default: info',
};

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Reads the variables; throws {@link SettingsError}. */
export const readSettings = (environment: Readonly<Record<string, string | undefined>>): AgentSettings => {
  const value = (name: string): string | undefined => {
    const text = environment[name]?.trim();
    return text === undefined || text === '' ? undefined : text;
  };
  const required = (name: string): string => {
    const text = value(name);
    if (text === undefined) throw new SettingsError(`${name} is not set: ${settingsHelp[name] ?? ''}`);
    return text;
  };
  const wantedLevel = value('HANSE_LOG_LEVEL') ?? 'info';
  const logLevel = levels.find((level) => level === wantedLevel);
  if (logLevel === undefined) throw new SettingsError(`HANSE_LOG_LEVEL is ${wantedLevel}: it must be ${levels.join(', ')}`);
  const wantedReading = value('HANSE_READ_KUBELET_CONFIG') ?? 'false';
  const readKubeletConfig = flagOf(wantedReading);
  if (readKubeletConfig === undefined) throw new SettingsError(`HANSE_READ_KUBELET_CONFIG is ${wantedReading}: write true or false`);
  const cluster = required('HANSE_CLUSTER');
  const nameFault = clusterNameFault(cluster);
  if (nameFault !== undefined) throw new SettingsError(`HANSE_CLUSTER: ${nameFault}`);
  return {
    cluster,
    hubUrl: required('HANSE_HUB'),
    hubCaFile: value('HANSE_HUB_CA'),
    token: value('HANSE_TOKEN'),
    labels: parseLabels(value('HANSE_LABELS') ?? ''),
    kubeconfig: value('HANSE_KUBECONFIG'),
    context: value('HANSE_CONTEXT'),
    keyFile: value('HANSE_KEY_FILE'),
    mesh: parseMesh(value('HANSE_MESH_LISTEN'), value('HANSE_MESH_ADDRESSES')),
    dns: parseDns(value('HANSE_DNS_LISTEN'), value('HANSE_DNS_ADDRESSES')),
    readKubeletConfig,
    logLevel,
  };
};

/** True for `true` and `1`, false for `false` and `0`; undefined for anything else. */
export const flagOf = (text: string): boolean | undefined =>
  text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : undefined;

/** Where datagrams are listened for. @throws SettingsError */
export const parseMesh = (listen: string | undefined, addresses: string | undefined): Listening | undefined =>
  parseListening({ listen: 'HANSE_MESH_LISTEN', addresses: 'HANSE_MESH_ADDRESSES', example: '0.0.0.0:7472' }, listen, addresses);

/** Where names are answered. @throws SettingsError */
export const parseDns = (listen: string | undefined, addresses: string | undefined): Listening | undefined => {
  const parsed = parseListening({ listen: 'HANSE_DNS_LISTEN', addresses: 'HANSE_DNS_ADDRESSES', example: '0.0.0.0:53' }, listen, addresses);
  const wrong = parsed?.addresses?.find((address) => isIP(address) === 0);
  if (wrong !== undefined) throw new SettingsError(`HANSE_DNS_ADDRESSES: ${wrong} is no IP address, and name servers are told by address`);
  return parsed;
};

type Variables = { readonly listen: string; readonly addresses: string; readonly example: string };

const parseListening = (names: Variables, listen: string | undefined, addresses: string | undefined): Listening | undefined => {
  if (listen === undefined) {
    if (addresses !== undefined)
      throw new SettingsError(`${names.addresses} is set, but ${names.listen} is not: nothing would be listening there`);
    return undefined;
  }
  const [, host = '', port = ''] = /^(\[[0-9a-f:.]+\]|[^:\s]+):(\d{1,5})$/i.exec(listen) ?? [];
  if (host === '' || Number(port) > 65_535)
    throw new SettingsError(`${names.listen} is ${listen}: write it as host:port, such as ${names.example}`);
  const named = addresses
    ?.split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port), ...(named === undefined ? {} : { addresses: named }) };
};

const parseLabels = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text
      .split(',')
      .filter((pair) => pair.trim() !== '')
      .map((pair) => {
        const label = keyValue(pair);
        if (label === undefined) throw new SettingsError(`HANSE_LABELS: ${pair} is not key=value`);
        return label;
      }),
  );
