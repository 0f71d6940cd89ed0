/** @module The hub's part in the mesh over the broker: hears everybody's beats and ballots, beats and votes itself, and lets agents in. */
import type { NatsConnection } from 'nats';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { makeListeners } from '../../../shared/wire/listeners.ts';
import { membersSubject } from '../../../shared/wire/mesh.ts';
import type { AccountBook } from '../identity/account-book.ts';
import type { FleetIdentity } from '../identity/fleet-identity.ts';
import { meshAccountKey, meshUserJwt } from '../identity/mesh-account.ts';
import type { HubMesh } from '../port.ts';
import { type BrokerAddress, connectHub } from './connect.ts';

/** What the door is made from. */
export type HubMeshOptions = {
  readonly env: RuntimeEnv;
  readonly address: BrokerAddress;
  readonly identity: FleetIdentity;
  readonly book: AccountBook;
  /** The hub's connection in its own account, over which agents are given what only they may read. */
  readonly connection: NatsConnection;
  /** Tells the broker an account's claims. */
  readonly push: (accountJwt: string) => Promise<void>;
  /** Life of an agent's permission. */
  readonly ttlMs: number;
};

/** Subjects that the hub listens on: what is said to all, and what is said to it. */
const subjects = ['hanse.mesh.*.beat', 'hanse.mesh.*.ballot', 'hanse.mesh.*.shadows', 'hanse.mesh.*.to.@hub'];

/** Opens the hub's door. @throws Error when the broker refuses the account. */
export const openHubMesh = async (options: HubMeshOptions): Promise<HubMesh & { readonly stop: () => Promise<void> }> => {
  const { env, identity, book, connection: down, ttlMs } = options;
  await options.push(book.meshJwt());
  const connection = await connectHub(options.address, { ...identity, account: meshAccountKey(identity) }, env.nowMs);
  const packets = makeListeners<Uint8Array>(env.log);
  for (const subject of subjects) {
    connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) packets.tell(message.data);
      },
    });
  }
  return {
    publicKey: identity.work.publicKey,
    sign: identity.work.sign,
    publish: (subject, packet) => {
      if (!connection.isClosed()) connection.publish(subject, packet);
    },
    give: (cluster, packet) => {
      if (!down.isClosed()) down.publish(membersSubject(cluster), packet);
    },
    credential: (publicKey, cluster) => {
      // The server refuses what was issued at or before a revocation, in whole seconds.
      const revokedAt = book.revokedAtSeconds(publicKey);
      const nowMs = revokedAt === undefined ? env.nowMs() : Math.max(env.nowMs(), (revokedAt + 1) * 1_000);
      const expiresAtMs = nowMs + ttlMs;
      return { jwt: meshUserJwt(identity, { publicKey, cluster }, { nowMs, expiresAtMs }), expiresAtMs };
    },
    onPacket: packets.add,
    stop: () => connection.close(),
  };
};
