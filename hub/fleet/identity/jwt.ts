/**
 * @module NATS JWTs, version 2 (nats-io/jwt v2, `ed25519-nkey`), made and signed with node:crypto: about 100 times faster than pure
 * JavaScript, and it does not block the loop for each join.
 */
import { createHash } from 'node:crypto';
import { base32 } from '../../../shared/wire/nkey.ts';
import type { SigningKey } from './keys.ts';
import { agentPermissions, clusterImports, clusterLimits, hubExports } from './permissions.ts';

/** Claims without what signing adds; times are whole seconds since the epoch. */
type Claims = {
  readonly sub: string;
  readonly name: string;
  readonly iat: number;
  readonly exp?: number;
  readonly nats: Readonly<Record<string, unknown>>;
};

/** Revoked user keys and from when on: a JWT issued at or before that second is refused. */
export type Revocations = { readonly [userPublicKey: string]: number };

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const header = part({ typ: 'JWT', alg: 'ed25519-nkey' });

/** Signs claims with the issuer's key. */
export const signClaims = (claims: Claims, issuer: SigningKey): string => {
  const body = { ...claims, iss: issuer.publicKey, jti: '' };
  const jti = base32(createHash('sha512-256').update(JSON.stringify(body)).digest());
  const signed = `${header}.${part({ ...body, jti })}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
};

/** Whole seconds, as JWTs have them. */
export const seconds = (ms: number): number => Math.floor(ms / 1_000);

/** The self-signed operator. */
export const operatorJwt = (operator: SigningKey, systemAccount: string, nowMs: number): string =>
  signClaims(
    { sub: operator.publicKey, name: 'hanse', iat: seconds(nowMs), nats: { system_account: systemAccount, type: 'operator', version: 2 } },
    operator,
  );

/** A JWT account has no limits at all only when each says -1; the default is zero. */
export const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: 0 };
/** Nothing may be stored. */
export const noJetStream = { mem_storage: 0, disk_storage: 0, streams: 0, consumer: 0 };
const anyJetStream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
const noPermissions = { pub: {}, sub: {} };

/** The account the servers talk in, and the hub's door for pushing claims. */
export const systemAccountJwt = (operator: SigningKey, account: string, nowMs: number): string =>
  signClaims(
    {
      sub: account,
      name: 'SYS',
      iat: seconds(nowMs),
      nats: { limits: { ...unlimited, ...noJetStream }, default_permissions: noPermissions, type: 'account', version: 2 },
    },
    operator,
  );

/** The hub's own account: it holds the streams, and offers each cluster what is the cluster's. */
export const fleetAccountJwt = (operator: SigningKey, account: string, issuedAtSeconds: number): string =>
  signClaims(
    {
      sub: account,
      name: 'HANSE',
      iat: issuedAtSeconds,
      nats: {
        limits: { ...unlimited, ...anyJetStream },
        exports: hubExports,
        default_permissions: noPermissions,
        type: 'account',
        version: 2,
      },
    },
    operator,
  );

/** The account of one cluster: nothing in it but what the hub's account lets through. */
export const clusterAccountJwt = (
  operator: SigningKey,
  accounts: { readonly hub: string; readonly cluster: string },
  options: { readonly cluster: string; readonly revocations: Revocations; readonly issuedAtSeconds: number },
): string =>
  signClaims(
    {
      sub: accounts.cluster,
      name: `cluster ${options.cluster}`,
      iat: options.issuedAtSeconds,
      nats: {
        limits: { ...unlimited, ...noJetStream, ...clusterLimits, exports: 0 },
        imports: clusterImports(options.cluster, accounts.hub),
        default_permissions: noPermissions,
        revocations: options.revocations,
        type: 'account',
        version: 2,
      },
    },
    operator,
  );

/** A user with every right in the account whose own key signs: the hub itself. It does not expire: who has the account's key can make another. */
export const fullUserJwt = (account: SigningKey, user: string, name: string, nowMs: number): string =>
  signClaims(
    {
      sub: user,
      name,
      iat: seconds(nowMs),
      nats: { ...noPermissions, subs: -1, data: -1, payload: -1, type: 'user', version: 2 },
    },
    account,
  );

type AgentUser = { readonly publicKey: string; readonly cluster: string };
type JwtTimes = { readonly nowMs: number; readonly expiresAtMs: number };

/** A cluster's agent, signed by the key of the cluster's account. */
export const agentUserJwt = (account: SigningKey, user: AgentUser, times: JwtTimes): string =>
  userJwt(account, user, agentPermissions(user.cluster), times);

/** A user named after a cluster, with these permissions (`pub`, `sub`, …) in the account of the key. */
export const userJwt = (account: SigningKey, user: AgentUser, permissions: Readonly<Record<string, unknown>>, times: JwtTimes): string =>
  signClaims(
    {
      sub: user.publicKey,
      name: user.cluster,
      iat: seconds(times.nowMs),
      exp: seconds(times.expiresAtMs),
      nats: {
        ...permissions,
        subs: -1,
        data: -1,
        payload: -1,
        allowed_connection_types: ['STANDARD', 'WEBSOCKET'],
        type: 'user',
        version: 2,
      },
    },
    account,
  );
