/** @module When it is written on a Placement which of its replicas are not ready: what is only starting is not told. */

import { type UnreadyCluster, unreadyMax } from '../../../shared/api/index.ts';
import type { StorageKey } from '../../../shared/kube/storage/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';

/** Replicas that become ready sooner are not told; nor is one Placement written more often. */
const tellAfterMs = 5_000;
/** What is known of those that stay so is looked at again, for what reports of capacity tell of them. */
const lookEveryMs = 30_000;

/** What to do of one Placement now. */
export type UnreadyLook = {
  /** To be written; undefined = what is written stands. */
  readonly write: readonly UnreadyCluster[] | undefined;
  /** When to look again. */
  readonly againMs: number | undefined;
};

/** Tells what has lasted. */
export type UnreadyTeller = {
  readonly look: (key: StorageKey, found: readonly UnreadyCluster[], written: readonly UnreadyCluster[] | undefined) => UnreadyLook;
  readonly forget: (key: StorageKey) => void;
};

/** A teller that knows of nothing yet. */
export const createUnreadyTeller = (nowMs: () => number): UnreadyTeller => {
  const since = new Map<StorageKey, number>();
  return {
    look: (key, found, written = []) => {
      const next = found.slice(0, unreadyMax);
      if (sameJson(next, written)) {
        since.delete(key);
        return { write: undefined, againMs: next.length === 0 ? undefined : lookEveryMs };
      }
      const sinceMs = since.get(key) ?? nowMs();
      const restMs = next.length === 0 ? 0 : sinceMs + tellAfterMs - nowMs();
      if (restMs > 0) {
        since.set(key, sinceMs);
        return { write: undefined, againMs: restMs };
      }
      since.delete(key);
      return { write: next, againMs: next.length === 0 ? undefined : lookEveryMs };
    },
    forget: (key) => void since.delete(key),
  };
};
