/** @module The watch cache: the journal's live objects in memory, a window of recent changes, and the watchers of both. */
import { assert, type RuntimeEnv } from '../../lib/index.ts';
import type { KubeObject } from '../object.ts';
import { type Bucket, createBucket } from './bucket.ts';
import { afterOf, bucketOf, endOf } from './key.ts';
import { type CommitResult, CompactedError, type Entry, type Journal, type Revision, type StorageKey, type Write } from './port.ts';
import type { Change, ChangeSink, Store, Stored } from './store.ts';
import { createWindow, type WindowLimits } from './window.ts';

/** Settings of {@link createStore}. */
export type StoreOptions = {
  readonly env: Pick<RuntimeEnv, 'nowMs' | 'log'>;
  /** How many recent changes are kept for watches and old lists; older ones answer 410. */
  readonly windowChangesMax?: number;
  /** Of those, only so many that their objects take this much memory (roughly), the newest ones. */
  readonly windowBytesMax?: number;
  /** A commit that takes longer is logged with its keys. */
  readonly slowCommitMs?: number;
};

/** A store that can be stopped. */
export type OpenStore = Store & {
  /** Stops following the journal (which stays open); pending `reached` calls reject. */
  readonly close: () => Promise<void>;
  /** Resolves with the error when the journal broke off and the cache no longer moves; never when it is closed. */
  readonly broken: Promise<unknown>;
};

const WINDOW_CHANGES_MAX = 10_000;
const WINDOW_BYTES_MAX = 16_777_216;
const SLOW_COMMIT_MS = 1_000;

/** Fills a cache from the journal's snapshot and keeps it moving. Rejects when the snapshot cannot be read. */
export const createStore = async (journal: Journal, options: StoreOptions): Promise<OpenStore> => {
  const snapshot = await journal.snapshot();
  const state = createState(snapshot.revision, {
    changesMax: options.windowChangesMax ?? WINDOW_CHANGES_MAX,
    bytesMax: options.windowBytesMax ?? WINDOW_BYTES_MAX,
  });
  const initial: Stored[] = [];
  for await (const { key, object } of snapshot.items) initial.push(storedOf(key, object));
  state.load(initial);
  const abort = new AbortController();
  const { promise: broken, resolve: breakOff } = Promise.withResolvers<unknown>();
  const following = (async () => {
    for await (const entry of journal.follow(snapshot.revision, abort.signal)) state.apply(entry);
  })().catch((error: unknown) => {
    if (abort.signal.aborted) return;
    options.env.log.error('the store lost its journal', { error });
    state.fail(error);
    breakOff(error);
  });
  return {
    ...state.reads,
    commit: (writes) => timedCommit(journal, state.reads, writes, options),
    advance: async (revision, since) => {
      await state.reads.reached(await journal.advance(revision, since));
      state.advance(revision);
    },
    isForeign: journal.isForeign,
    close: async () => {
      abort.abort();
      state.fail(new Error('the store is closed'));
      await following;
    },
    broken,
  };
};

const timedCommit = async (
  journal: Journal,
  reads: { reached: (revision: Revision) => Promise<void> },
  writes: readonly Write[],
  { env, slowCommitMs = SLOW_COMMIT_MS }: StoreOptions,
): Promise<CommitResult> => {
  const startedMs = env.nowMs();
  const result = await journal.commit(writes);
  const last = result.ok ? result.revisions[result.revisions.length - 1] : undefined;
  if (last !== undefined) await reads.reached(last);
  const tookMs = env.nowMs() - startedMs;
  if (tookMs > slowCommitMs)
    env.log.warn('slow commit', { tookMs, keys: writes.slice(0, 10).map((write) => write.key), writes: writes.length });
  return result;
};

type State = {
  readonly reads: Omit<Store, 'commit' | 'advance' | 'isForeign'>;
  readonly load: (initial: readonly Stored[]) => void;
  readonly apply: (entry: Entry) => void;
  readonly advance: (revision: Revision) => void;
  readonly fail: (error: unknown) => void;
};

type Watcher = { readonly prefix: string; readonly from: Revision; readonly sink: ChangeSink };

const createState = (start: Revision, limits: WindowLimits): State => {
  const live = new Map<StorageKey, Stored>();
  const buckets = new Map<string, Bucket>();
  const window = createWindow(start, limits);
  /** Watchers by bucket; those of a shorter prefix stand under ''. */
  const watchers = new Map<string, Set<Watcher>>();
  /** By revision: of hundreds that wait for one batch, each entry looks at those that it ends. */
  const waits: { revision: Revision; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let failure: { error: unknown } | undefined;
  let revision = start;

  const bucketFor = (key: StorageKey): Bucket => {
    const name = bucketOf(key);
    assert(name !== undefined, `bad key ${key}`);
    const known = buckets.get(name);
    if (known !== undefined) return known;
    const fresh = createBucket();
    buckets.set(name, fresh);
    return fresh;
  };

  const dispatch = (change: Change): void => {
    for (const group of [bucketOf(change.key) ?? '', '']) {
      for (const watcher of watchers.get(group) ?? []) {
        if (change.revision > watcher.from && change.key.startsWith(watcher.prefix)) watcher.sink(change);
      }
    }
  };

  const apply = (entry: Entry): void => {
    assert(entry.revision > revision, `entry ${entry.revision} came after ${revision}`);
    const current = storedOf(entry.key, entry.object);
    const change: Change = { revision: entry.revision, op: entry.op, key: entry.key, current, previous: live.get(entry.key) };
    if (entry.op === 'put') {
      live.set(entry.key, current);
      bucketFor(entry.key).set(current);
    } else {
      live.delete(entry.key);
      bucketFor(entry.key).remove(entry.key);
    }
    revision = entry.revision;
    window.push(change, entry.textLength);
    dispatch(change);
    let ended = 0;
    for (let wait = waits[0]; wait !== undefined && wait.revision <= revision; wait = waits[++ended]) wait.resolve();
    if (ended > 0) waits.splice(0, ended);
  };

  const list: Store['list'] = (prefix, { after, limit = Number.MAX_SAFE_INTEGER } = {}) => {
    const from = after === undefined ? prefix : afterOf(after);
    const name = bucketOf(prefix);
    if (name !== undefined) return buckets.get(name)?.range(from, endOf(prefix), limit) ?? [];
    const found: Stored[] = [];
    for (const bucketName of [...buckets.keys()].sort()) found.push(...(buckets.get(bucketName)?.range(from, endOf(prefix), limit) ?? []));
    return found.slice(0, limit);
  };

  const watch: Store['watch'] = (prefix, from, sink) => {
    for (const change of window.since(from)) if (change.key.startsWith(prefix)) sink(change);
    const group = bucketOf(prefix) ?? '';
    const watcher: Watcher = { prefix, from: Math.max(from, revision), sink };
    const set = watchers.get(group) ?? new Set<Watcher>();
    watchers.set(group, set.add(watcher));
    return () => {
      set.delete(watcher);
      if (set.size === 0 && watchers.get(group) === set) watchers.delete(group);
    };
  };

  const reached: Store['reached'] = (target) => {
    if (revision >= target) return Promise.resolve();
    if (failure !== undefined) return Promise.reject(failure.error);
    return new Promise((resolve, reject) => {
      const later = waits.findLastIndex((wait) => wait.revision <= target) + 1;
      waits.splice(later, 0, { revision: target, resolve, reject });
    });
  };

  return {
    apply,
    advance: (to) => {
      revision = Math.max(revision, to);
      window.raise(to);
    },
    load: (initial) => {
      const groups = Map.groupBy(initial, (stored) => bucketOf(stored.key) ?? '');
      for (const [name, members] of groups) buckets.set(name, createBucket(members));
      for (const stored of initial) live.set(stored.key, stored);
    },
    fail: (error) => {
      failure ??= { error };
      for (const wait of waits.splice(0)) wait.reject(error);
    },
    reads: {
      revision: () => revision,
      floor: window.floor,
      get: (key) => live.get(key),
      list,
      count: (prefix) => {
        const name = bucketOf(prefix);
        return name === undefined ? list(prefix).length : (buckets.get(name)?.count(prefix, endOf(prefix)) ?? 0);
      },
      listAt: (at, prefix, page = {}) => {
        if (at < window.floor()) throw new CompactedError(at, window.floor());
        return undone(list(prefix, page.after === undefined ? {} : { after: page.after }), window.since(at), prefix, page);
      },
      watch,
      reached,
    },
  };
};

/** `now` with `changes` taken back, newest first. */
const undone = (
  now: readonly Stored[],
  changes: readonly Change[],
  prefix: string,
  { after = '', limit = Number.MAX_SAFE_INTEGER }: { after?: StorageKey; limit?: number },
): readonly Stored[] => {
  const before = new Map<StorageKey, Stored | undefined>();
  for (const change of changes) {
    // The earliest change after the asked revision knows the state at it.
    if (change.key > after && change.key.startsWith(prefix) && !before.has(change.key)) before.set(change.key, change.previous);
  }
  if (before.size === 0) return now.slice(0, limit);
  const kept = now.filter((stored) => !before.has(stored.key));
  for (const stored of before.values()) if (stored !== undefined) kept.push(stored);
  return kept.sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, limit);
};

/** Text is made when first asked for: most objects are read by loops and never listed. */
const storedOf = (key: StorageKey, object: KubeObject): Stored => {
  let text: string | undefined;
  return {
    key,
    revision: Number(object.metadata.resourceVersion),
    object,
    get json() {
      text ??= JSON.stringify(object);
      return text;
    },
  };
};
