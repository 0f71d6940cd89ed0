/** @module Rules of a drain: its budget, and what of a dead cluster is waited for. */
import { expect, it, test } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { createBoard } from './board.ts';
import { budgetOf, type DrainSources, drainCount } from './drain.ts';

it.each<readonly [string, Parameters<typeof budgetOf>[0], number, number]>([
  ['nothing may be missing unless it is said', {}, 10, 0],
  ['a number is a number', { maxUnavailable: 2 }, 10, 2],
  ['a share is rounded down', { maxUnavailable: '25%' }, 10, 2],
  ['all of them', { maxUnavailable: '100%' }, 3, 3],
])('%s', (_, drain, replicas, budget) => {
  expect(budgetOf(drain, replicas)).toBe(budget);
});

test.each([
  ['is kept by a cluster that is dead: nobody waits for it anywhere', { is: 'Dead', replicas: 'Wait' }, { objects: 1, kept: 1 }],
  ['is kept by a cluster in doubt', { is: 'Doubtful' }, { objects: 1, kept: 1 }],
  ['is still on its way out of one that is heard', { is: 'Heard' }, { objects: 1 }],
  ['is still on its way out of one that is back', { is: 'Returning', isWithoutGateway: false }, { objects: 1 }],
])('what was deleted on the hub %s', (_, state, count) => {
  const board = createBoard();
  board.load([], () => false);
  board.put('apps=deployments=shop=web', 'home', { seq: 1, op: 'withdraw', fingerprint: 'f', problem: undefined });
  const sources = {
    board,
    store: { get: () => undefined },
    dependencies: { dependents: () => new Set<string>() },
    policies: { byId: () => undefined },
    directory: { liveness: () => state, get: () => undefined },
  } as unknown as DrainSources;
  const cluster: KubeObject = { apiVersion: 'hanse.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'home' } };
  const { replicas: _replicas, stuck: _stuck, ...counted } = drainCount(sources, cluster as never) ?? {};
  expect(counted).toEqual(count);
});
