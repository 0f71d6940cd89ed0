/** @module Renews credentials over the bus: the broker vouches for the cluster, the Cluster object for the key. */
import type { Msg, NatsConnection } from 'nats';
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { decodeMessage, encodeMessage } from '../../../shared/wire/decode.ts';
import type { RenewAnswer } from '../../../shared/wire/messages.ts';
import { clusterOf } from '../bus/agent-messages.ts';
import type { Credential, Credentials } from './credentials.ts';
import { getCluster } from './objects.ts';
import { noteCredential } from './office.ts';

export type RenewalOptions = {
  readonly env: RuntimeEnv;
  readonly client: KubeClient;
  readonly credentials: Credentials;
  readonly connection: NatsConnection;
};

/** Reply subjects that the broker makes for requests from another account. */
const mappedReplyPrefix = '_R_.';

/** A cluster that asks again while this share of its credential's life is left gets the same one: asking often costs nothing. */
const sameCredentialPercent = 90;

/** Answers renewals until the connection closes. */
export const serveRenewals = (options: RenewalOptions): void => {
  const { env, connection } = options;
  const recent = new Map<string, Recent>();
  connection.subscribe('hanse.up.*.renew', {
    callback: (error, message) => {
      if (error !== null) return;
      const cluster = clusterOf(message);
      // A reply subject that the broker did not make leads somewhere in our own account, not back to the asker's.
      if (message.reply?.startsWith(mappedReplyPrefix) !== true) {
        env.log.warn('refused a renewal that did not come from an account of a cluster', { cluster, reply: message.reply });
        return;
      }
      renew(options, recent, message, cluster)
        .catch((cause: unknown): RenewAnswer => {
          env.log.error('a renewal failed', { cluster, error: String(cause) });
          return refused('HubError', 'the hub could not read or write the Cluster; ask again');
        })
        .then((answer) => message.respond(encodeMessage('renewAnswer', answer).bytes));
    },
  });
};

const refused = (reason: string, message: string): RenewAnswer => ({ v: 1, ok: false, reason, message });

type Recent = { readonly credential: Credential; readonly publicKey: string; readonly atMs: number };

const isFresh = ({ credential, atMs }: Recent, nowMs: number): boolean =>
  (credential.expiresAtMs - nowMs) * 100 >= (credential.expiresAtMs - atMs) * sameCredentialPercent;

const renew = async (
  { env, client, credentials }: RenewalOptions,
  recent: Map<string, Recent>,
  message: Msg,
  name: string,
): Promise<RenewAnswer> => {
  const decoded = decodeMessage('renew', message.data, name);
  if (!decoded.ok) return refused(decoded.reason, decoded.message);
  const { publicKey } = decoded.value;
  const cluster = await getCluster(client, name);
  if (cluster === undefined || cluster.metadata.deletionTimestamp !== undefined) {
    recent.delete(name);
    return refused('Revoked', `cluster ${name} was deleted at the hub`);
  }
  if (cluster.status?.agent?.publicKey !== publicKey) return refused('NameTaken', `cluster ${name} belongs to another key`);
  if (cluster.spec.admission !== 'Approved') return refused('Denied', `cluster ${name} is not approved`);
  const last = recent.get(name);
  // After a revocation only a credential issued later is taken by the servers.
  if (last?.publicKey === publicKey && !credentials.isRevoked(publicKey) && isFresh(last, env.nowMs()))
    return { v: 1, ok: true, ...last.credential };
  const credential = credentials.mint(publicKey, name);
  recent.set(name, { credential, publicKey, atMs: env.nowMs() });
  await noteCredential({ client }, name, publicKey, credential.expiresAtMs);
  return { v: 1, ok: true, ...credential };
};
