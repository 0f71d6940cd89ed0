/** @module Rules of the index of owners: it says what a look at everything would say, whatever came and went. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { createStore, keyOf, memoryJournal } from '../../../shared/kube/storage/index.ts';
import { silentLog } from '../../../shared/lib/index.ts';
import { controllerUidOf } from './objects.ts';
import { createOwnerIndex } from './owner-index.ts';

const pods = { group: '', version: 'v1', resource: 'pods' };
const owners = ['a', 'b'];
const podOf = (name: string, owner: string | undefined): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'shop',
    ...(owner === undefined
      ? {}
      : { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }] }),
  },
});
const change = fc.record({
  name: fc.constantFrom('p1', 'p2', 'p3', 'p4'),
  owner: fc.option(fc.constantFrom(...owners), { nil: undefined }),
  op: fc.constantFrom('put', 'put', 'delete'),
});

test('an owner is given exactly what it controls, in order, after any changes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 20 }), fc.nat(20), async (changes, indexedAfter) => {
      const journal = memoryJournal();
      const store = await createStore(journal, { env: { nowMs: () => 0, log: silentLog } });
      let index: ReturnType<typeof createOwnerIndex> | undefined;
      for (const [at, { name, owner, op }] of changes.entries()) {
        if (at === indexedAfter) index = createOwnerIndex(store);
        const key = keyOf('', 'pods', 'shop', name);
        const expected = store.get(key)?.revision ?? 0;
        if (op === 'put') await store.commit([{ op: 'put', key, expected, object: podOf(name, owner) }]);
        else if (expected > 0) await store.commit([{ op: 'delete', key, expected, object: podOf(name, owner) }]);
      }
      index ??= createOwnerIndex(store);
      for (const uid of owners) {
        const looked = store.list('').filter(({ object }) => controllerUidOf(object) === uid);
        const found = index.owned(pods, { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: uid, uid } });
        expect(found).toEqual(looked.map(({ object }) => object));
      }
      await store.close();
    }),
  );
});
