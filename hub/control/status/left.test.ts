/** @module What is told of copies that a lost cluster keeps of deleted objects, over a real store and API server with agents in the small. */
import { expect, it, vi } from 'vitest';
import { startTestHub } from '../testing/test-hub.ts';
import { leftEvent } from './left.ts';

const until = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 20 });

const policies = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placementpolicies' };
const configMaps = { group: '', version: 'v1', resource: 'configmaps' };
const configMap = { apiVersion: 'v1', kind: 'ConfigMap' };

it('an object that is deleted while its cluster is lost is told of on the Cluster, once, with those deleted beside it', async () => {
  const it = await startTestHub({ home: 4, aws: 4 });
  await it.client.create(policies, {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'PlacementPolicy',
    metadata: { name: 'all', namespace: 'shop' },
    spec: { resourceSelectors: [configMap], replicaScheduling: { strategy: 'Duplicated' } },
  });
  for (const name of ['a', 'b']) await it.client.create(configMaps, { ...configMap, metadata: { name, namespace: 'shop' } });
  await until(() => expect(['home', 'aws'].map((name) => it.fleet.agent(name).objects.size)).toEqual([2, 2]));
  it.fleet.agent('aws').cutOff = true;
  await until(() => expect(it.control().directory.liveness('aws').is).toBe('Dead'));
  for (const name of ['a', 'b']) await it.client.delete({ ...configMaps, namespace: 'shop', name });
  const told = (): unknown[] =>
    it.store
      .list('/events/')
      .flatMap(({ object }) => (object.reason === 'LeftBehind' ? [[object.involvedObject, object.message, object.count]] : []));
  await until(() =>
    expect(told()).toMatchObject([
      [{ kind: 'Cluster', name: 'aws' }, expect.stringContaining('ConfigMap shop/a, ConfigMap shop/b; it is withdrawn there when'), 1],
    ]),
  );
  it.fleet.agent('aws').cutOff = false;
  await until(() => expect(it.fleet.agent('aws').objects.size).toBe(0));
  await until(() => expect(it.control().pending()).toBe(0));
  expect(told()).toHaveLength(1);
});

it('of many objects the first are named and the rest is counted', () => {
  const names = Array.from({ length: 20 }, (_, number) => `ConfigMap shop/c${number}`);
  expect(leftEvent(names).message).toContain('ConfigMap shop/c7 and 12 more; it is withdrawn');
});
