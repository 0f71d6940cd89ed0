/** @module The hub's secret identity: operator, accounts, and the key that signs work. Files of mode 0600. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { NkeyRole } from '../../../shared/wire/nkey.ts';
import { derivedSigningKey, makeSigningKey, type SigningKey, signingKeyFromSeed } from './keys.ts';

/** All keys of one federation. Losing them means that every agent joins again; leaking them gives the federation away. */
export type FleetIdentity = {
  readonly operator: SigningKey;
  readonly system: SigningKey;
  /** The hub's own account, which holds the streams; the accounts of clusters are derived from its key. */
  readonly account: SigningKey;
  /** Signs desired work; agents learn its public key when they are admitted. */
  readonly work: SigningKey;
};

const roles: Readonly<Record<keyof FleetIdentity, NkeyRole>> = {
  operator: 'operator',
  system: 'account',
  account: 'account',
  work: 'user',
};
const names = Object.keys(roles) as (keyof FleetIdentity)[];

const fileOf = (folder: string, name: keyof FleetIdentity): string => join(folder, `${name}.seed`);

/** The key of the account that a cluster has for itself; it signs the cluster's users. */
export const clusterAccountKey = (identity: Pick<FleetIdentity, 'account'>, cluster: string): SigningKey =>
  derivedSigningKey('account', identity.account, `hanse/cluster-account/v1/${cluster}`);

/** New keys, not stored. */
export const makeFleetIdentity = (): FleetIdentity => fromKeys((name) => makeSigningKey(roles[name]));

const fromKeys = (key: (name: keyof FleetIdentity) => SigningKey): FleetIdentity => ({
  operator: key('operator'),
  system: key('system'),
  account: key('account'),
  work: key('work'),
});

/**
 * Reads the identity from `folder`, or makes one there (all files appear at once). @throws Error when some files are missing or damaged:
 * a new key beside old ones would lock every agent out.
 */
export const loadFleetIdentity = async (folder: string): Promise<FleetIdentity> => {
  const present = await readdir(folder).catch(() => []);
  const seeds = present.filter((name) => name.endsWith('.seed'));
  if (seeds.length === 0) return createIn(folder);
  const missing = names.filter((name) => !seeds.includes(`${name}.seed`));
  if (missing.length > 0) {
    throw new Error(
      `the hub's identity in ${folder} lacks ${missing.join(', ')}: restore the files from a backup, or move the folder away to start a new federation (every agent must join again)`,
    );
  }
  const read = await Promise.all(names.map(async (name) => [name, await readSeed(folder, name)] as const));
  const keys = new Map(read);
  return fromKeys((name) => {
    const key = keys.get(name);
    if (key === undefined) throw new Error(`${name} was not read`);
    return key;
  });
};

const readSeed = async (folder: string, name: keyof FleetIdentity): Promise<SigningKey> => {
  const file = fileOf(folder, name);
  try {
    await chmod(file, 0o600);
    return signingKeyFromSeed(roles[name], await readFile(file, 'utf8'));
  } catch (error) {
    throw new Error(`the hub's key ${file} cannot be read: restore it from a backup`, { cause: error });
  }
};

const createIn = async (folder: string): Promise<FleetIdentity> => {
  const identity = makeFleetIdentity();
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  const scratch = await mkdtemp(join(dirname(folder), 'identity-'));
  for (const name of names) await writeFile(fileOf(scratch, name), `${identity[name].seed}\n`, { mode: 0o600 });
  await rm(folder, { recursive: true, force: true });
  await rename(scratch, folder);
  return identity;
};
