/** @module The accounts' claims as they stand: who is revoked. Written to disk before they are pushed, so that a crash forgets nothing. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { compareText } from '../../../shared/lib/compare-text.ts';
import { clusterAccountKey, type FleetIdentity } from './fleet-identity.ts';
import { clusterAccountJwt, fleetAccountJwt } from './jwt.ts';
import { meshAccountJwt } from './mesh-account.ts';

/** The oldest revocations beyond this are dropped, but none whose credentials may still be alive: those are kept however many they are. */
export const revocationsMax = 10_000;

/** The claims of the hub's account and of each cluster's; one writer at a time. */
export interface AccountBook {
  /** The hub's account, to preload and push. */
  hubJwt(): string;
  /** A cluster's account, with all who are revoked in it. */
  clusterJwt(cluster: string): string;
  /** The account in which the agents speak to each other, with all who are revoked anywhere. */
  meshJwt(): string;
  /** When a key was revoked last, in this cluster or in any, in seconds since the epoch; undefined = it is not. */
  revokedAtSeconds(userPublicKey: string, cluster?: string): number | undefined;
  /** Clusters of which a key was revoked at or after this time. */
  revokedSince(sinceMs: number): readonly string[];
  /** Refuses every credential of this key issued until now, durably; answers the cluster's new JWT. */
  revoke(cluster: string, userPublicKey: string, nowMs: number): Promise<string>;
}

/** One key in one cluster. A key that was let into two clusters, by mistake or by malice, is revoked in each of them apart. */
type Revocation = { readonly cluster: string; readonly key: string; readonly atSeconds: number };
type Record = { readonly issuedAtSeconds: number; readonly revoked: readonly Revocation[] };

const isObject = (value: unknown): value is { readonly [key: string]: unknown } => typeof value === 'object' && value !== null;

const isRevocation = (value: unknown): boolean =>
  isObject(value) && typeof value.cluster === 'string' && typeof value.key === 'string' && Number.isSafeInteger(value.atSeconds);

const isRecord = (value: unknown): value is Record =>
  isObject(value) && Number.isSafeInteger(value.issuedAtSeconds) && Array.isArray(value.revoked) && value.revoked.every(isRevocation);

/** What a book is opened with. */
export type AccountBookOptions = {
  readonly folder: string;
  readonly identity: FleetIdentity;
  readonly nowMs: number;
  /** The longest life of a credential: a revocation counts at least so long. */
  readonly credentialTtlMs: number;
};

/** Opens the book in `folder`, or begins it. @throws Error when the file is damaged: forgetting revocations would let the revoked in. */
export const openAccountBook = async ({ folder, identity, nowMs, credentialTtlMs }: AccountBookOptions): Promise<AccountBook> => {
  const file = join(folder, 'revoked.json');
  const kept = await readRecord(file);
  // Servers keep the claims with the latest issue time; a clock that went back must not lose to an older push.
  let current: Record = {
    issuedAtSeconds: Math.max(Math.floor(nowMs / 1_000), kept?.issuedAtSeconds ?? 0),
    revoked: kept?.revoked ?? [],
  };
  if (kept === undefined) await writeRecord(file, current);
  let queue: Promise<unknown> = Promise.resolve();
  const clusterJwt = (cluster: string): string => {
    const revocations = latest(current.revoked.filter((one) => one.cluster === cluster));
    const accounts = { hub: identity.account.publicKey, cluster: clusterAccountKey(identity, cluster).publicKey };
    return clusterAccountJwt(identity.operator, accounts, { cluster, revocations, issuedAtSeconds: current.issuedAtSeconds });
  };
  const revokedAtSeconds: AccountBook['revokedAtSeconds'] = (key, cluster) => {
    const isMeant = (one: Revocation): boolean => one.key === key && (cluster === undefined || one.cluster === cluster);
    const times = current.revoked.filter(isMeant).map(({ atSeconds }) => atSeconds);
    return times.length === 0 ? undefined : Math.max(...times);
  };
  const revoke = async (cluster: string, key: string, atMs: number): Promise<string> => {
    // A credential given since the last revocation, maybe in this very second, is issued a second after that: it must not live on.
    const atSeconds = Math.max(Math.floor(atMs / 1_000), (revokedAtSeconds(key) ?? 0) + 1);
    const next: Record = {
      issuedAtSeconds: Math.max(atSeconds, current.issuedAtSeconds),
      revoked: newest(
        [...current.revoked.filter((one) => one.cluster !== cluster || one.key !== key), { cluster, key, atSeconds }],
        atSeconds - Math.ceil(credentialTtlMs / 1_000),
      ),
    };
    await writeRecord(file, next);
    current = next;
    return clusterJwt(cluster);
  };
  return {
    hubJwt: () => fleetAccountJwt(identity.operator, identity.account.publicKey, current.issuedAtSeconds),
    clusterJwt,
    meshJwt: () =>
      meshAccountJwt(identity, {
        revocations: latest(current.revoked),
        issuedAtSeconds: current.issuedAtSeconds,
      }),
    revokedAtSeconds,
    revokedSince: (sinceMs) => {
      const recent = current.revoked.filter(({ atSeconds }) => atSeconds * 1_000 >= sinceMs);
      return [...new Set(recent.map(({ cluster }) => cluster))].sort();
    },
    revoke: (cluster, key, atMs) => {
      const done = queue.then(() => revoke(cluster, key, atMs));
      queue = done.catch(() => undefined);
      return done;
    },
  };
};

/** By key, when it was revoked last. */
const latest = (revoked: readonly Revocation[]): { readonly [userPublicKey: string]: number } => {
  const times = new Map<string, number>();
  for (const { key, atSeconds } of revoked) times.set(key, Math.max(times.get(key) ?? 0, atSeconds));
  return Object.fromEntries(times);
};

const newest = (revoked: readonly Revocation[], aliveSinceSeconds: number): readonly Revocation[] =>
  [...revoked]
    .sort((a, b) => b.atSeconds - a.atSeconds || compareText(a.cluster, b.cluster) || compareText(a.key, b.key))
    .filter(({ atSeconds }, at) => at < revocationsMax || atSeconds >= aliveSinceSeconds);

const readRecord = async (file: string): Promise<Record | undefined> => {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const value: unknown = parse(content);
  if (!isRecord(value)) throw new Error(`${file} is damaged: restore it from a backup (it says which agents may not come back)`);
  return value;
};

const parse = (content: string): unknown => {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
};

const writeRecord = async (file: string, record: Record): Promise<void> => {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
};
