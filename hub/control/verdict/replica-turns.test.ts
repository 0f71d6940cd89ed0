/** @module How long the fence of a dead cluster's singletons stands. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { createStore, keyOf, memoryJournal } from '../../../shared/kube/storage/index.ts';
import { createDirectory } from '../cluster/directory.ts';
import { createLedger } from '../cluster/ledger.ts';
import { hastyEnv } from '../testing/env.ts';
import type { Observed } from './relation.ts';
import { startReplicaTurns } from './replica-turns.ts';

const env = hastyEnv(10);
const dead: Observed = {
  ...{ cause: 'Cluster', phase: 'Standing', sinceMs: 0, message: '', votes: '2/2/2', voters: ['b', 'c'], epoch: 1, isReplicasTurn: false },
};

test('a fence stands while the cluster is back and held down, is put up anew above it at the next death, and falls when all is over', async () => {
  const store = await createStore(memoryJournal(), { env });
  const key = keyOf('hanse.dev', 'clusters', '', 'a');
  const cluster = { apiVersion: 'hanse.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'a' }, spec: {} };
  await store.commit([{ op: 'put', key, expected: 0, object: cluster }]);
  const directory = createDirectory(createLedger(), env);
  const record = directory.of('a');
  const fences = new Map<string, number>();
  const turns = startReplicaTurns({
    ...{ store, env, directory, sentTo: () => 0, onJudged: () => undefined, tell: () => undefined },
    leases: {
      ...{ setNeeded: () => undefined, lease: () => undefined, onLease: () => () => undefined, isFenced: (name) => fences.has(name) },
      fence: (name, number) => void fences.set(name, number),
      unfence: (name) => void fences.delete(name),
    },
    removals: { take: () => undefined, giveBack: () => undefined, forget: () => undefined, why: () => '' },
  });
  onTestFinished(turns.stop);
  const becomes = async (observed: Observed | undefined): Promise<void> => {
    record.observed = observed;
    turns.judged('a');
    await vi.waitFor(() => expect(turns.pending()).toBe(0));
  };
  const die = async (): Promise<number> => {
    await becomes(dead);
    const before = fences.get('a');
    turns.begin('a');
    await vi.waitFor(() => expect(fences.get('a') ?? before).not.toBe(before));
    return fences.get('a') ?? 0;
  };
  const first = await die();
  await becomes({ ...dead, phase: 'Returning' });
  expect(fences.get('a')).toBe(first);
  await becomes({ ...dead, cause: 'DataPlane', wasDead: true });
  expect(fences.get('a')).toBe(first);
  await store.commit([{ op: 'put', key: keyOf('', 'namespaces', '', 'shop'), expected: 0, object: { ...cluster, kind: 'Namespace' } }]);
  expect(await die()).toBeGreaterThan(first);
  await becomes(undefined);
  expect([...fences]).toEqual([]);
});
