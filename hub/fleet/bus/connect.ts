/** @module The hub's own connections to the broker: full rights in the fleet account, and the system account for pushing claims. */
import { type Authenticator, connect, type NatsConnection } from 'nats';
import type { FleetIdentity } from '../identity/fleet-identity.ts';
import { fullUserJwt } from '../identity/jwt.ts';
import { makeSigningKey, type SigningKey, signNonce } from '../identity/keys.ts';

/** Where the broker is and whom to trust. */
export type BrokerAddress = { readonly urls: readonly string[]; readonly caPem: string };

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
  connect({
    servers: [...address.urls],
    name: 'hanse-hub',
    authenticator: hubAuthenticator(identity.account, 'hub', nowMs),
    tls: { ca: address.caPem },
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

/**
 * Tells the servers an account's new claims (full resolver). Live connections of users revoked in it are cut at once.
 * @throws Error when the broker cannot be reached or refuses.
 */
export const pushClaims = async (
  address: BrokerAddress,
  identity: FleetIdentity,
  accountJwt: string,
  nowMs: () => number,
): Promise<void> => {
  const connection = await connect({
    servers: [...address.urls],
    name: 'hanse-hub-claims',
    authenticator: hubAuthenticator(identity.system, 'hub-claims', nowMs),
    tls: { ca: address.caPem },
    reconnect: false,
    timeout: claimsTimeoutMs,
  });
  try {
    const answer = await connection.request('$SYS.REQ.CLAIMS.UPDATE', accountJwt, { timeout: claimsTimeoutMs });
    const body: unknown = answer.json();
    const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
    if (error !== undefined) throw new Error(`the broker refused the account's claims: ${JSON.stringify(error)}`);
  } finally {
    await connection.close();
  }
};
