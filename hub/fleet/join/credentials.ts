/** @module Minting a cluster's credential, and taking it away. */
import type { AccountBook } from '../identity/account-book.ts';
import type { FleetIdentity } from '../identity/fleet-identity.ts';
import { agentUserJwt } from '../identity/jwt.ts';

/** A NATS user JWT and when it expires, ms since the epoch. */
export type Credential = { readonly jwt: string; readonly expiresAtMs: number };

/** The office that gives and takes credentials. */
export interface Credentials {
  mint(publicKey: string, cluster: string): Credential;
  isRevoked(publicKey: string): boolean;
  /** Durable and told to the broker when it resolves; live connections of the key are cut. @throws Error when the broker is away: call again. */
  revoke(publicKey: string): Promise<void>;
}

export type CredentialsOptions = {
  readonly nowMs: () => number;
  readonly identity: FleetIdentity;
  readonly book: AccountBook;
  /** Life of a credential; renewed at half. */
  readonly ttlMs: number;
  /** Tells the broker the account's claims. */
  readonly push: (accountJwt: string) => Promise<void>;
};

/** The office over an identity and its book. */
export const makeCredentials = ({ nowMs, identity, book, ttlMs, push }: CredentialsOptions): Credentials => ({
  mint: (publicKey, cluster) => {
    const revokedAt = book.revokedAtSeconds(publicKey);
    // The server refuses what was issued at or before the revocation, in whole seconds.
    const issuedAtMs = revokedAt === undefined ? nowMs() : Math.max(nowMs(), (revokedAt + 1) * 1_000);
    const expiresAtMs = issuedAtMs + ttlMs;
    return {
      jwt: agentUserJwt(identity.agentScope, identity.account.publicKey, { publicKey, cluster }, { nowMs: issuedAtMs, expiresAtMs }),
      expiresAtMs,
    };
  },
  isRevoked: (publicKey) => book.revokedAtSeconds(publicKey) !== undefined,
  revoke: async (publicKey) => {
    await push(await book.revoke(publicKey, nowMs()));
  },
});
