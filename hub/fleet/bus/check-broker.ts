/** @module Looks at servers that somebody else runs before the hub relies on them, and says what is wrong with them and the mend. */
import { ErrorCode, type NatsConnection, RequestStrategy } from 'nats';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { errorCodes, errorWord, untimelyCodes, untrustedCodes } from '../../../shared/lib/error-codes.ts';
import { bytesMax } from '../../../shared/wire/limits.ts';
import { versionMin } from '../broker/index.ts';
import type { FleetIdentity } from '../identity/fleet-identity.ts';
import { type BrokerAddress, howToConfigure, tryClaims } from './connect.ts';

export type CheckOptions = { readonly env: RuntimeEnv; readonly address: BrokerAddress; readonly identity: FleetIdentity };

/** Hub and servers may be started at once: so long is waited for somebody who answers. */
const graceMs = 20_000;
const againMs = 1_000;
/** All servers of a cluster answer within this. */
const answersMs = 1_000;
/** Replicas of the streams where there are servers enough; more would only cost. */
const replicasWanted = 3;

/** Checks the servers; answers how many replicas of a stream they can hold, at most three. @throws Error with the mend. */
export const checkBroker = async (options: CheckOptions): Promise<{ readonly replicas: number }> => {
  const connection = await connectWithGrace(options);
  try {
    const { info } = connection;
    if (info?.auth_required !== true) throw new Error(otherOperator(options.address.urls));
    const servers = await serversOf(connection);
    const fault = faultOf(servers, info.max_payload);
    if (fault !== undefined) throw new Error(fault);
    for (const { name, syncs } of servers.filter(({ hasJetStream, syncs }) => hasJetStream && !syncs)) {
      options.env.log.warn(
        `nats-server ${name} acknowledges a write before it is on disk: after a power cut, work and statuses of the last minutes may be gone there, and a cluster keeps what it had until the hub is started again; set sync_interval: always in its jetstream block`,
        { server: name, syncs },
      );
    }
    return { replicas: servers.filter(({ hasJetStream }) => hasJetStream).length >= replicasWanted ? replicasWanted : 1 };
  } finally {
    await connection.close();
  }
};

const connectWithGrace = async ({ env, address, identity }: CheckOptions): Promise<NatsConnection> => {
  const endMs = env.monotonicMs() + graceMs;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await tryClaims(address, identity, env.nowMs);
    } catch (error) {
      const { message, mayPass } = connectFault(error, address.urls);
      if (!mayPass || env.monotonicMs() >= endMs) throw new Error(message, { cause: error });
      if (isFirst) env.log.warn(`${message}; trying again for ${graceMs / 1_000} s`);
      await new Promise<void>((resolve) => env.setTimer(againMs, resolve));
    }
  }
};

const otherOperator = (urls: readonly string[]): string =>
  `the NATS server at ${urls.join(', ')} does not accept this hub: it is not in operator mode with this hub's operator; ${howToConfigure}`;

/** Why a connection failed, and whether it may pass by itself. */
export const connectFault = (error: unknown, urls: readonly string[]): { readonly message: string; readonly mayPass: boolean } => {
  const where = urls.join(', ');
  const codes = errorCodes(error);
  const final = (message: string): { message: string; mayPass: boolean } => ({ message, mayPass: false });
  if (codes.some((code) => /AUTHORIZATION_VIOLATION|AUTHENTICATION/.test(code))) return final(otherOperator(urls));
  if (codes.some((code) => untimelyCodes.has(code)))
    return final(`the certificate of the NATS server at ${where} is not valid now: renew it, or set the clock`);
  if (codes.includes('ERR_TLS_CERT_ALTNAME_INVALID'))
    return final(`the certificate of the NATS server at ${where} is for another name: use a name that it holds in --nats-url`);
  if (codes.some((code) => untrustedCodes.has(code)))
    return final(`the certificate of the NATS server at ${where} is not signed by a CA that is trusted: give its CA with --nats-ca FILE`);
  if (codes.includes(ErrorCode.ServerOptionNotAvailable))
    return final(`the NATS server at ${where} has no TLS: set up tls in its configuration, or use nats:// in --nats-url`);
  return {
    message: `cannot reach a NATS server at ${where} (${errorWord(error)}): check that it runs, the address in --nats-url, and firewalls`,
    mayPass: true,
  };
};

/** One server as it describes itself. */
export type ServerFacts = { readonly name: string; readonly version: string; readonly hasJetStream: boolean; readonly syncs: boolean };

type JszAnswer = {
  readonly server?: { readonly name?: string; readonly ver?: string; readonly jetstream?: boolean };
  readonly data?: { readonly disabled?: boolean; readonly config?: { readonly sync_always?: boolean } };
};

const serversOf = async (connection: NatsConnection): Promise<readonly ServerFacts[]> => {
  const answers = await connection.requestMany('$SYS.REQ.SERVER.PING.JSZ', '{"config":true}', {
    strategy: RequestStrategy.Timer,
    maxWait: answersMs,
  });
  const servers: ServerFacts[] = [];
  for await (const message of answers) {
    const { server, data } = message.json<JszAnswer>();
    servers.push({
      name: server?.name ?? '',
      version: server?.ver ?? '',
      hasJetStream: server?.jetstream === true && data?.disabled !== true,
      syncs: data?.config?.sync_always === true,
    });
  }
  return servers.sort((a, b) => (a.name < b.name ? -1 : 1));
};

/** What is wrong with servers that let the hub in; undefined = nothing. */
export const faultOf = (servers: readonly ServerFacts[], payloadBytes: number): string | undefined => {
  const old = servers.find(({ version }) => !isNewEnough(version));
  if (old !== undefined) return `nats-server ${old.name} is ${old.version}, and ${versionMin.join('.')} or newer is needed: upgrade it`;
  if (!servers.some(({ hasJetStream }) => hasJetStream))
    return `the NATS server ${servers.map(({ name }) => name).join(', ')} runs without JetStream: ${howToConfigure}`;
  if (payloadBytes < bytesMax.reportPacked)
    return `the NATS servers take messages of ${payloadBytes} bytes at most, and capacity reports may have ${bytesMax.reportPacked}: set max_payload: 8MB`;
  return undefined;
};

const isNewEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > versionMin[0] || (major === versionMin[0] && minor >= versionMin[1]);
};
