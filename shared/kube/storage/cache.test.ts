/** @module Rules of the watch cache. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../lib/index.ts';
import type { KubeObject } from '../object.ts';
import { createStore, type OpenStore } from './cache.ts';
import { memoryJournal } from './memory-journal.ts';
import { CompactedError } from './port.ts';
import type { Change, Stored } from './store.ts';

const env = { nowMs: () => 0, log: silentLog };
const object = (name: string, value: string): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } });
const put = (store: OpenStore, key: string, value = '') => store.commit([{ op: 'put', key, object: object(key, value) }]);
const remove = (store: OpenStore, key: string) => {
  const at = store.get(key);
  return store.commit([{ op: 'delete', key, object: at?.object ?? object(key, '') }]);
};
const keys = (list: readonly Stored[]): string[] => list.map((stored) => stored.key);
const fresh = (windowChangesMax = 100): Promise<OpenStore> => createStore(memoryJournal(), { env, windowChangesMax });

describe('watch cache', () => {
  it('reads see every commit whose promise resolved', async () => {
    const store = await fresh();
    await put(store, '/configmaps/shop/a', '1');
    expect(store.get('/configmaps/shop/a')?.object).toMatchObject({ data: { value: '1' }, metadata: { resourceVersion: '1' } });
    await remove(store, '/configmaps/shop/a');
    expect(store.get('/configmaps/shop/a')).toBeUndefined();
    expect(store.revision()).toBe(2);
  });

  it('lists in key order, by prefix, from a key on, with a limit', async () => {
    const store = await fresh();
    for (const key of ['/configmaps/b/2', '/configmaps/a/9', '/configmaps/b/1', '/secrets/a/1', 'apps/deployments/a/1'])
      await put(store, key);
    expect(keys(store.list('/configmaps/'))).toEqual(['/configmaps/a/9', '/configmaps/b/1', '/configmaps/b/2']);
    expect(keys(store.list('/configmaps/b/'))).toEqual(['/configmaps/b/1', '/configmaps/b/2']);
    expect(keys(store.list('/configmaps/', { after: '/configmaps/a/9', limit: 1 }))).toEqual(['/configmaps/b/1']);
    expect(keys(store.list(''))).toHaveLength(5);
    expect([store.count('/configmaps/'), store.count('/configmaps/b/'), store.count('')]).toEqual([3, 2, 5]);
  });

  it('starts from what the journal holds', async () => {
    const journal = memoryJournal();
    await journal.commit([{ op: 'put', key: '/configmaps/a/z', object: object('z', '') }]);
    await journal.commit([{ op: 'put', key: '/configmaps/a/b', object: object('b', '') }]);
    const store = await createStore(journal, { env });
    expect([keys(store.list('/configmaps/')), store.revision(), store.floor()]).toEqual([['/configmaps/a/b', '/configmaps/a/z'], 2, 2]);
  });

  it('replays kept changes within the call and then sends new ones, each once', async () => {
    const store = await fresh();
    await put(store, '/configmaps/a/1', 'x');
    await put(store, '/secrets/a/1', 'x');
    await put(store, '/configmaps/a/1', 'y');
    const seen: Change[] = [];
    const stop = store.watch('/configmaps/', 1, (change) => seen.push(change));
    expect(seen.map((change) => change.revision)).toEqual([3]);
    expect(seen[0]?.previous?.object).toMatchObject({ data: { value: 'x' } });
    await remove(store, '/configmaps/a/1');
    expect(seen.map((change) => [change.revision, change.op])).toEqual([
      [3, 'put'],
      [4, 'delete'],
    ]);
    stop();
    await put(store, '/configmaps/a/1');
    expect(seen).toHaveLength(2);
  });

  it('refuses watches and old lists below its window', async () => {
    const store = await fresh(4);
    for (let i = 0; i < 20; i++) await put(store, '/configmaps/a/1', String(i));
    expect(store.floor()).toBeGreaterThan(10);
    expect(() => store.watch('/configmaps/', 1, () => undefined)).toThrow(CompactedError);
    expect(() => store.listAt(1, '/configmaps/')).toThrow(CompactedError);
    expect(store.listAt(store.floor(), '/configmaps/')[0]?.revision).toBe(store.floor());
  });

  it('rebuilds every list of its window exactly', async () => {
    const write = fc.record({ key: fc.constantFrom('a/1', 'a/2', 'b/1', 'b/2', 'b/3'), remove: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), async (writes, limit) => {
        const store = await fresh(1000);
        const history = [keys(store.list('/configmaps/'))];
        for (const [index, { key, remove: gone }] of writes.entries()) {
          const full = `/configmaps/${key}`;
          if (gone && store.get(full) !== undefined) await remove(store, full);
          else await put(store, full, String(index));
          history.push(keys(store.list('/configmaps/')));
        }
        for (const [revision, expected] of history.entries()) {
          expect(keys(store.listAt(revision, '/configmaps/'))).toEqual(expected);
          expect(keys(store.listAt(revision, '/configmaps/', { after: '/configmaps/a/2', limit }))).toEqual(
            expected.filter((key) => key > '/configmaps/a/2').slice(0, limit),
          );
        }
        await store.close();
      }),
      { numRuns: 50 },
    );
  });

  it('waits until reads reflect a revision, and stops waiting when it is closed', async () => {
    const store = await fresh();
    const waiting = store.reached(2);
    await put(store, '/configmaps/a/1');
    await put(store, '/configmaps/a/1');
    await waiting;
    const never = store.reached(9);
    await Promise.all([store.close(), expect(never).rejects.toThrow('closed')]);
  });
});
