/** @module The embedded journal: the contract of `shared/kube/storage/port.ts` over one SQLite file. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../../shared/kube/object.ts';
import {
  type CommitResult,
  CompactedError,
  type Entry,
  type Gap,
  gapsMax,
  isLeftOut,
  type Journal,
  type Revision,
  type StorageKey,
} from '../../shared/kube/storage/index.ts';
import type { Log } from '../../shared/lib/index.ts';
import { createCommitQueue } from './commit-queue.ts';
import { type Handle, openHandle, prepareDatabase, readMeta } from './database.ts';
import { type HistoryQuery, type HistoryRecord, queryHistory } from './history.ts';
import { PAGE_ROWS_MAX } from './limits.ts';
import { lockDirectory } from './lock.ts';
import { ownersFile } from './owners-file.ts';
import { writerStatements } from './statements.ts';
import { commitRefusal, storeErrorOf } from './store-error.ts';
import { createTail } from './tail.ts';
import { createTrouble } from './trouble.ts';
import { type HistoryRetention, rowList } from './writer.ts';
import { startWriter, WriterError } from './writer-link.ts';

/** Where and how the journal lives. */
export type SqliteJournalOptions = {
  /** Made when it is missing. Holds `NAME.db` and its companions, nothing else of the hub is touched. */
  readonly directory: string;
  /** Name of the files; default: `hub`. Files of that default that are there already are opened, whatever this says. */
  readonly name?: string;
  readonly nowMs: () => number;
  /** Told when writes begin to fail, and once a minute while they do. */
  readonly log: Log;
  /** Names a new federation. */
  readonly uuid: () => string;
  /** Cap of the database file in bytes; absent = the disk's. */
  readonly bytesMax?: number;
  /** Key prefixes whose states stay in the history, not only the fact that they were written. */
  readonly keepStatesOf?: readonly string[];
};

/** The journal with what only this driver has. */
export interface SqliteJournal extends Journal {
  /** UID of the federation, made with the file. */
  readonly clusterUid: string;
  /** Past writes, newest first. */
  history(query: HistoryQuery): readonly HistoryRecord[];
  /** The newest revision written at or before this time; 0 when there is none. */
  revisionAt(timeMs: number): Revision;
  /** Drops history past its retention. */
  pruneHistory(retention: HistoryRetention): Promise<void>;
  /** Why writes are refused now, with the file and the mend; undefined while they are stored. */
  fault(): string | undefined;
  /** For metrics. */
  figures(): { readonly queuedWrites: number; readonly liveObjects: number };
}

const defaultName = 'hub';

/** Decisions stay readable after they were replaced. */
const keptByDefault: readonly string[] = ['hanse.dev/placements/'];

/**
 * Opens the journal in a directory and holds the directory until `close`. Throws a StoreError that says what is wrong and how to
 * mend it: in use, not writable, full, damaged, written by a newer version.
 */
export const openSqliteJournal = (options: SqliteJournalOptions): SqliteJournal => {
  const { directory } = options;
  const name = existsSync(join(directory, `${defaultName}.db`)) ? defaultName : (options.name ?? defaultName);
  const file = join(directory, `${name}.db`);
  const opened = named(file, () => openFiles(options, name, file));
  const trouble = createTrouble(options);
  const { handle, unlock, revisions } = opened;
  const writer = startWriter({ file, bytesMax: options.bytesMax, statements: writerStatements(handle) });
  const keepStatesOf = options.keepStatesOf ?? keptByDefault;
  const tail = createTail(opened.head);
  const closing = new AbortController();
  let floor = opened.floor;
  let gaps = opened.gaps;

  const queue = createCommitQueue({
    revisions,
    head: tail.head,
    nowMs: options.nowMs,
    keepState: (key) => keepStatesOf.some((prefix) => key.startsWith(prefix)),
    append: async (rows) => {
      await writer.send({ kind: 'append', rows: rowList(rows) });
      trouble.ended();
    },
    committed: tail.push,
    failed: (error) => {
      if (isUncertain(error)) return { result: { ok: false, why: 'unknown', cause: error } };
      const refusal = commitRefusal(error);
      trouble.refused(refusal.message);
      return { refusal };
    },
  });
  const readLog = logReader(handle);

  const follow = async function* (from: Revision, signal: AbortSignal): AsyncGenerator<Entry> {
    let position = from;
    const either = AbortSignal.any([signal, closing.signal]);
    while (!either.aborted) {
      if (position < floor) throw new CompactedError(position, floor);
      const head = tail.head();
      const page = tail.after(position) ?? readLog(position, head);
      if (page.length === 0) {
        // Revisions that were left out have no entries: whoever has read all before them is beyond them.
        position = Math.max(position, head);
        await tail.changed(either);
      }
      for (const entry of page) {
        if (either.aborted) return;
        position = entry.revision;
        yield entry;
      }
    }
  };

  return {
    clusterUid: opened.clusterUid,
    commit: async (writes): Promise<CommitResult> =>
      closing.signal.aborted ? { ok: false, why: 'unknown', cause: new Error('the journal is closed') } : queue.commit(writes),
    follow,
    snapshot: async () => named(file, () => openSnapshot(file)),
    floor: () => floor,
    head: tail.head,
    advance: (revision, since) =>
      queue.between(async () => {
        const before = tail.head();
        if (revision > before) {
          const next = [...gaps, { from: Math.min(since ?? before, before), to: revision }].slice(-gapsMax);
          await writer.send({ kind: 'keepGaps', gaps: next });
          gaps = next;
          tail.advance(revision);
        }
        return before;
      }),
    isForeign: (revision) => revision > tail.head() || isLeftOut(gaps, revision),
    compact: async (revision) => {
      const target = Math.min(revision, tail.head());
      if (target <= floor) return;
      // Raised first: no reader may count on entries that are about to go.
      floor = target;
      tail.ring();
      while (await writer.send({ kind: 'compact', revision: target }));
    },
    history: (query) => queryHistory(handle, query),
    revisionAt: revisionAtReader(handle),
    pruneHistory: async (retention) => {
      while (await writer.send({ kind: 'pruneHistory', retention }));
    },
    fault: trouble.fault,
    figures: () => ({ queuedWrites: queue.depth(), liveObjects: revisions.size }),
    close: async () => {
      if (closing.signal.aborted) return;
      closing.abort();
      try {
        await queue.drained();
        handle.close();
        await writer.close();
      } finally {
        unlock();
      }
    },
  };
};

type Opened = {
  readonly handle: Handle;
  readonly unlock: () => void;
  readonly revisions: Map<StorageKey, Revision>;
  readonly head: Revision;
  readonly floor: Revision;
  readonly gaps: readonly Gap[];
  readonly clusterUid: string;
};

/** Takes the directory and reads what is needed at once; gives everything back when something is wrong. */
const openFiles = ({ directory, uuid, bytesMax }: SqliteJournalOptions, name: string, file: string): Opened => {
  const undo: (() => void)[] = [];
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const unlock = lockDirectory(directory, name);
    undo.push(unlock);
    const handle = openHandle(ownersFile(file), bytesMax);
    undo.push(() => handle.close());
    prepareDatabase(handle, file, uuid);
    const floor = Number(readMeta(handle, 'floor'));
    const gaps = readGaps(handle);
    const newest = handle.prepare('SELECT max(revision) FROM log').pluck().get();
    const keys = handle.prepare('SELECT key, revision FROM objects').raw().all() as [StorageKey, Revision][];
    return {
      handle,
      unlock,
      revisions: new Map(keys),
      head: Math.max(floor, Number(newest ?? 0), gaps.at(-1)?.to ?? 0),
      floor,
      gaps,
      clusterUid: readMeta(handle, 'clusterUid') ?? '',
    };
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
};

/** What goes wrong with the file names it, and the mend. */
const named = <T>(file: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw storeErrorOf(error, file) ?? error;
  }
};

const readGaps = (handle: Handle): readonly Gap[] => JSON.parse(readMeta(handle, 'gaps') ?? '[]');

type LogRow = { readonly revision: Revision; readonly op: 'put' | 'delete'; readonly key: StorageKey; readonly json: string };

/** Reads pages of the log; never past `head`, since a row may be on disk before its commit is answered. */
const logReader = (handle: Handle): ((position: Revision, head: Revision) => readonly Entry[]) => {
  const select = handle.prepare('SELECT revision, op, key, json FROM log WHERE revision > ? AND revision <= ? ORDER BY revision LIMIT ?');
  return (position, head) =>
    (select.all(position, head, PAGE_ROWS_MAX) as LogRow[]).map(({ json, ...row }) => ({ ...row, object: JSON.parse(json) as KubeObject }));
};

const revisionAtReader = (handle: Handle): ((timeMs: number) => Revision) => {
  const select = handle
    .prepare('SELECT max(revision) FROM (SELECT revision FROM history WHERE at_ms <= ? ORDER BY at_ms DESC LIMIT 1000)')
    .pluck();
  return (timeMs) => Number(select.get(timeMs) ?? 0);
};

/** All live objects as of now, read page by page within one read transaction on a handle of its own. */
const openSnapshot = (file: string): Awaited<ReturnType<Journal['snapshot']>> => {
  const handle = openHandle(file);
  handle.exec('BEGIN');
  const newest = Number(handle.prepare('SELECT max(revision) FROM log').pluck().get() ?? 0);
  const revision = Math.max(newest, Number(readMeta(handle, 'floor')), readGaps(handle).at(-1)?.to ?? 0);
  const page = handle.prepare('SELECT key, json FROM objects WHERE key > ? ORDER BY key LIMIT ?');
  const items = async function* (): AsyncGenerator<{ key: StorageKey; object: KubeObject }> {
    try {
      let last = '';
      for (;;) {
        const rows = page.all(last, PAGE_ROWS_MAX) as { key: StorageKey; json: string }[];
        for (const { key, json } of rows) yield { key, object: JSON.parse(json) as KubeObject };
        if (rows.length < PAGE_ROWS_MAX) return;
        last = rows.at(-1)?.key ?? '';
      }
    } finally {
      handle.close();
    }
  };
  return { revision, items: items() };
};

/** After a failed sync, or a writer that died at work, nobody can tell what the disk holds. */
const isUncertain = (error: unknown): boolean => error instanceof WriterError && (error.ended || error.code.startsWith('SQLITE_IOERR'));
