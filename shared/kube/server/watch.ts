/** @module Watches: changes of a collection as events, through selectors, with bookmarks, a time limit and a bounded queue. */
import type { KubeObject } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import { type Status, StatusError } from '../status-error.ts';
import { type Change, CompactedError, type Revision, type Stored } from '../storage/index.ts';
import { type Call, fromStorage, prefixFor } from './call.ts';
import type { ServerContext } from './context.ts';
import { type ListOptions, listOptions } from './list-options.ts';
import { awaitRevision, type Filter, filterOf } from './read.ts';
import type { Result } from './result.ts';

/** One event. `stored` is at hand where the event shows an object as it is stored. */
export type WatchedEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly stored: Stored }
  | { readonly type: 'BOOKMARK'; readonly revision: Revision; readonly initialEnd: boolean }
  | { readonly type: 'ERROR'; readonly status: Status };

/** A watch that has not started yet. */
export type Watch = {
  /**
   * Sends events in order until the time is over, then calls `end` once. `send` must not throw; it answers false when its queue is
   * full, which cuts the watch off: `end('overflow')`. The answer stops it without a call of `end`.
   */
  readonly start: (send: (event: WatchedEvent) => boolean, end: (why: 'timeout' | 'error' | 'overflow') => void) => () => void;
};

/** Opens a watch on the call's collection. */
export const watch = async (server: ServerContext, call: Call): Promise<Result> => {
  const options = listOptions(call.query, true);
  const filter = filterOf(call);
  if (options.sendInitialEvents && options.resourceVersion !== undefined) await awaitRevision(server, options.resourceVersion);
  return {
    kind: 'watch',
    type: call.type,
    initialRevision: server.store.revision(),
    watch: { start: (send, end) => start(server, call, options, filter, send, end) },
  };
};

const MS_PER_SECOND = 1_000;
/** Longest time a client may ask for: a day. */
const TIMEOUT_SECONDS_MAX = 86_400;

const start = (
  server: ServerContext,
  call: Call,
  options: ListOptions,
  filter: Filter,
  send: (event: WatchedEvent) => boolean,
  end: (why: 'timeout' | 'error' | 'overflow') => void,
): (() => void) => {
  const { store, env, limits } = server;
  const cleanups: (() => void)[] = [];
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    for (const cleanup of cleanups.splice(0)) cleanup();
  };
  const finish = (why: 'timeout' | 'error' | 'overflow'): void => {
    if (stopped) return;
    stop();
    end(why);
  };
  const deliver = (event: WatchedEvent): void => {
    if (!stopped && !send(event)) finish('overflow');
  };
  const bookmark = (initialEnd = false): void => deliver({ type: 'BOOKMARK', revision: store.revision(), initialEnd });
  const prefix = prefixFor(call.type, call.namespace);
  const from = options.resourceVersion ?? 0;
  try {
    const initial = from === 0 || options.sendInitialEvents;
    if (!initial && from < server.readyAt()) throw new CompactedError(from, server.readyAt());
    if (initial) {
      for (const stored of store.list(prefix))
        if (filter.matches(fromStorage(call.type, stored.object))) deliver({ type: 'ADDED', stored });
    }
    if (options.sendInitialEvents && options.allowWatchBookmarks) bookmark(true);
    cleanups.push(store.watch(prefix, initial ? store.revision() : from, (change) => transition(call.type, filter, change, deliver)));
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    deliver({ type: 'ERROR', status: tooOld(from, error.floor) });
    finish('error');
    return stop;
  }
  const timeoutMs =
    options.timeoutSeconds === undefined || options.timeoutSeconds <= 0
      ? Math.round(limits.watchTimeoutMs * (1 + env.random()))
      : Math.min(options.timeoutSeconds, TIMEOUT_SECONDS_MAX) * MS_PER_SECOND;
  cleanups.push(
    env.setTimer(timeoutMs, () => {
      // The last word tells a client that sees few events how far it has come.
      if (options.allowWatchBookmarks && from <= store.revision()) bookmark();
      finish('timeout');
    }),
  );
  if (options.allowWatchBookmarks) every(server, limits.bookmarkEveryMs, bookmark, cleanups);
  if (stopped) stop();
  return stop;
};

const every = (server: ServerContext, periodMs: number, run: () => void, cleanups: (() => void)[]): void => {
  let cancel = (): void => undefined;
  const arm = (): void => {
    cancel = server.env.setTimer(periodMs, () => {
      arm();
      run();
    });
  };
  arm();
  cleanups.push(() => cancel());
};

/** What a change looks like through the selectors: entering is ADDED, leaving is DELETED. */
const transition = (type: ResourceType, filter: Filter, change: Change, deliver: (event: WatchedEvent) => void): void => {
  const passes = ({ object }: Stored): boolean => filter.everything || filter.matches(fromStorage(type, object));
  const was = change.previous !== undefined && passes(change.previous);
  const is = change.op === 'put' && passes(change.current);
  if (is) deliver({ type: was ? 'MODIFIED' : 'ADDED', stored: change.current });
  else if (was && change.op === 'delete') deliver({ type: 'DELETED', stored: change.current });
  else if (was && change.previous !== undefined) deliver({ type: 'DELETED', stored: lastSeen(change.previous, change) });
};

/** An object that left the selectors is shown as it was last seen, with the revision at which it left. */
const lastSeen = (previous: Stored, change: Change): Stored => {
  const metadata = { ...previous.object.metadata, resourceVersion: String(change.revision) };
  const object: KubeObject = { ...previous.object, metadata };
  return { key: previous.key, revision: change.revision, object, json: JSON.stringify(object) };
};

const tooOld = (from: Revision, floor: Revision): Status =>
  new StatusError(410, 'Expired', `too old resource version: ${from} (${floor})`).status;
