/** @module The rules every journal driver is held to; a driver's test file calls {@link journalContract}. Imported by tests only. */
import { afterEach, describe, expect, it } from 'vitest';
import { modelRules } from './journal-model.ts';
import { type JournalUnderTest, keyOf, liveOf, object, put, remove, take, written } from './journal-testing.ts';
import { CompactedError, type Journal, type Revision, type Write } from './port.ts';

/** Declares the contract's tests for one driver. `open` gives a fresh, empty journal. */
export const journalContract = (name: string, open: () => Promise<JournalUnderTest>): void => {
  describe(`journal contract: ${name}`, () => {
    const disposals: (() => Promise<void>)[] = [];
    const opened = async (): Promise<JournalUnderTest> => {
      const under = await open();
      disposals.push(under.dispose);
      return under;
    };
    const fresh = async (): Promise<Journal> => (await opened()).journal;
    afterEach(async () => {
      for (const dispose of disposals.splice(0)) await dispose();
    });
    commitRules(fresh);
    followRules(fresh);
    compactionRules(fresh);
    advanceRules(fresh, opened);
    snapshotRules(fresh);
    durabilityRules(opened);
    modelRules(open);
  });
};

const commitRules = (fresh: () => Promise<Journal>): void => {
  it('starts empty at revision 0', async () => {
    const journal = await fresh();
    expect([journal.head(), journal.floor()]).toEqual([0, 0]);
    expect((await liveOf(journal)).objects.size).toBe(0);
  });

  it('gives each write of a commit its own revision, consecutive, in the order of the writes', async () => {
    const journal = await fresh();
    expect(await written(journal, put('a'), put('b'), put('c'))).toEqual([1, 2, 3]);
    expect(await written(journal, put('b'))).toEqual([4]);
    expect(journal.head()).toBe(4);
  });

  it('stamps the object with the revision of its write and leaves the caller object alone', async () => {
    const journal = await fresh();
    const mine = put('a');
    await written(journal, mine);
    expect(mine.object.metadata.resourceVersion).toBeUndefined();
    expect((await liveOf(journal)).objects.get(keyOf('a'))).toEqual({
      ...object('a'),
      metadata: { ...object('a').metadata, resourceVersion: '1' },
    });
  });

  it.each<[string, Write[], string, Revision]>([
    ['create of what exists', [put('a', 0)], 'a', 1],
    ['update at an old revision', [put('a', 9)], 'a', 1],
    ['update of what is missing', [put('x', 1)], 'x', 0],
    ['delete at an old revision', [remove('b', 1)], 'b', 2],
    ['delete of what is missing', [remove('x')], 'x', 0],
    ['one bad write among good ones', [put('y', 0), put('b', 2), put('a', 2), put('z', 0)], 'a', 1],
  ])('refuses whole: %s', async (_, writes, conflicting, actual) => {
    const journal = await fresh();
    await written(journal, put('a', 0), put('b', 0));
    expect(await journal.commit(writes)).toEqual({ ok: false, why: 'conflict', key: keyOf(conflicting), actual });
    expect(journal.head()).toBe(2);
    expect([...(await liveOf(journal)).objects.keys()].sort()).toEqual([keyOf('a'), keyOf('b')]);
    expect(await written(journal, put('c', 0))).toEqual([3]);
  });

  it('takes expected 0 again after a delete, and any state when nothing is expected', async () => {
    const journal = await fresh();
    await written(journal, put('a', 0));
    await written(journal, remove('a', 1));
    await written(journal, put('a', 0));
    await written(journal, put('a'));
    expect(journal.head()).toBe(4);
  });

  it('lets exactly one of many concurrent writers with the same expectation win', async () => {
    const journal = await fresh();
    await written(journal, put('a', 0));
    const results = await Promise.all(Array.from({ length: 20 }, (_, i) => journal.commit([put('a', 1, i)])));
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    expect(journal.head()).toBe(2);
  });

  it('keeps the order of commits from one caller', async () => {
    const journal = await fresh();
    const results = await Promise.all(Array.from({ length: 50 }, (_, i) => journal.commit([put('a', undefined, i)])));
    expect(results.map((result) => result.ok && result.revisions[0])).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect((await liveOf(journal)).objects.get(keyOf('a'))).toMatchObject({ data: { value: '49' } });
  });

  it('keeps text of any script and any JSON value as it was', async () => {
    const journal = await fresh();
    const odd = {
      ...object('a'),
      data: { text: 'zażółć 海 \u0000 "\\ \ud83d\ude80', list: [null, 1.5, -0.25, 1e21, true, {}], empty: '' },
    };
    await written(journal, { op: 'put', key: keyOf('a'), object: odd });
    expect((await liveOf(journal)).objects.get(keyOf('a'))).toMatchObject({ data: odd.data });
  });

  it('tells an empty commit apart from nothing: it succeeds with no revisions', async () => {
    const journal = await fresh();
    expect(await journal.commit([])).toEqual({ ok: true, revisions: [] });
    expect(journal.head()).toBe(0);
  });
};

const followRules = (fresh: () => Promise<Journal>): void => {
  it('yields kept entries first and then new ones as they come', async () => {
    const journal = await fresh();
    await written(journal, put('a'), put('b'));
    const taking = take(journal, 0, 3);
    await written(journal, remove('a', 1, 7));
    const entries = await taking;
    expect(entries.map((entry) => [entry.revision, entry.op, entry.key])).toEqual([
      [1, 'put', keyOf('a')],
      [2, 'put', keyOf('b')],
      [3, 'delete', keyOf('a')],
    ]);
  });

  it('carries the last object on a delete, with the deletion revision', async () => {
    const journal = await fresh();
    await written(journal, put('a', 0, 1));
    await written(journal, remove('a', 1, 1));
    const [, gone] = await take(journal, 0, 2);
    expect(gone).toMatchObject({ op: 'delete', object: { data: { value: '1' }, metadata: { name: 'a', resourceVersion: '2' } } });
  });

  it('starts from any point, also from the head', async () => {
    const journal = await fresh();
    await written(journal, put('a'), put('b'), put('c'));
    for (const from of [0, 1, 2]) {
      expect((await take(journal, from, 3 - from)).map((entry) => entry.revision)).toEqual([1, 2, 3].slice(from));
    }
    const taking = take(journal, 3, 1);
    await written(journal, put('d'));
    expect((await taking)[0]?.revision).toBe(4);
  });

  it('gives every follower every entry exactly once, in order, across concurrent commits', async () => {
    const journal = await fresh();
    const commits = 60;
    const followers = [0, 0, 5, 40].map((from) => take(journal, from, commits * 2 - from));
    await Promise.all(Array.from({ length: commits }, (_, i) => journal.commit([put(`x${i % 7}`, undefined, i), put(`y${i}`, 0, i)])));
    const late = take(journal, 17, commits * 2 - 17);
    for (const [index, following] of [...followers, late].entries()) {
      const from = [0, 0, 5, 40, 17][index] ?? 0;
      expect((await following).map((entry) => entry.revision)).toEqual(Array.from({ length: commits * 2 - from }, (_, i) => from + i + 1));
    }
  });

  it('ends quietly when the signal aborts, before and while it waits', async () => {
    const journal = await fresh();
    const before = AbortSignal.abort();
    for await (const entry of journal.follow(0, before)) expect.unreachable(`entry ${entry.revision} after the abort`);
    const abort = new AbortController();
    const following = (async () => {
      for await (const entry of journal.follow(0, abort.signal)) expect.unreachable(`entry ${entry.revision} of an empty journal`);
    })();
    abort.abort();
    await following;
  });
};

const compactionRules = (fresh: () => Promise<Journal>): void => {
  it('raises the floor, keeps live objects, and refuses to follow from below it', async () => {
    const journal = await fresh();
    await written(journal, put('a'), put('b'));
    await written(journal, put('a'), put('c'));
    await journal.compact(2);
    expect([journal.floor(), journal.head()]).toEqual([2, 4]);
    expect([...(await liveOf(journal)).objects.keys()].sort()).toEqual(['a', 'b', 'c'].map(keyOf));
    await expect(take(journal, 1, 1)).rejects.toThrow(CompactedError);
    await expect(take(journal, 0, 1)).rejects.toMatchObject({ floor: 2 });
    expect((await take(journal, 2, 2)).map((entry) => entry.revision)).toEqual([3, 4]);
  });

  it('never lowers the floor and never raises it past the head', async () => {
    const journal = await fresh();
    await written(journal, put('a'), put('b'));
    await journal.compact(2);
    await journal.compact(1);
    expect(journal.floor()).toBe(2);
    await journal.compact(99);
    expect([journal.floor(), journal.head()]).toEqual([2, 2]);
    expect(await written(journal, put('a', 1))).toEqual([3]);
    expect((await take(journal, 2, 1))[0]?.revision).toBe(3);
  });

  it('still compares with live revisions that are below the floor', async () => {
    const journal = await fresh();
    await written(journal, put('a'), put('b'));
    await journal.compact(2);
    expect(await journal.commit([put('a', 2)])).toEqual({ ok: false, why: 'conflict', key: keyOf('a'), actual: 1 });
    expect(await written(journal, put('a', 1))).toEqual([3]);
  });
};

const advanceRules = (fresh: () => Promise<Journal>, opened: () => Promise<JournalUnderTest>): void => {
  it('leaves out revisions: followers miss no entry, what is live stays, and the next commit is above', async () => {
    const journal = await fresh();
    await written(journal, put('a'), put('b'));
    const following = take(journal, 1, 3);
    expect(await journal.advance(1_000)).toBe(2);
    expect(await journal.advance(9)).toBe(1_000);
    expect([journal.head(), (await liveOf(journal)).revision]).toEqual([1_000, 1_000]);
    expect([1, 2, 3, 999, 1_000, 1_001].map(journal.isForeign)).toEqual([false, false, true, true, false, true]);
    expect(await written(journal, put('a', 1), put('c', 0))).toEqual([1_001, 1_002]);
    expect((await following).map((entry) => entry.revision)).toEqual([2, 1_001, 1_002]);
    await journal.compact(1_001);
    expect((await take(journal, 1_001, 1)).map((entry) => entry.revision)).toEqual([1_002]);
  });

  it('keeps what it left out over a reopening, when the driver is durable', async () => {
    const { journal, reopen } = await opened();
    await written(journal, put('a'));
    await journal.advance(50);
    const again = reopen === undefined ? journal : await reopen();
    expect([again.head(), (await liveOf(again)).revision]).toEqual([50, 50]);
    expect(await written(again, put('a', 1))).toEqual([51]);
    expect([1, 2, 49, 50, 51].map(again.isForeign)).toEqual([false, true, true, false, false]);
  });

  it('takes what was written since a revision for another history, and may be compacted within what it left out', async () => {
    const journal = await fresh();
    await written(journal, put('a'), put('b'));
    const following = take(journal, 1, 2);
    await new Promise((resolve) => setImmediate(resolve));
    await journal.advance(1_000, 1);
    expect([1, 2, 999].map(journal.isForeign)).toEqual([false, true, true]);
    await new Promise((resolve) => setImmediate(resolve));
    await journal.compact(900);
    await written(journal, put('c', 0));
    expect((await following).map((entry) => entry.revision)).toEqual([2, 1_001]);
  });
};

const snapshotRules = (fresh: () => Promise<Journal>): void => {
  it('holds each live object at its last write, and nothing deleted', async () => {
    const journal = await fresh();
    await written(journal, put('a'), put('b'), put('c'));
    await written(journal, put('a', 1, 5), remove('b', 2));
    const { revision, objects } = await liveOf(journal);
    expect(revision).toBe(5);
    expect([...objects].map(([key, at]) => [key, at.metadata.resourceVersion]).sort()).toEqual([
      [keyOf('a'), '4'],
      [keyOf('c'), '3'],
    ]);
  });

  it('stays one moment in time while commits go on: snapshot plus following equals the end state', async () => {
    const journal = await fresh();
    await written(journal, ...Array.from({ length: 40 }, (_, i) => put(`o${i}`, 0)));
    const { revision, items } = await journal.snapshot();
    const seen = new Map<string, string>();
    for await (const { key, object: at } of items) {
      await written(journal, put(`o${seen.size}`, undefined, 99), put(`new${seen.size}`, 0));
      seen.set(key, at.metadata.resourceVersion ?? '');
    }
    expect([...seen.values()].every((at) => Number(at) <= revision)).toBe(true);
    expect(seen.size).toBe(40);
    for (const entry of await take(journal, revision, journal.head() - revision)) seen.set(entry.key, String(entry.revision));
    const end = await liveOf(journal);
    expect([...seen].sort()).toEqual([...end.objects].map(([key, at]) => [key, at.metadata.resourceVersion ?? '']).sort());
  });
};

const durabilityRules = (opened: () => Promise<JournalUnderTest>): void => {
  it('keeps objects, entries, head and floor over a reopening, when the driver is durable', async () => {
    const { journal, reopen } = await opened();
    await written(journal, put('a'), put('b'), put('c'));
    await written(journal, remove('b', 2), put('a', 1, 3));
    await journal.compact(2);
    if (reopen === undefined) return;
    const again = await reopen();
    expect([again.floor(), again.head()]).toEqual([2, 5]);
    expect([...(await liveOf(again)).objects.keys()].sort()).toEqual(['a', 'c'].map(keyOf));
    expect((await take(again, 2, 3)).map((entry) => [entry.revision, entry.op])).toEqual([
      [3, 'put'],
      [4, 'delete'],
      [5, 'put'],
    ]);
    expect(await written(again, put('a', 5))).toEqual([6]);
  });

  it('gives its head as the newest revision even when everything was deleted and compacted', async () => {
    const { journal, reopen } = await opened();
    await written(journal, put('a'));
    await written(journal, remove('a', 1));
    await journal.compact(2);
    const again = reopen === undefined ? journal : await reopen();
    expect([again.floor(), again.head()]).toEqual([2, 2]);
    expect(await written(again, put('a', 0))).toEqual([3]);
  });

  it('refuses commits after it is closed, without a hang', async () => {
    const { journal } = await opened();
    await journal.close();
    expect(await journal.commit([put('a')])).toMatchObject({ ok: false, why: 'unknown' });
  });
};
