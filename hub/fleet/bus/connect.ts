/** @module The hub's own connections to the broker: full rights in the fleet account, and the system account for pushing claims. */
import { type Authenticator, type ConnectionOptions, connect, ErrorCode, type NatsConnection } from 'nats';
import { errorCodes } from '../../../shared/lib/error-codes.ts';
import { brokerTls } from '../../../shared/wire/broker-urls.ts';
import type { FleetIdentity } from '../identity/fleet-identity.ts';
import { fullUserJwt } from '../identity/jwt.ts';
import { makeSigningKey, type SigningKey, signNonce } from '../identity/keys.ts';

/** Where the broker is and whom to trust; a CA of '' = the system's roots. */
export type BrokerAddress = { readonly urls: readonly string[]; readonly caPem: string };

/** For messages about servers that somebody else runs. */
export const howToConfigure = 'start them with the configuration that `hanse hub --print-nats-config` prints (with the same --data-dir)';

/** A dead link is noticed after two missed pings. */
const pingIntervalMs = 15_000;
const reconnectTimeWaitMs = 500;
const reconnectJitterMs = 1_000;
const connectTimeoutMs = 10_000;
const claimsTimeoutMs = 5_000;

const hubAuthenticator = (account: SigningKey, name: string, nowMs: () => number): Authenticator => {
  const user = makeSigningKey('user');
  return (nonce) => ({
    jwt: fullUserJwt(account, user.publicKey, name, nowMs()),
    nkey: user.publicKey,
    sig: nonce === undefined ? '' : signNonce(user, nonce),
  });
};

/** Connects for good: waits for the broker at the start and reconnects for ever. */
export const connectHub = (address: BrokerAddress, identity: FleetIdentity, nowMs: () => number): Promise<NatsConnection> =>
  connect({ ...lasting(address), name: 'hanse-hub', authenticator: hubAuthenticator(identity.account, 'hub', nowMs) });

const lasting = (address: BrokerAddress): ConnectionOptions => ({
  servers: [...address.urls],
  ...brokerTls(address.urls, address.caPem),
  maxReconnectAttempts: -1,
  waitOnFirstConnect: true,
  ignoreAuthErrorAbort: true,
  reconnectTimeWait: reconnectTimeWaitMs,
  reconnectJitter: reconnectJitterMs,
  reconnectJitterTLS: reconnectJitterMs,
  pingInterval: pingIntervalMs,
  maxPingOut: 2,
  timeout: connectTimeoutMs,
});

/** Connects for good to the system account, for {@link pushClaims}. */
export const connectClaims = (address: BrokerAddress, identity: FleetIdentity, nowMs: () => number): Promise<NatsConnection> =>
  connect({ ...lasting(address), name: 'hanse-hub-claims', authenticator: hubAuthenticator(identity.system, 'hub-claims', nowMs) });

/** Connects once, to the same account, to see whether that can be done. @throws Error of the client when it cannot. */
export const tryClaims = (address: BrokerAddress, identity: FleetIdentity, nowMs: () => number): Promise<NatsConnection> =>
  connect({
    ...lasting(address),
    name: 'hanse-hub-check',
    authenticator: hubAuthenticator(identity.system, 'hub-check', nowMs),
    reconnect: false,
    waitOnFirstConnect: false,
  });

/**
 * Tells the servers an account's new claims (full resolver). Live connections of users revoked in it are cut at once.
 * @throws Error when the broker does not answer or refuses.
 */
export const pushClaims = async (connection: NatsConnection, accountJwt: string): Promise<void> => {
  const answer = await connection.request('$SYS.REQ.CLAIMS.UPDATE', accountJwt, { timeout: claimsTimeoutMs }).catch((cause: unknown) => {
    if (!errorCodes(cause).includes(ErrorCode.NoResponders)) throw cause;
    throw new Error(`the NATS servers take no claims of accounts: they need \`resolver { type: full … }\`; ${howToConfigure}`, { cause });
  });
  const body: unknown = answer.json();
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  if (error !== undefined) throw new Error(`the broker refused the account's claims: ${JSON.stringify(error)}`);
};
