/** @module The fleet account's claims as they stand: who is revoked. Written to disk before they are pushed, so that a crash forgets nothing. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FleetIdentity } from './fleet-identity.ts';
import { fleetAccountJwt, type Revocations } from './jwt.ts';

/** Oldest revocations beyond this are dropped; by then their credentials have long expired. */
export const revocationsMax = 10_000;

/** The account's claims; one writer at a time. */
export interface AccountBook {
  /** The JWT to preload and push. */
  jwt(): string;
  /** When a key was revoked, in seconds since the epoch; undefined = it is not. */
  revokedAtSeconds(userPublicKey: string): number | undefined;
  /** Refuses every credential of this key issued until now, durably; answers the new JWT. */
  revoke(userPublicKey: string, nowMs: number): Promise<string>;
}

type Record = { readonly issuedAtSeconds: number; readonly revocations: Revocations };

const isRecord = (value: unknown): value is Record =>
  typeof value === 'object' &&
  value !== null &&
  'issuedAtSeconds' in value &&
  Number.isSafeInteger(value.issuedAtSeconds) &&
  'revocations' in value &&
  typeof value.revocations === 'object' &&
  value.revocations !== null &&
  Object.values(value.revocations).every((at) => Number.isSafeInteger(at));

/** Opens the book in `folder`, or begins it. @throws Error when the file is damaged: forgetting revocations would let the revoked in. */
export const openAccountBook = async (folder: string, identity: FleetIdentity, nowMs: number): Promise<AccountBook> => {
  const file = join(folder, 'revocations.json');
  let record = await readRecord(file);
  if (record === undefined) {
    record = { issuedAtSeconds: Math.floor(nowMs / 1_000), revocations: {} };
    await writeRecord(file, record);
  }
  let current: Record = record;
  const sign = (): string =>
    fleetAccountJwt(identity.operator, identity.account.publicKey, { agentScope: identity.agentScope.publicKey, ...current });
  let jwt = sign();
  let queue: Promise<unknown> = Promise.resolve();
  const revoke = async (key: string, atMs: number): Promise<string> => {
    const at = Math.floor(atMs / 1_000);
    // Servers keep the claims with the latest issue time; a clock that went back must not lose to an older push.
    const next: Record = {
      issuedAtSeconds: Math.max(at, current.issuedAtSeconds),
      revocations: newest({ ...current.revocations, [key]: at }),
    };
    await writeRecord(file, next);
    current = next;
    jwt = sign();
    return jwt;
  };
  return {
    jwt: () => jwt,
    revokedAtSeconds: (key) => (Object.hasOwn(current.revocations, key) ? current.revocations[key] : undefined),
    revoke: (key, atMs) => {
      const done = queue.then(() => revoke(key, atMs));
      queue = done.catch(() => undefined);
      return done;
    },
  };
};

const newest = (revocations: Revocations): Revocations =>
  Object.fromEntries(
    Object.entries(revocations)
      .sort(([keyA, a], [keyB, b]) => b - a || (keyA < keyB ? -1 : 1))
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
