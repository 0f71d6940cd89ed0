/** @module Where the agent keeps its keys and its admission, so that a restart needs neither token nor hub. */
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../shared/node/index.ts';
import { sha256 } from '../../shared/node/sha256.ts';
import { clusterNameFault } from '../../shared/wire/cluster-name.ts';
import type { JoinAnswer } from '../../shared/wire/messages.ts';
import { type AgentKeys, agentKeysFrom, makeAgentKeys, type SecretKeys } from './keys.ts';

/** What the hub said when it admitted the agent. */
export type Admitted = Omit<Extract<JoinAnswer, { state: 'Admitted' }>, 'v' | 'state'>;

/** All that is kept. */
export type KeptLink = SecretKeys & {
  readonly v: 1;
  readonly cluster: string;
  /** SHA-256 of the token that the keys were last shown with before they were admitted, hexadecimal; absent = none. */
  readonly tokenHash?: string;
  readonly admitted?: Admitted;
};

/** A place for one secret text: a file here, a Secret in a member cluster. */
export interface KeyStore {
  /** Undefined when there is none yet. */
  load(): Promise<string | undefined>;
  save(text: string): Promise<void>;
  /** Removes what was made for a join that came to nothing; absent = it stays for the next try. */
  forget?(): Promise<void>;
  /** For messages: where it is. */
  readonly place: string;
  /** For messages: the command that removes it. */
  readonly removal: string;
}

/** Where the hub's CA is kept for the agent of a key file, and what it knows of the other clusters. */
export const besideKeys = (keyFile: string): { readonly hubCa: string; readonly mesh: string } => ({
  hubCa: `${keyFile}.hub-ca.pem`,
  mesh: `${keyFile}.mesh`,
});

/** Makes the folder that a key file lies in. @throws Error that names it and the mend. */
export const makeKeyFolder = (keyFile: string): Promise<void> =>
  makeFolder(dirname(keyFile), { what: "the folder of the agent's keys", mend: 'name another file with --key-file' });

/** A file of mode 0600, replaced at once. */
export const fileKeyStore = (path: string): KeyStore => ({
  place: path,
  removal: `rm '${path}'`,
  load: async () => {
    try {
      const text = await readFile(path, 'utf8');
      await chmod(path, 0o600);
      return text;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  },
  save: async (text) => {
    await makeKeyFolder(path);
    await rm(`${path}.new`, { force: true });
    await writeFile(`${path}.new`, text, { mode: 0o600, flush: true });
    await rename(`${path}.new`, path);
  },
  forget: async () => {
    const { hubCa, mesh } = besideKeys(path);
    for (const file of [path, hubCa, mesh]) await rm(file, { force: true });
  },
});

/** Removes what was kept beside a key file that was never made: a start that failed before leaves nothing. */
export const forgetBeside = async (keyFile: string): Promise<void> => {
  const store = fileKeyStore(keyFile);
  if ((await store.load()) === undefined) await store.forget?.();
};

/** Keys, what is kept with them, and whether they were made just now. */
export type OpenedKeys = { readonly keys: AgentKeys; readonly kept: KeptLink; readonly isNew: boolean };

/** New keys in the place of what is kept, to be shown with the token. */
export const makeKeys = async (store: KeyStore, cluster: string, token: string | undefined): Promise<OpenedKeys> => {
  const keys = makeAgentKeys();
  const kept: KeptLink = { v: 1, cluster, ...keys.secret, ...(token === undefined ? {} : { tokenHash: sha256(token) }) };
  await store.save(JSON.stringify(kept));
  return { keys, kept, isNew: true };
};

/** The kept keys, to be shown to the hub with another token: who let them in before no longer counts. */
export const joiningAnew = async (store: KeyStore, { keys, kept }: OpenedKeys, token: string): Promise<OpenedKeys> => {
  const { admitted: _, ...rest } = kept;
  const next: KeptLink = { ...rest, tokenHash: sha256(token) };
  await store.save(JSON.stringify(next));
  return { keys, kept: next, isNew: false };
};

/**
 * The token is another than the one that the kept keys joined with: somebody made it for a new join. Of keys that joined before tokens were
 * remembered it is not known, so that an agent which only starts again never joins by itself under a Cluster's name that was deleted.
 */
export const isFreshToken = ({ tokenHash, admitted }: KeptLink, token: string | undefined): boolean =>
  token !== undefined && admitted !== undefined && tokenHash !== undefined && tokenHash !== sha256(token);

/** What is kept, or new keys (`isNew`), stored before they are used. @throws Error when what is kept is damaged or of another cluster. */
export const openKeys = async (store: KeyStore, cluster: string, token?: string): Promise<OpenedKeys> => {
  const text = await store.load();
  if (text === undefined) return makeKeys(store, cluster, token);
  const kept = parse(text);
  if (kept === undefined) throw new Error(`${store.place} is not an agent's key file: restore it, or remove it to join with a new key`);
  if (kept.cluster !== cluster) throw new Error(otherClusterText(store, kept.cluster, cluster));
  const keys = agentKeysFrom(kept);
  if (token === undefined || kept.admitted !== undefined || kept.tokenHash === sha256(token)) return { keys, kept, isNew: false };
  const shown: KeptLink = { ...kept, tokenHash: sha256(token) };
  await store.save(JSON.stringify(shown));
  return { keys, kept: shown, isNew: false };
};

/** A key of a name that no hub lets in serves nobody; any other may be that of an agent at work. */
const otherClusterText = ({ place, removal }: KeyStore, owner: string, cluster: string): string =>
  clusterNameFault(owner) === undefined
    ? `${place} is the key of cluster ${owner}, not ${cluster}: use --name ${owner}; or keep the key of ${cluster} elsewhere with --key-file FILE`
    : `${place} is the key of ${JSON.stringify(owner)}, which is no name that a cluster can have: remove it with: ${removal}   then start the agent again`;

const parse = (text: string): KeptLink | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    const kept = value as KeptLink;
    const isKept =
      typeof value === 'object' &&
      value !== null &&
      typeof kept.seed === 'string' &&
      typeof kept.sealingKey === 'string' &&
      typeof kept.cluster === 'string';
    return isKept ? kept : undefined;
  } catch {
    return undefined;
  }
};
