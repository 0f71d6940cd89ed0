/** @module `hanse hub`: runs the hub alone, in the foreground. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { interrupted, type LogFormat, type LogLevel, logFormatDefault, nodeEnv, nodeLog, portMax } from '../../shared/node/index.ts';
import { brokerUrlsFault } from '../../shared/wire/broker-urls.ts';
import { externalBrokerConfig } from '../fleet/index.ts';
import { type Hub, type HubOptions, startHub } from '../main.ts';

/** The port people reach the hub's API on unless they say otherwise. */
export const hubPortDefault = 7443;

/** A TCP port from a flag; 0 = any free one. @throws InvalidArgumentError */
export const portNumber = (text: string): number => {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > portMax) throw new InvalidArgumentError(`a port is a number from 0 (any free one) to ${portMax}`);
  return port;
};

type HubFlags = {
  dataDir: string;
  host: string;
  port: number;
  advertise: string[];
  natsPort: number;
  natsUrl: string[];
  natsCa?: string;
  natsReplicas?: number;
  printNatsConfig?: boolean;
  kubeconfig?: string;
  logLevel: LogLevel;
  logFormat: LogFormat;
};

const listed = (text: string, before: string[]): string[] => [...before, ...text.split(',').filter((part) => part !== '')];

const natsUrls = (text: string, before: string[]): string[] => {
  const urls = listed(text, before);
  const fault = brokerUrlsFault(urls);
  if (fault !== undefined) throw new InvalidArgumentError(fault);
  return urls;
};

const replicaCount = (text: string): number => {
  if (!/^[135]$/.test(text)) throw new InvalidArgumentError('replicas are 1, 3 or 5');
  return Number(text);
};

const natsOf = async ({ natsUrl, natsCa, natsReplicas, natsPort }: HubFlags): Promise<HubOptions['nats']> => {
  if (natsUrl.length === 0) return { port: natsPort };
  const caPem = natsCa === undefined ? '' : await readFile(natsCa, 'utf8');
  return { urls: natsUrl, caPem, ...(natsReplicas === undefined ? {} : { replicas: natsReplicas }) };
};

/** The options of a hub as the flags say them; paths are made absolute. @throws Error when a file that they name cannot be read. */
const hubOptionsOf = async (flags: HubFlags): Promise<Omit<HubOptions, 'env'>> => {
  const dataDir = resolve(flags.dataDir);
  return {
    dataDir,
    host: flags.host,
    port: flags.port,
    advertise: flags.advertise,
    nats: await natsOf(flags),
    kubeconfig: resolve(flags.kubeconfig ?? `${dataDir}/kubeconfig`),
  };
};

const run = async (flags: HubFlags): Promise<void> => {
  if (flags.printNatsConfig === true) {
    const withTls = !flags.natsUrl.some((url) => url.startsWith('nats://'));
    process.stdout.write(await externalBrokerConfig({ dataDir: resolve(flags.dataDir), nowMs: Date.now(), withTls }));
    return;
  }
  const env = nodeEnv(nodeLog({ level: flags.logLevel, format: flags.logFormat }));
  const stopping = interrupted();
  const hub: Hub = await startHub({ ...(await hubOptionsOf(flags)), env });
  process.stdout.write(`hub ready at ${hub.url}\nNATS at ${hub.natsUrls.join(', ')}\nkubeconfig of the admin: ${hub.kubeconfig}\n`);
  await stopping;
  process.stdout.write('\nStopping …\n');
  await hub.stop();
  process.stdout.write('Stopped.\n');
};

/** The `hub` command. */
export const hubCommand = (): Command => {
  const option = (flags: string, help: string, variable: string): Option => new Option(flags, help).env(variable);
  return new Command('hub')
    .description('run the hub in the foreground')
    .addOption(
      option('--data-dir <folder>', "the hub's data: journal, keys, certificates, audit log", 'HANSE_DATA_DIR').default('.hanse/hub'),
    )
    .addOption(option('--host <address>', 'address to listen on', 'HANSE_HOST').default('127.0.0.1'))
    .addOption(option('--port <port>', 'port of the API', 'HANSE_PORT').argParser(portNumber).default(hubPortDefault))
    .addOption(
      option('--advertise <names>', 'names or addresses that clients and agents use, comma separated', 'HANSE_ADVERTISE')
        .argParser(listed)
        .default([], 'the address listened on'),
    )
    .addOption(
      option('--nats-port <port>', 'port of the embedded nats-server', 'HANSE_NATS_PORT')
        .argParser(portNumber)
        .default(0, 'that of the last start, else a free one'),
    )
    .addOption(
      option('--nats-url <urls>', 'use nats-servers that run, tls://HOST:PORT or nats://HOST:PORT, comma separated', 'HANSE_NATS_URL')
        .argParser(natsUrls)
        .default([], 'an embedded one'),
    )
    .addOption(
      option(
        '--nats-replicas <count>',
        'replicas of the streams on those servers (default: 3 of three or more servers, else 1)',
        'HANSE_NATS_REPLICAS',
      ).argParser(replicaCount),
    )
    .addOption(option('--nats-ca <file>', "CA of those servers, PEM (default: the system's roots)", 'HANSE_NATS_CA'))
    .option('--print-nats-config', 'print the configuration that those servers must load, for the hub of --data-dir, and end')
    .addOption(
      option('--kubeconfig <file>', "where the admin's kubeconfig is written (default: DATA-DIR/kubeconfig)", 'HANSE_KUBECONFIG_OUT'),
    )
    .addOption(
      option('--log-level <level>', 'what is said on stderr', 'HANSE_LOG_LEVEL')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .addOption(
      option('--log-format <form>', 'lines for people, or JSON', 'HANSE_LOG_FORMAT')
        .choices(['text', 'json'])
        .default(logFormatDefault(process.env), 'text; json in a pod'),
    )
    .action(run);
};
