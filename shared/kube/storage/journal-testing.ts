/** @module Journals under test: what is written to them and read back. Imported by tests only. */
import { expect } from 'vitest';
import type { KubeObject } from '../object.ts';
import type { Entry, Journal, Revision, Write } from './port.ts';

/** A driver under test. `reopen` closes the journal and opens the same data again (durable drivers only). */
export type JournalUnderTest = {
  readonly journal: Journal;
  readonly reopen?: () => Promise<Journal>;
  readonly dispose: () => Promise<void>;
};

/** An object of this name, with a number in it. */
export const object = (name: string, value = 0): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop' },
  data: { value: String(value) },
});
/** The key of an object of this name. */
export const keyOf = (name: string): string => `/configmaps/shop/${name}`;
/** A put of it. */
export const put = (name: string, expected?: Revision, value = 0): Write => ({
  op: 'put',
  key: keyOf(name),
  object: object(name, value),
  ...(expected === undefined ? {} : { expected }),
});
/** A deletion of it. */
export const remove = (name: string, expected?: Revision, value = 0): Write => ({ ...put(name, expected, value), op: 'delete' });

/** Commits that must succeed; answers the revisions. */
export const written = async (journal: Journal, ...writes: Write[]): Promise<readonly Revision[]> => {
  const result = await journal.commit(writes);
  expect(result).toMatchObject({ ok: true });
  return result.ok ? result.revisions : [];
};

/** The first `count` entries after `from`, then stops following. */
export const take = async (journal: Journal, from: Revision, count: number): Promise<Entry[]> => {
  const abort = new AbortController();
  const taken: Entry[] = [];
  if (count === 0) return taken;
  for await (const entry of journal.follow(from, abort.signal)) {
    taken.push(entry);
    if (taken.length === count) abort.abort();
  }
  return taken;
};

/** All live objects, and the revision that they are of. */
export const liveOf = async (journal: Journal): Promise<{ revision: Revision; objects: Map<string, KubeObject> }> => {
  const { revision, items } = await journal.snapshot();
  const objects = new Map<string, KubeObject>();
  for await (const item of items) objects.set(item.key, item.object);
  return { revision, objects };
};
