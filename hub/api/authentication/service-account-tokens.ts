/**
 * @module Tokens of service accounts: signed JWTs with the claims of Kubernetes' bound tokens (KEP-1205), ES256 (RFC 7518 §3.4). A token
 * dies with its expiry, with its ServiceAccount, and with the signing key.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { UserInfo } from '../../../shared/kube/server/options.ts';
import { keyOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { Env } from '../../../shared/lib/index.ts';
import { AUTHENTICATED, serviceAccountGroups, serviceAccountUser } from './groups.ts';

/** `iss` of our tokens, and the audience of those meant for the hub. */
export const ISSUER = 'https://hub.hanse.dev';

/** Longest life of a token; asking for more gets this. */
export const TOKEN_LIFETIME_SECONDS_MAX = 365 * 24 * 3600;

/** The signing key in `file`, made with mode 0600 when it is missing. */
export const loadSigningKey = (file: string): KeyObject => {
  try {
    if (existsSync(file)) return createPrivateKey(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`signing key ${file} cannot be read: mend it, or move it away to get a new one`, { cause: error });
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  return privateKey;
};

/** What a token is made of. */
export type TokenSubject = {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly audiences: readonly string[];
  readonly seconds: number;
};

/** Makes and reads tokens. */
export type ServiceAccountTokens = {
  readonly issue: (subject: TokenSubject) => { token: string; expires: string };
  /** The user of a token meant for one of `audiences`; undefined when it is not ours, expired, or its account is gone. */
  readonly userOf: (token: string, audiences?: readonly string[]) => UserInfo | undefined;
};

type Claims = {
  readonly iss?: unknown;
  readonly aud?: unknown;
  readonly exp?: unknown;
  readonly nbf?: unknown;
  readonly 'kubernetes.io'?: {
    readonly namespace?: unknown;
    readonly serviceaccount?: { readonly name?: unknown; readonly uid?: unknown };
  };
};

const HEADER = encode({ alg: 'ES256', typ: 'JWT' });

/** Tokens signed by `key` for the service accounts of a store. */
export const createServiceAccountTokens = (
  key: KeyObject,
  store: Pick<Store, 'get'>,
  env: Env & { uuid: () => string },
): ServiceAccountTokens => {
  const publicKey = createPublicKey(key);
  const issue = ({ namespace, name, uid, audiences, seconds }: TokenSubject): { token: string; expires: string } => {
    const now = Math.floor(env.nowMs() / 1000);
    const exp = now + Math.min(seconds, TOKEN_LIFETIME_SECONDS_MAX);
    const claims = {
      aud: audiences,
      exp,
      iat: now,
      iss: ISSUER,
      jti: env.uuid(),
      'kubernetes.io': { namespace, serviceaccount: { name, uid } },
      nbf: now,
      sub: serviceAccountUser(namespace, name),
    };
    const signed = `${HEADER}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    return { token: `${signed}.${signature.toString('base64url')}`, expires: new Date(exp * 1000).toISOString().replace('.000Z', 'Z') };
  };

  const userOf = (token: string, audiences: readonly string[] = [ISSUER]): UserInfo | undefined => {
    const claims = verifiedClaims(token, publicKey);
    const nowSeconds = env.nowMs() / 1000;
    if (claims?.iss !== ISSUER || typeof claims.exp !== 'number' || typeof claims.nbf !== 'number') return undefined;
    if (nowSeconds >= claims.exp || nowSeconds + CLOCK_SKEW_SECONDS < claims.nbf) return undefined;
    if (!Array.isArray(claims.aud) || !audiences.some((audience) => Array.isArray(claims.aud) && claims.aud.includes(audience)))
      return undefined;
    const { namespace, serviceaccount: { name, uid } = {} } = claims['kubernetes.io'] ?? {};
    if (typeof namespace !== 'string' || typeof name !== 'string' || typeof uid !== 'string') return undefined;
    if (store.get(keyOf('', 'serviceaccounts', namespace, name))?.object.metadata.uid !== uid) return undefined;
    return { name: serviceAccountUser(namespace, name), uid, groups: [...serviceAccountGroups(namespace), AUTHENTICATED] };
  };
  return { issue, userOf };
};

/** A clock that was set back must not refuse what it has just issued. */
const CLOCK_SKEW_SECONDS = 10;

const verifiedClaims = (token: string, key: KeyObject): Claims | undefined => {
  const [header, payload, signature, ...rest] = token.split('.');
  // Only our own header is taken: nobody but us chooses the algorithm.
  if (header !== HEADER || payload === undefined || signature === undefined || rest.length > 0) return undefined;
  const bytes = Buffer.from(signature, 'base64url');
  if (!verify('sha256', Buffer.from(`${header}.${payload}`), { key, dsaEncoding: 'ieee-p1363' }, bytes)) return undefined;
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims;
};

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
