/** @module The accounts' claims as they stand: who is revoked. Written to disk before they are pushed, so that a crash forgets nothing. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { clusterAccountKey, type FleetIdentity } from './fleet-identity.ts';
import { clusterAccountJwt, fleetAccountJwt } from './jwt.ts';
import { meshAccountJwt } from './mesh-account.ts';

/** Oldest revocations beyond this are dropped; by then their credentials have long expired. */
export const revocationsMax = 10_000;

/** The claims of the hub's account and of each cluster's; one writer at a time. */
export interface AccountBook {
  /** The hub's account, to preload and push. */
  hubJwt(): string;
  /** A cluster's account, with all who are revoked in it. */
  clusterJwt(cluster: string): string;
  /** The account in which the agents speak to each other, with all who are revoked anywhere. */
  meshJwt(): string;
  /** When a key was revoked, in seconds since the epoch; undefined = it is not. */
  revokedAtSeconds(userPublicKey: string): number | undefined;
  /** Clusters of which a key was revoked at or after this time. */
  revokedSince(sinceMs: number): readonly string[];
  /** Refuses every credential of this key issued until now, durably; answers the cluster's new JWT. */
  revoke(cluster: string, userPublicKey: string, nowMs: number): Promise<string>;
}

type Revocation = { readonly cluster: string; readonly atSeconds: number };
type Record = { readonly issuedAtSeconds: number; readonly revoked: { readonly [userPublicKey: string]: Revocation } };

const isObject = (value: unknown): value is { readonly [key: string]: unknown } => typeof value === 'object' && value !== null;

const isRevocation = (value: unknown): boolean =>
  isObject(value) && typeof value.cluster === 'string' && Number.isSafeInteger(value.atSeconds);

const isRecord = (value: unknown): value is Record =>
  isObject(value) &&
  Number.isSafeInteger(value.issuedAtSeconds) &&
  isObject(value.revoked) &&
  Object.values(value.revoked).every(isRevocation);

/** Opens the book in `folder`, or begins it. @throws Error when the file is damaged: forgetting revocations would let the revoked in. */
export const openAccountBook = async (folder: string, identity: FleetIdentity, nowMs: number): Promise<AccountBook> => {
  const file = join(folder, 'revoked.json');
  const kept = await readRecord(file);
  // Servers keep the claims with the latest issue time; a clock that went back must not lose to an older push.
  let current: Record = {
    issuedAtSeconds: Math.max(Math.floor(nowMs / 1_000), kept?.issuedAtSeconds ?? 0),
    revoked: kept?.revoked ?? {},
  };
  if (kept === undefined) await writeRecord(file, current);
  let queue: Promise<unknown> = Promise.resolve();
  const clusterJwt = (cluster: string): string => {
    const ofCluster = Object.entries(current.revoked).filter(([, revocation]) => revocation.cluster === cluster);
    const revocations = Object.fromEntries(ofCluster.map(([key, { atSeconds }]) => [key, atSeconds]));
    const accounts = { hub: identity.account.publicKey, cluster: clusterAccountKey(identity, cluster).publicKey };
    return clusterAccountJwt(identity.operator, accounts, { cluster, revocations, issuedAtSeconds: current.issuedAtSeconds });
  };
  const revoke = async (cluster: string, key: string, atMs: number): Promise<string> => {
    const atSeconds = Math.floor(atMs / 1_000);
    const next: Record = {
      issuedAtSeconds: Math.max(atSeconds, current.issuedAtSeconds),
      revoked: newest({ ...current.revoked, [key]: { cluster, atSeconds } }),
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
        revocations: Object.fromEntries(Object.entries(current.revoked).map(([key, { atSeconds }]) => [key, atSeconds])),
        issuedAtSeconds: current.issuedAtSeconds,
      }),
    revokedAtSeconds: (key) => (Object.hasOwn(current.revoked, key) ? current.revoked[key]?.atSeconds : undefined),
    revokedSince: (sinceMs) => {
      const recent = Object.values(current.revoked).filter(({ atSeconds }) => atSeconds * 1_000 >= sinceMs);
      return [...new Set(recent.map(({ cluster }) => cluster))].sort();
    },
    revoke: (cluster, key, atMs) => {
      const done = queue.then(() => revoke(cluster, key, atMs));
      queue = done.catch(() => undefined);
      return done;
    },
  };
};

const newest = (revoked: Record['revoked']): Record['revoked'] =>
  Object.fromEntries(
    Object.entries(revoked)
      .sort(([keyA, a], [keyB, b]) => b.atSeconds - a.atSeconds || (keyA < keyB ? -1 : 1))
      .slice(0, revocationsMax),
  );

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
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
};
