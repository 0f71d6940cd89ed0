/** @module Minting a cluster's credential, opening its place at the broker, and taking both away. */
import type { AccountBook } from '../identity/account-book.ts';
import { clusterAccountKey, type FleetIdentity } from '../identity/fleet-identity.ts';
import { agentUserJwt } from '../identity/jwt.ts';

/** A NATS user JWT and when it expires, ms since the epoch. */
export type Credential = { readonly jwt: string; readonly expiresAtMs: number };

/** The office that gives and takes credentials. */
export interface Credentials {
  mint(publicKey: string, cluster: string): Credential;
  /** In this cluster, or in any. */
  isRevoked(publicKey: string, cluster?: string): boolean;
  /** The broker knows the cluster's account and its consumer of work when it resolves. @throws Error when the broker is away: call again. */
  open(cluster: string): Promise<void>;
  /** Durable and told to the broker when it resolves; live connections of the key are cut. @throws Error when the broker is away: call again. */
  revoke(cluster: string, publicKey: string): Promise<void>;
}

export type CredentialsOptions = {
  readonly nowMs: () => number;
  readonly identity: FleetIdentity;
  readonly book: AccountBook;
  /** Life of a credential; renewed at half. */
  readonly ttlMs: number;
  /** Tells the broker an account's claims. */
  readonly push: (accountJwt: string) => Promise<void>;
  /** Makes the consumer that the cluster reads its work through. */
  readonly openWork: (cluster: string) => Promise<void>;
};

/** The office over an identity and its book. */
export const makeCredentials = ({ nowMs, identity, book, ttlMs, push, openWork }: CredentialsOptions): Credentials => ({
  mint: (publicKey, cluster) => {
    const revokedAt = book.revokedAtSeconds(publicKey);
    // The server refuses what was issued at or before the revocation, in whole seconds.
    const issuedAtMs = revokedAt === undefined ? nowMs() : Math.max(nowMs(), (revokedAt + 1) * 1_000);
    const expiresAtMs = issuedAtMs + ttlMs;
    return {
      jwt: agentUserJwt(clusterAccountKey(identity, cluster), { publicKey, cluster }, { nowMs: issuedAtMs, expiresAtMs }),
      expiresAtMs,
    };
  },
  isRevoked: (publicKey, cluster) => book.revokedAtSeconds(publicKey, cluster) !== undefined,
  open: async (cluster) => {
    await push(book.clusterJwt(cluster));
    await openWork(cluster);
  },
  revoke: async (cluster, publicKey) => {
    await push(await book.revoke(cluster, publicKey, nowMs()));
    await push(book.meshJwt());
  },
});
