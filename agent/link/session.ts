/** @module One connection to the broker with one credential, and what hangs on it. */
import { connect, type NatsConnection } from 'nats';
import type { RuntimeEnv } from '../../shared/lib/env.ts';
import { brokerTls } from '../../shared/wire/broker-urls.ts';
import { connectMsMax } from '../../shared/wire/comeback.ts';
import { inboxPrefix } from '../../shared/wire/subjects.ts';
import type { Admitted } from './key-store.ts';
import type { AgentKeys } from './keys.ts';

const pingIntervalMs = 15_000;
const reconnectTimeWaitMs = 1_000;
const reconnectJitterMs = 2_000;
/** What a broker that does not answer is waited for at the end; what it has not taken by then is lost. */
const drainMsMax = 2_000;

/**
 * Connects once. Afterwards the client reconnects for ever by itself; it ends when the server refuses the credential twice.
 * @throws Error when the first attempt fails.
 */
export const openSession = (cluster: string, keys: AgentKeys, admitted: Admitted): Promise<NatsConnection> =>
  connect({
    servers: [...admitted.natsUrls],
    name: `hanse-agent ${cluster}`,
    authenticator: (nonce) => ({
      jwt: admitted.jwt,
      nkey: keys.publicKey,
      sig: nonce === undefined ? '' : Buffer.from(keys.sign(Buffer.from(nonce))).toString('base64url'),
    }),
    ...brokerTls(admitted.natsUrls, admitted.natsCa),
    inboxPrefix: inboxPrefix(cluster),
    maxReconnectAttempts: -1,
    waitOnFirstConnect: false,
    ignoreAuthErrorAbort: false,
    reconnectTimeWait: reconnectTimeWaitMs,
    reconnectJitter: reconnectJitterMs,
    reconnectJitterTLS: reconnectJitterMs,
    pingInterval: pingIntervalMs,
    maxPingOut: 2,
    timeout: connectMsMax,
  });

/**
 * Ends a connection when the broker has taken what was published; without it after a while all the same. The client's own `drain` never ends
 * when the broker is gone: nobody answers its pings, and a connection that closes meanwhile does not wake it.
 */
export const endSession = async (env: Pick<RuntimeEnv, 'setTimer'>, connection: NatsConnection): Promise<void> => {
  if (connection.isClosed()) return;
  const { promise: waitedLongEnough, resolve } = Promise.withResolvers<void>();
  const cancel = env.setTimer(drainMsMax, resolve);
  const drained = connection.drain().catch(() => undefined);
  await Promise.race([drained, connection.closed(), waitedLongEnough]);
  cancel();
  await connection.close();
};
