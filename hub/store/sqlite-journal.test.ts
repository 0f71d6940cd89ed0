/** @module The SQLite journal: the journal contract, and what only a driver on disk can get wrong. */
import { appendFileSync, chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../shared/kube/object.ts';
import { createStore, type Write } from '../../shared/kube/storage/index.ts';
import { journalContract } from '../../shared/kube/storage/journal-contract.ts';
import { silentLog } from '../../shared/lib/index.ts';
import { PAGE_ROWS_MAX, REFUSALS_TOLD_EVERY_MS, TAIL_ENTRIES_MAX } from './limits.ts';
import type { SqliteJournal } from './sqlite-journal.ts';
import { openScratch, realEnv, scratchDirectory } from './testing/scratch.ts';

journalContract('sqlite', async () => {
  const { directory, remove } = scratchDirectory();
  let journal = openScratch(directory);
  return {
    journal,
    reopen: async () => {
      await journal.close();
      journal = openScratch(directory);
      return journal;
    },
    dispose: async () => {
      await journal.close();
      remove();
    },
  };
});

const object = (name: string, fields: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop' },
  ...fields,
});
const put = (name: string, fields: Record<string, unknown> = {}, more: Partial<Write> = {}): Write => ({
  op: 'put',
  key: `/configmaps/shop/${name}`,
  object: object(name, fields),
  ...more,
});

describe('sqlite journal', () => {
  const undo: (() => unknown)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });
  const scratch = (): string => {
    const { directory, remove } = scratchDirectory();
    undo.push(remove);
    return directory;
  };
  const open = (directory: string, options: Parameters<typeof openScratch>[1] = {}): SqliteJournal => {
    const journal = openScratch(directory, options);
    undo.push(() => journal.close());
    return journal;
  };

  it('serves a follower that is further behind than memory reaches from the log, without gap or double', async () => {
    const journal = open(scratch());
    const total = 2 * TAIL_ENTRIES_MAX + 2 * PAGE_ROWS_MAX + 7;
    await Promise.all(Array.from({ length: total }, (_, i) => journal.commit([put(`a${i % 50}`, { n: i })])));
    const abort = new AbortController();
    let position = 0;
    for await (const entry of journal.follow(0, abort.signal)) {
      expect(entry.revision).toBe(position + 1);
      expect(entry.object.n).toBe(position);
      position = entry.revision;
      if (position === total) abort.abort();
    }
  });

  it('carries a store: what was written before a restart is read after it', async () => {
    const directory = scratch();
    const first = open(directory);
    await first.commit([put('a'), put('b')]);
    await first.close();
    const store = await createStore(open(directory), { env: realEnv });
    undo.push(() => store.close());
    expect(store.list('/configmaps/').map(({ key }) => key)).toEqual(['/configmaps/shop/a', '/configmaps/shop/b']);
  });

  it('keeps the name of the federation for ever', async () => {
    const directory = scratch();
    const first = open(directory, { uuid: () => 'first' });
    await first.close();
    expect(open(directory, { uuid: () => 'second' }).clusterUid).toBe('first');
  });

  it('refuses a directory that another hub holds and names its process', () => {
    const directory = scratch();
    open(directory);
    expect(() => openScratch(directory)).toThrow(
      `data directory ${directory} is in use by process ${process.pid}: stop that one, or name another directory with --data-dir (and other ports with --port)`,
    );
  });

  it('takes a directory over after its hub has closed, and after a lock file without a holder was left', async () => {
    const directory = scratch();
    const first = open(directory);
    await first.close();
    writeFileSync(join(directory, 'hub.pid'), '1\n');
    expect(open(directory).head()).toBe(0);
  });

  it('refuses a database of a newer version, a damaged one and one that is no database, and leaves them as they were', async () => {
    const directory = scratch();
    const file = join(directory, 'hub.db');
    const journal = open(directory);
    await Promise.all(Array.from({ length: 200 }, (_, i) => journal.commit([put(`a${i}`, { text: 'x'.repeat(500) })])));
    await journal.close();

    const edit = new Database(file);
    edit.exec("UPDATE meta SET value = '99' WHERE name = 'schemaVersion'");
    edit.close();
    expect(() => openScratch(directory)).toThrow(/written by a newer Hanse \(schema 99, this one knows \d+\): start that version/);

    const bytes = readFileSync(file);
    const damagedBytes = Buffer.from(bytes).fill(0x5a, 4096 * 6, 4096 * 20);
    writeFileSync(file, damagedBytes);
    expect(() => openScratch(directory)).toThrow(/hub\.db is damaged \(.*\): restore the data directory from a backup/s);
    expect(readFileSync(file).equals(damagedBytes)).toBe(true);

    for (const suffix of ['-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
    writeFileSync(file, 'this is not a database, it is a letter to the operator\n'.repeat(200));
    expect(() => openScratch(directory)).toThrow(/hub\.db is damaged \(SQLITE_NOTADB\)/);
  });

  it('refuses a data directory that cannot be made or written', () => {
    const directory = scratch();
    appendFileSync(join(directory, 'file'), '');
    expect(() => openScratch(join(directory, 'file', 'data'))).toThrow(
      /cannot write .*hub\.db \(ENOTDIR\): give the hub's user write access/,
    );
  });

  it('tells the log of refused writes once a minute, and whoever asks for as long as they are refused', async () => {
    const lines: string[] = [];
    const log = { ...silentLog, error: (line: string) => void lines.push(line), info: (line: string) => void lines.push(line) };
    let nowMs = 1_000;
    const journal = open(scratch(), { bytesMax: 200 * 1024, log, nowMs: () => nowMs });
    const refused = () => expect(journal.commit([put('b', { text: 'x'.repeat(300 * 1024) })])).rejects.toMatchObject({ code: 503 });
    expect(journal.fault()).toBeUndefined();
    await refused();
    await refused();
    expect(journal.fault()).toMatch(/no room left to write .*hub\.db: free space on its disk/);
    expect(lines).toEqual([expect.stringMatching(/no room left to write .*hub\.db: free space on its disk/)]);
    nowMs += REFUSALS_TOLD_EVERY_MS;
    await refused();
    expect(lines).toHaveLength(2);
    await journal.commit([put('a')]);
    expect(journal.fault()).toBeUndefined();
    expect(lines.at(-1)).toBe('writes are stored again');
  });

  it('makes its files for their owner alone, and mends files that others may read', async () => {
    const directory = scratch();
    const before = process.umask(0);
    const journal = open(directory);
    process.umask(before);
    await journal.commit([put('a')]);
    const modes = (): string[] =>
      readdirSync(directory, { encoding: 'utf8' })
        .filter((file) => /\.(db|lock)/.test(file))
        .map((file) => (statSync(join(directory, file)).mode & 0o777).toString(8));
    expect(new Set(modes())).toEqual(new Set(['600']));
    await journal.close();
    chmodSync(join(directory, 'hub.db'), 0o644);
    open(directory);
    expect(new Set(modes())).toEqual(new Set(['600']));
  });

  it('calls its files as it is told, but opens data of the default name where it lies', async () => {
    const fresh = scratch();
    open(fresh, { name: 'journal' });
    expect(readdirSync(fresh).filter((file) => file.startsWith('hub'))).toEqual([]);
    expect(readdirSync(fresh)).toEqual(expect.arrayContaining(['journal.db', 'journal.lock', 'journal.pid']));
    const old = scratch();
    const first = open(old);
    await first.commit([put('a')]);
    await first.close();
    expect(open(old, { name: 'journal' }).head()).toBe(1);
    expect(readdirSync(old)).not.toContain('journal.db');
  });

  it('fails a commit that does not fit on the disk whole, says so, and goes on when there is room again', async () => {
    const journal = open(scratch(), { bytesMax: 400 * 1024 });
    await journal.commit([put('a', { n: 1 })]);
    const large = { text: 'x'.repeat(300 * 1024) };
    await expect(journal.commit([put('a', { n: 2 }), put('b', large), put('c', large)])).rejects.toMatchObject({
      code: 503,
      message: expect.stringMatching(/the write was not stored: no room left to write .*hub\.db: free space on its disk/),
    });
    expect(journal.head()).toBe(1);
    expect(await journal.commit([put('a', { n: 3 }, { expected: 1 })])).toEqual({ ok: true, revisions: [2] });
    const { items } = await journal.snapshot();
    const live: KubeObject[] = [];
    for await (const item of items) live.push(item.object);
    expect(live).toMatchObject([{ metadata: { name: 'a' }, n: 3 }]);
  });

  it('names the file where a snapshot cannot be read any more', async () => {
    const directory = scratch();
    const journal = open(directory);
    await journal.commit([put('a')]);
    rmSync(join(directory, 'hub.db'));
    mkdirSync(join(directory, 'hub.db'));
    await expect(journal.snapshot()).rejects.toThrow(
      /cannot write .*hub\.db \(SQLITE_CANTOPEN.*\): give the hub's user write access there/,
    );
  });
});

describe('history', () => {
  it('tells who wrote what and when, newest first, by key and by time', async () => {
    const { directory, remove } = scratchDirectory();
    let nowMs = 1_000;
    const journal = openScratch(directory, { nowMs: () => nowMs, keepStatesOf: ['/configmaps/shop/b'] });
    const managed = {
      metadata: {
        name: 'a',
        managedFields: [{ manager: 'kubectl', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} }],
      },
    };
    await journal.commit([put('a', {}, { by: 'anna' })]);
    nowMs = 2_000;
    await journal.commit([put('a', managed), put('b', { n: 1 })]);
    nowMs = 3_000;
    await journal.commit([put('a', {}, { op: 'delete', by: 'bela' })]);
    const brief = (query: Parameters<SqliteJournal['history']>[0]) =>
      journal.history(query).map((row) => [row.revision, row.op, row.atMs, row.author]);
    expect(brief({ key: '/configmaps/shop/a' })).toEqual([
      [4, 'delete', 3_000, 'bela'],
      [2, 'put', 2_000, 'kubectl'],
      [1, 'put', 1_000, 'anna'],
    ]);
    expect(brief({ fromMs: 2_000, untilMs: 2_500 }).map(([revision]) => revision)).toEqual([3, 2]);
    expect(brief({ keyPrefix: '/configmaps/', limit: 2 }).map(([revision]) => revision)).toEqual([4, 3]);
    expect(brief({ before: { atMs: 2_000, revision: 2 } }).map(([revision]) => revision)).toEqual([1]);
    expect(journal.history({ key: '/configmaps/shop/b' })[0]?.object).toMatchObject({ n: 1, metadata: { resourceVersion: '3' } });
    expect(journal.history({ key: '/configmaps/shop/a' })[0]?.object).toBeUndefined();
    await journal.close();
    remove();
  });
});
