/** @module `hanse hub`: runs the hub alone, in the foreground. */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Hub, type HubOptions, startHub } from '../main.ts';
import { type LogLevel, nodeEnv, nodeLog } from '../node-env.ts';

/** The port people reach the hub's API on unless they say otherwise. */
export const hubPortDefault = 7443;

/** A TCP port from a flag; 0 = any free one. @throws InvalidArgumentError */
export const portNumber = (text: string): number => {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('a port is a number from 0 (any free one) to 65535');
  return port;
};

type HubFlags = {
  dataDir: string;
  host: string;
  port: number;
  advertise: string[];
  natsPort: number;
  natsUrl: string[];
  natsReplicas: number;
  kubeconfig?: string;
  logLevel: LogLevel;
};

const listed = (text: string, before: string[]): string[] => [...before, ...text.split(',').filter((part) => part !== '')];

/** The options of a hub as the flags say them; paths are made absolute. */
export const hubOptionsOf = (flags: HubFlags): Omit<HubOptions, 'env'> => {
  const dataDir = resolve(flags.dataDir);
  return {
    dataDir,
    host: flags.host,
    port: flags.port,
    advertise: flags.advertise,
    nats: flags.natsUrl.length > 0 ? { urls: flags.natsUrl, replicas: flags.natsReplicas } : { port: flags.natsPort },
    kubeconfig: resolve(flags.kubeconfig ?? `${dataDir}/kubeconfig`),
  };
};

const run = async (flags: HubFlags): Promise<void> => {
  const env = nodeEnv(nodeLog(flags.logLevel));
  const hub: Hub = await startHub({ ...hubOptionsOf(flags), env });
  process.stdout.write(`hub ready at ${hub.url}\nNATS at ${hub.natsUrls.join(', ')}\nkubeconfig of the admin: ${hub.kubeconfig}\n`);
  await new Promise<void>((stop) => {
    process.once('SIGINT', () => stop());
    process.once('SIGTERM', () => stop());
  });
  await hub.stop();
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
      option('--nats-url <urls>', 'use nats-servers that run, comma separated', 'HANSE_NATS_URL')
        .argParser(listed)
        .default([], 'an embedded one'),
    )
    .addOption(
      option('--nats-replicas <count>', 'replicas of the streams on those servers', 'HANSE_NATS_REPLICAS').argParser(Number).default(3),
    )
    .addOption(
      option('--kubeconfig <file>', "where the admin's kubeconfig is written (default: DATA-DIR/kubeconfig)", 'HANSE_KUBECONFIG_OUT'),
    )
    .addOption(
      option('--log-level <level>', 'what is logged to stderr', 'HANSE_LOG_LEVEL')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .action(run);
};
