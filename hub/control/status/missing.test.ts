/** @module When a workload is told that something its pods need is not on the hub. */
import { expect, it } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { createStore, memoryJournal, type Store } from '../../../shared/kube/storage/index.ts';
import { realEnv } from '../../store/testing/scratch.ts';
import { createDependencyIndex } from '../dependencies/index.ts';
import type { EventRecorder } from '../events.ts';
import { createMissingTeller } from './missing.ts';

const db: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db', namespace: 'shop' },
  spec: { serviceName: 'db', template: { spec: { volumes: [{ configMap: { name: 'settings' } }] } } },
};
const key = 'apps/statefulsets/shop/db';
const core = (kind: string): KubeObject => ({ apiVersion: 'v1', kind, metadata: { name: 'x', namespace: 'shop' } });
const put = (store: Store, at: string, object: KubeObject): Promise<unknown> => store.commit([{ op: 'put', key: at, object }]);

it('tells nothing of what comes a moment after its workload, and of what does not come once, each by what it means', async () => {
  const store = await createStore(memoryJournal(), { env: realEnv });
  const index = createDependencyIndex(store);
  index.put(key, db);
  const told: string[] = [];
  const events = { record: (_: KubeObject, event: { message: string }) => void told.push(event.message) } as unknown as EventRecorder;
  let nowMs = 0;
  const teller = createMissingTeller(store, index, events, () => nowMs);
  await put(store, key, db);
  const stored = store.get(key);
  if (stored === undefined) throw new RangeError('not stored');
  expect([teller.look(stored), told]).toEqual([2_000, []]);
  await put(store, '/configmaps/shop/settings', core('ConfigMap'));
  nowMs += 1_000;
  expect([teller.look(stored), told]).toEqual([2_000, []]);
  nowMs += 2_000;
  expect([teller.look(stored), teller.look(stored), told]).toEqual([
    undefined,
    undefined,
    ['not on the hub: services/db; pods start, but DNS does not know them one by one'],
  ]);
  await put(store, '/services/shop/db', core('Service'));
  expect([teller.look(stored), told.length]).toEqual([undefined, 1]);
  await store.close();
});
