/**
 * @module Bearer tokens of people and programs, hashed at rest: the file says whose token it is, never the token. A plain SHA-256 is
 * enough, since a token is 256 random bits and not a password.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import type { UserInfo } from '../../../shared/kube/server/options.ts';
import { assert } from '../../../shared/lib/index.ts';
import { sha256 } from '../../../shared/node/sha256.ts';
import { AUTHENTICATED } from './groups.ts';

/** Tokens one file may hold; issuing beyond it is refused. */
export const TOKENS_MAX = 10_000;

/** Longest token that is looked at; longer ones are unknown. */
const TOKEN_LENGTH_MAX = 8_192;

/** One token as it is kept. */
export type TokenRecord = {
  /** What to call it when it is revoked. */
  readonly id: string;
  /** Hex. */
  readonly sha256: string;
  readonly user: string;
  readonly groups: readonly string[];
  /** RFC 3339; absent = for ever. */
  readonly expires?: string;
};

/** The tokens of one file. Other processes may change the file: it is read again when it is newer than what is known. */
export type TokenBook = {
  /** The user of a token; undefined when unknown or expired. */
  readonly userOf: (token: string) => UserInfo | undefined;
  /** Makes a token and keeps its hash. The text is given out once. Throws when the file cannot be written. */
  readonly issue: (owner: { user: string; groups?: readonly string[]; lifetimeMs?: number }) => { id: string; token: string };
  /** True when there was such a token. */
  readonly revoke: (id: string) => boolean;
  readonly list: () => readonly TokenRecord[];
  /** Why the file cannot be read as it stands now; what it held before still holds. */
  readonly fault: () => string | undefined;
};

/** Name of the file in the hub's data directory. */
export const tokenFile = 'tokens.json';

/** Opens the book; a missing file is an empty book. Throws, naming the file, when it is not what we wrote. */
export const openTokenBook = (file: string, nowMs: () => number): TokenBook => {
  let records: readonly TokenRecord[] = [];
  let bySha256 = new Map<string, TokenRecord>();
  let readStamp = '';
  let fault: string | undefined;

  const keep = (next: readonly TokenRecord[]): void => {
    records = next;
    bySha256 = new Map(next.map((record) => [record.sha256, record]));
  };
  /** What is damaged is read once: until it changes again, what was known before holds. */
  const refresh = (): void => {
    const stamp = stampOf(file);
    if (stamp === readStamp) return;
    readStamp = stamp;
    const read = stamp === '' ? { records: [] } : readRecords(file);
    fault = 'fault' in read ? read.fault : undefined;
    if ('records' in read) keep(read.records);
  };
  /** Nothing is written over what cannot be read. */
  const refreshOrThrow = (): void => {
    refresh();
    if (fault !== undefined) throw new Error(fault);
  };
  const save = (next: readonly TokenRecord[]): void => {
    const draft = `${file}.new`;
    writeFileSync(draft, `${JSON.stringify({ tokens: next }, undefined, 2)}\n`, { mode: 0o600 });
    chmodSync(draft, 0o600);
    renameSync(draft, file);
    keep(next);
    readStamp = stampOf(file);
  };
  const isAlive = ({ expires }: TokenRecord): boolean => expires === undefined || Date.parse(expires) > nowMs();

  refreshOrThrow();
  return {
    userOf: (token) => {
      if (token.length > TOKEN_LENGTH_MAX) return undefined;
      refresh();
      const record = bySha256.get(sha256(token));
      if (record === undefined || !isAlive(record)) return undefined;
      return { name: record.user, groups: [...new Set([...record.groups, AUTHENTICATED])] };
    },
    issue: ({ user, groups = [], lifetimeMs }) => {
      refreshOrThrow();
      const alive = records.filter(isAlive);
      if (alive.length >= TOKENS_MAX) throw new Error(`${file} holds ${TOKENS_MAX} tokens already: revoke some first`);
      const id = randomBytes(5).toString('hex');
      const token = `hanse-${id}-${randomBytes(32).toString('base64url')}`;
      const expires = lifetimeMs === undefined ? {} : { expires: new Date(nowMs() + lifetimeMs).toISOString() };
      save([...alive, { id, sha256: sha256(token), user, groups, ...expires }]);
      return { id, token };
    },
    revoke: (id) => {
      refreshOrThrow();
      const left = records.filter((record) => record.id !== id);
      if (left.length === records.length) return false;
      save(left);
      return true;
    },
    list: () => {
      refreshOrThrow();
      return records;
    },
    fault: () => {
      refresh();
      return fault;
    },
  };
};

/** Changes when the file does; '' when there is none. */
const stampOf = (file: string): string => {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.ino}/${stats.mtimeMs}/${stats.size}`;
};

const readRecords = (file: string): { readonly records: readonly TokenRecord[] } | { readonly fault: string } => {
  try {
    const document: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const tokens = typeof document === 'object' && document !== null && 'tokens' in document ? document.tokens : undefined;
    assert(Array.isArray(tokens), 'it has no list "tokens"');
    const records = tokens.map((record: unknown, index) => {
      assert(isRecord(record), `entry ${index} needs id, sha256, user and groups`);
      return record;
    });
    return { records };
  } catch (error) {
    return { fault: `token file ${file} cannot be read (${error instanceof Error ? error.message : error}): mend it or move it away` };
  }
};

const isRecord = (value: unknown): value is TokenRecord => {
  if (typeof value !== 'object' || value === null) return false;
  const { id, sha256, user, groups, expires } = value as Record<string, unknown>;
  const texts = [id, sha256, user].every((text) => typeof text === 'string' && text !== '');
  const inTime = expires === undefined || (typeof expires === 'string' && !Number.isNaN(Date.parse(expires)));
  return texts && inTime && Array.isArray(groups) && groups.every((group) => typeof group === 'string');
};
