/** @module What every verb is given: the store, the kinds, the hooks and the limits of one server. */
import type { RuntimeEnv } from '../../lib/index.ts';
import type { KubeObject } from '../object.ts';
import type { DefaultFunctions } from '../schema/index.ts';
import type { CommitResult, Revision, StorageKey, Store, Stored, Write } from '../storage/index.ts';
import { type Call, keyFor } from './call.ts';
import { conflict, tooManyWriters, writeUnknown } from './errors.ts';
import type { Admit, Limits, SchemaSource, VirtualCreate, WhereItRuns } from './options.ts';
import type { ResourceTypeRegistry } from './registry.ts';
import type { Turns } from './turns.ts';

/** The parts of a server. */
export type ServerContext = {
  readonly store: Store;
  readonly registry: ResourceTypeRegistry;
  readonly schemas: SchemaSource;
  readonly env: RuntimeEnv;
  readonly limits: Limits;
  /** Watches and old lists from before this revision answer 410: what happened until the server was ready is nobody's to resume. */
  readonly readyAt: () => Revision;
  readonly defaultFunctions: DefaultFunctions;
  /** The newest write of each key that is not decided yet. */
  readonly underWay: Map<StorageKey, Promise<CommitResult>>;
  /** Writers of one object, one after the other. */
  readonly turns: Turns;
  readonly admit: Admit | undefined;
  readonly whereItRuns: WhereItRuns | undefined;
  readonly virtual: Readonly<Record<string, VirtualCreate>>;
};

/** Commits one write; undefined when someone else was there first. Throws when the journal cannot tell. */
export const commitOne = async (server: ServerContext, write: Write): Promise<Stored | 'conflict' | 'gone'> => {
  const result = await tracked(server, write.key, server.store.commit([write]));
  if (!result.ok) {
    if (result.why === 'conflict') return 'conflict';
    throw writeUnknown(result.cause);
  }
  if (write.op === 'delete') return 'gone';
  return server.store.get(write.key) ?? 'gone';
};

/** Notes the write as under way until it is decided, for {@link settledWrites}. */
const tracked = async (server: ServerContext, key: StorageKey, commit: Promise<CommitResult>): Promise<CommitResult> => {
  server.underWay.set(key, commit);
  try {
    return await commit;
  } finally {
    if (server.underWay.get(key) === commit) server.underWay.delete(key);
  }
};

/**
 * Waits for the newest write of a key that is under way. Who reads in order to write would otherwise be given what is about to be old, and
 * with a slow disk lose to the writer before them again and again.
 */
export const settledWrites = async (server: ServerContext, key: StorageKey): Promise<void> => {
  await server.underWay.get(key)?.catch(() => undefined);
};

/**
 * Reads, decides and writes in turn with the other writers of the object; again when someone else (a loop of the hub) came between. At the
 * limit of attempts the caller gets a 409, at that of writers who wait a 429.
 */
export const retryWrite = async <T>(
  server: ServerContext,
  call: Call,
  attempt: (attemptNumber: number) => Promise<{ readonly done: T } | 'again'>,
): Promise<T> => {
  const done = server.turns.take(keyFor(call.type, call.namespace, call.name), async () => {
    for (let n = 0; n < server.limits.writeAttemptsMax; n++) {
      const outcome = await attempt(n);
      if (outcome !== 'again') return outcome.done;
    }
    throw conflict(call.type, call.name);
  });
  if (done === undefined) throw tooManyWriters(server.limits.writersWaitingMax);
  return done;
};

/** A deep copy that may be changed. */
export const copyOf = (object: KubeObject): KubeObject => structuredClone(object);
