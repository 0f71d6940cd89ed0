/** @module The embedded broker: nats-server as a child, restarted when it dies, stopped with the hub. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { backoffMs } from '../../../shared/lib/backoff.ts';
import type { Log, RuntimeEnv } from '../../../shared/lib/env.ts';
import { type BrokerConfig, brokerConfigText } from './config.ts';
import { type GuardedChild, startGuardedChild } from './guarded-child.ts';

/** PEM texts of the broker's certificate, made by the hub's CA. */
export type BrokerTls = { readonly certPem: string; readonly keyPem: string };

export type EmbeddedBrokerOptions = {
  readonly env: RuntimeEnv;
  /** Path of nats-server, from `ensureNatsServer`. */
  readonly binary: string;
  /** The broker's own folder: config, store, resolver, log of the port. */
  readonly dataDir: string;
  /** Address to listen on, such as `127.0.0.1`. */
  readonly host: string;
  /** 0 = the port of the last start if it is free, else any. */
  readonly port: number;
  readonly websocketPort?: number;
  readonly tls: BrokerTls;
  /** Claims as they stand; asked again at each restart. */
  readonly claims: () => Pick<BrokerConfig, 'operatorJwt' | 'systemAccount' | 'preload'>;
  readonly storeBytesMax?: number;
};

/** A running embedded broker. */
export interface EmbeddedBroker {
  readonly host: string;
  readonly port: number;
  /** Process id of the server that runs now; undefined between two. */
  pid(): number | undefined;
  /** Times it was started again. */
  restarts(): number;
  /** Takes a new certificate for connections to come; those that are stay. */
  renew(tls: BrokerTls): Promise<void>;
  stop(): Promise<void>;
}

const readyMsMax = 30_000;
const stopGraceMs = 10_000;
const storeBytesMaxDefault = 20 * 1024 ** 3;
const restartBackoff = { baseMs: 200, maxMs: 10_000 };
/** A server that lived this long is healthy: the next restart begins with the shortest wait. */
const healthyMs = 60_000;
const logTailLines = 20;

/** Starts the server and waits until it is ready. @throws Error with the end of its log when it is not within 30 s. */
export const startEmbeddedBroker = async (options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> => {
  const { env } = options;
  const log = env.log.child({ part: 'nats-server' });
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  await writeTls(options.dataDir, options.tls);
  const port = await choosePort(options);
  let running: GuardedChild | undefined;
  let restarts = 0;
  let stopping = false;
  let cancelRestart: () => void = () => undefined;

  const launch = async (): Promise<GuardedChild> => {
    const configFile = await writeConfig(options, port);
    return startUntilReady(options.binary, configFile, log);
  };
  const watchOver = (child: GuardedChild, attempt: number): void => {
    running = child;
    const startedMs = env.monotonicMs();
    void child.ended.then((how) => {
      running = undefined;
      if (stopping) return;
      log.error('nats-server ended by itself and is started again', { how });
      again(env.monotonicMs() - startedMs > healthyMs ? 0 : attempt + 1);
    });
  };
  const again = (attempt: number): void => {
    cancelRestart = env.setTimer(backoffMs(attempt, restartBackoff, env.random), () => {
      restarts++;
      launch().then(
        async (child) => {
          watchOver(child, attempt);
          if (stopping) await child.stop(stopGraceMs);
        },
        (error: unknown) => {
          log.error('nats-server did not start', { error: String(error) });
          if (!stopping) again(attempt + 1);
        },
      );
    });
  };

  watchOver(await launch(), 0);
  await writeFile(join(options.dataDir, 'port'), `${port}\n`);
  return {
    host: options.host,
    port,
    pid: () => running?.pid,
    restarts: () => restarts,
    renew: async (tls) => {
      await writeTls(options.dataDir, tls);
      // The server reads its files again; the next start would do as well.
      if (running !== undefined) process.kill(running.pid, 'SIGHUP');
    },
    stop: async () => {
      stopping = true;
      cancelRestart();
      await running?.stop(stopGraceMs);
    },
  };
};

const tlsFiles = (dataDir: string) => ({ certFile: join(dataDir, 'cert.pem'), keyFile: join(dataDir, 'key.pem') });

const writeTls = async (dataDir: string, { certPem, keyPem }: BrokerTls): Promise<void> => {
  const { certFile, keyFile } = tlsFiles(dataDir);
  await writeFile(certFile, certPem, { mode: 0o600 });
  await writeFile(keyFile, keyPem, { mode: 0o600 });
};

const writeConfig = async (options: EmbeddedBrokerOptions, port: number): Promise<string> => {
  const inData = (name: string): string => join(options.dataDir, name);
  const config: BrokerConfig = {
    serverName: 'hanse-embedded',
    host: options.host,
    port,
    storeDir: inData('jetstream'),
    resolverDir: inData('resolver'),
    ...options.claims(),
    tls: tlsFiles(options.dataDir),
    storeBytesMax: options.storeBytesMax ?? storeBytesMaxDefault,
    ...(options.websocketPort === undefined ? {} : { websocketPort: options.websocketPort }),
  };
  const file = inData('nats.conf');
  await writeFile(file, `# Generated by the Hanse hub at each start; changes are lost.\n${brokerConfigText(config)}`, { mode: 0o600 });
  return file;
};

/** Resolves when the server says that it is ready; rejects with its last words when it ends or takes too long. */
const startUntilReady = async (binary: string, configFile: string, log: Log): Promise<GuardedChild> => {
  const tail: string[] = [];
  let isReady: () => void = () => undefined;
  const ready = new Promise<'ready'>((resolve) => {
    isReady = () => resolve('ready');
  });
  const child = await startGuardedChild(binary, ['-c', configFile], (line) => {
    tail.push(line);
    if (tail.length > logTailLines) tail.shift();
    if (line.includes('Server is ready')) isReady();
    passOn(log, line);
  });
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`not ready within ${readyMsMax / 1_000} s`), readyMsMax);
  });
  const outcome = await Promise.race([ready, child.ended, tooLate]);
  clearTimeout(timer);
  if (outcome === 'ready') return child;
  await child.stop(stopGraceMs);
  throw new Error(`nats-server did not start (${outcome}):\n${tail.join('\n')}`);
};

const passOn = (log: Log, line: string): void => {
  const [, level, message] = /\[(INF|WRN|ERR|FTL|DBG|TRC)\] (.*)$/.exec(line) ?? [];
  if (level === 'ERR' || level === 'FTL') log.error(message ?? line);
  else if (level === 'WRN') log.warn(message ?? line);
  else log.debug(message ?? line);
};

/** A wanted port is kept; without one, the last one is tried first, so that agents find the broker after a restart. */
const choosePort = async (options: EmbeddedBrokerOptions): Promise<number> => {
  if (options.port !== 0) return options.port;
  const last = Number.parseInt(await readFile(join(options.dataDir, 'port'), 'utf8').catch(() => ''), 10);
  const kept = last > 0 ? await freePort(options.host, last) : undefined;
  const port = kept ?? (await freePort(options.host, 0));
  if (port === undefined) throw new Error(`no free TCP port on ${options.host} for the NATS broker`);
  return port;
};

const freePort = (host: string, port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
