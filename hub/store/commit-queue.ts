/**
 * @module Group commit: commits that wait together share one transaction and one fsync. Each is checked against the revisions that the
 * ones before it leave, so each is atomic by itself, and none is answered before the disk has it.
 */
import type { KubeObject, ManagedFieldsEntry } from '../../shared/kube/object.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import {
  assertDistinct,
  type CommitResult,
  type Entry,
  firstConflict,
  type Revision,
  type StorageKey,
  stamped,
  type Write,
} from '../../shared/kube/storage/index.ts';
import { BATCH_BYTES_MAX, BATCH_WRITES_MAX, QUEUE_WRITES_MAX } from './limits.ts';
import type { Row } from './writer.ts';

type Pending = {
  readonly writes: readonly Write[];
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
};
type Batch = {
  readonly answers: (() => void)[];
  readonly members: Pending[];
  readonly rows: Row[];
  readonly entries: Entry[];
  readonly changes: Map<StorageKey, Revision>;
};

/** What the queue needs of its journal. */
export type CommitQueueOptions = {
  /** Revision of each live key; the queue keeps it up to date. */
  readonly revisions: Map<StorageKey, Revision>;
  readonly head: () => Revision;
  readonly nowMs: () => number;
  readonly keepState: (key: StorageKey) => boolean;
  /** Makes the rows durable, or rejects and stores none. */
  readonly append: (rows: readonly Row[]) => Promise<void>;
  /** Called with durable entries before their commits are answered. */
  readonly committed: (entries: readonly Entry[]) => void;
  /** The answer of a failed transaction, or what its commits reject with. */
  readonly failed: (error: unknown) => { readonly result: CommitResult } | { readonly refusal: Error };
};

/** The queue in front of the writer. */
export type CommitQueue = {
  readonly commit: (writes: readonly Write[]) => Promise<CommitResult>;
  /** Runs a task while no batch is being written; its answer, or its error. */
  readonly between: <T>(task: () => Promise<T>) => Promise<T>;
  /** Resolves when nothing waits. */
  readonly drained: () => Promise<void>;
  /** Writes that wait now. */
  readonly depth: () => number;
};

/** A queue that writes one batch at a time. */
export const createCommitQueue = (options: CommitQueueOptions): CommitQueue => {
  let queue: Pending[] = [];
  let tasks: (() => Promise<void>)[] = [];
  let queuedWrites = 0;
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    // One turn of the event loop gathers the commits of requests that arrived together.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0 || tasks.length > 0) {
      const now = tasks;
      tasks = [];
      for (const task of now) await task();
      const batch = takeBatch(queue, options);
      queue = queue.slice(batch.members.length);
      queuedWrites -= batch.members.reduce((sum, { writes }) => sum + writes.length, 0);
      await write(batch);
    }
    running = undefined;
  };

  const write = async ({ rows, entries, changes, answers, members }: Batch): Promise<void> => {
    try {
      if (rows.length > 0) await options.append(rows);
    } catch (error) {
      const outcome = options.failed(error);
      for (const { resolve, reject } of members) 'result' in outcome ? resolve(outcome.result) : reject(outcome.refusal);
      return;
    }
    for (const [key, revision] of changes) revision === 0 ? options.revisions.delete(key) : options.revisions.set(key, revision);
    options.committed(entries);
    for (const answer of answers) answer();
  };

  return {
    commit: (writes) =>
      new Promise((resolve, reject) => {
        assertDistinct(writes);
        if (queuedWrites > 0 && queuedWrites + writes.length > QUEUE_WRITES_MAX) return reject(overloaded());
        queue.push({ writes, resolve, reject });
        queuedWrites += writes.length;
        running ??= run();
      }),
    between: (task) =>
      new Promise((resolve, reject) => {
        tasks.push(() => task().then(resolve, reject));
        running ??= run();
      }),
    drained: async () => running,
    depth: () => queuedWrites,
  };
};

const overloaded = (): StatusError =>
  new StatusError(429, 'TooManyRequests', `the disk is too slow for the writes that arrive: ${QUEUE_WRITES_MAX} wait already; try again`, {
    retryAfterSeconds: 1,
  });

/** The first commits of the queue that fit one transaction, checked and numbered. */
const takeBatch = (queue: readonly Pending[], options: CommitQueueOptions): Batch => {
  const batch: Batch = { answers: [], members: [], rows: [], entries: [], changes: new Map() };
  let writesCount = 0;
  let bytes = 0;
  for (const pending of queue) {
    const full = writesCount + pending.writes.length > BATCH_WRITES_MAX || bytes >= BATCH_BYTES_MAX;
    if (full && batch.members.length > 0) break;
    batch.members.push(pending);
    writesCount += pending.writes.length;
    const conflict = firstConflict(pending.writes, (key) => batch.changes.get(key) ?? options.revisions.get(key) ?? 0);
    if (conflict !== undefined) {
      // Answered with the batch: what it conflicts with may not be on disk yet.
      batch.answers.push(() => pending.resolve(conflict));
      continue;
    }
    const first = options.head() + batch.rows.length + 1;
    for (const write of pending.writes) bytes += addWrite(batch, write, options);
    batch.answers.push(() => pending.resolve({ ok: true, revisions: pending.writes.map((_, index) => first + index) }));
  }
  return batch;
};

/** Numbers one write and adds it to the batch; answers with its JSON length. */
const addWrite = (batch: Batch, { op, key, object, by }: Write, options: CommitQueueOptions): number => {
  const revision = options.head() + batch.rows.length + 1;
  const next = stamped(object, revision);
  const json = JSON.stringify(next);
  const author = by ?? newestManager(object);
  batch.entries.push({ revision, op, key, object: next, textLength: json.length });
  batch.rows.push({ revision, op, key, json, atMs: options.nowMs(), author, isKept: options.keepState(key) });
  batch.changes.set(key, op === 'put' ? revision : 0);
  return json.length;
};

/** The manager whose entry has the latest time, '' when none is recorded. */
const newestManager = ({ metadata }: KubeObject): string => {
  let newest: ManagedFieldsEntry | undefined;
  for (const entry of metadata.managedFields ?? []) if (newest === undefined || (entry.time ?? '') >= (newest.time ?? '')) newest = entry;
  return newest?.manager ?? '';
};
