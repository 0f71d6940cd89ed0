/** @module A journal in memory: for tests, the simulator and throw-away members. Nothing survives the process. */
import type { KubeObject } from '../object.ts';
import { firstAfter } from './first-after.ts';
import { firstConflict } from './first-conflict.ts';
import { type Gap, gapsMax, isLeftOut } from './gaps.ts';
import { type CommitResult, CompactedError, type Entry, type Journal, type Revision, type StorageKey, type Write } from './port.ts';
import { stamped } from './stamped.ts';

type Live = { readonly revision: Revision; readonly object: KubeObject };

/** A journal whose entries live in an array. Every commit is "durable" at once. */
export const memoryJournal = (): Journal => {
  const live = new Map<StorageKey, Live>();
  let entries: Entry[] = [];
  let floor: Revision = 0;
  let head: Revision = 0;
  let gaps: Gap[] = [];
  let closed = false;
  const waiting = new Set<() => void>();

  const wake = (): void => {
    const woken = [...waiting];
    waiting.clear();
    for (const run of woken) run();
  };

  const commit = async (writes: readonly Write[]): Promise<CommitResult> => {
    if (closed) return { ok: false, why: 'unknown', cause: new Error('the journal is closed') };
    const refused = firstConflict(writes, (key) => live.get(key)?.revision ?? 0);
    if (refused !== undefined) return refused;
    const revisions: Revision[] = [];
    for (const write of writes) {
      head += 1;
      const object = stamped(write.object, head);
      if (write.op === 'put') live.set(write.key, { revision: head, object });
      else live.delete(write.key);
      entries.push({ revision: head, op: write.op, key: write.key, object });
      revisions.push(head);
    }
    wake();
    return { ok: true, revisions };
  };

  const follow = async function* (from: Revision, signal: AbortSignal): AsyncGenerator<Entry> {
    let position = from;
    while (!signal.aborted && !closed) {
      if (position < floor) throw new CompactedError(position, floor);
      const next = entries[firstAfter(entries, position)];
      if (next === undefined) {
        position = Math.max(position, head);
        await pause(waiting, signal);
        continue;
      }
      position = next.revision;
      yield next;
    }
  };

  return {
    commit,
    follow,
    snapshot: async () => ({ revision: head, items: itemsOf([...live]) }),
    floor: () => floor,
    head: () => head,
    advance: async (revision, since) => {
      const before = head;
      if (revision > before) gaps = [...gaps, { from: Math.min(since ?? before, before), to: revision }].slice(-gapsMax);
      head = Math.max(head, revision);
      wake();
      return before;
    },
    isForeign: (revision) => revision > head || isLeftOut(gaps, revision),
    compact: async (revision) => {
      const target = Math.min(revision, head);
      if (target <= floor) return;
      entries = entries.slice(firstAfter(entries, target));
      floor = target;
      wake();
    },
    close: async () => {
      closed = true;
      wake();
    },
  };
};

const itemsOf = async function* (live: readonly [StorageKey, Live][]): AsyncGenerator<{ key: StorageKey; object: KubeObject }> {
  for (const [key, { object }] of live) yield { key, object };
};

const pause = (waiting: Set<() => void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      waiting.delete(done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    waiting.add(done);
    signal.addEventListener('abort', done);
  });
