/** @module A cluster that was denied and is approved again has nothing held against it that nobody could take back. */
import { expect, test } from 'vitest';
import { type ClusterRecord, strangerOf } from '../cluster/directory.ts';
import { createBelonging } from './belonging.ts';

const found = { cause: 'Cluster', sinceMs: 1_000, voters: ['a', 'b'] } as const;
const heldDeath = { ...found, domains: 2, needed: 2, observers: 3, obstacle: 'Manual' } as const;
const observed = { ...found, message: 'dead', votes: '2/2/3', phase: 'Standing', epoch: 1, isReplicasTurn: true } as const;
const others = ['a', 'b'];
const all = new Set([...others, 'c']);
const record = (known: Partial<ClusterRecord>): ClusterRecord => ({ ...strangerOf('c', 0), ...known });

test('a death that is held is over when the cluster leaves', () => {
  const [c, take] = [record({ heldDeath }), createBelonging()];
  expect([take(all, [c]), c.heldDeath]).toEqual([[], heldDeath]);
  expect([take(new Set(others), [c]), c.heldDeath]).toEqual([['c'], undefined]);
  expect(take(all, [c])).toEqual([]);
});

test('a verdict keeps singletons fenced while the cluster is out, and does not stand against it when it is back', () => {
  const [c, take] = [record({ observed }), createBelonging()];
  expect([take(all, [c]), take(new Set(others), [c]), c.observed]).toEqual([[], [], observed]);
  expect([take(all, [c]), c.observed]).toEqual([['c'], undefined]);
});

test('a verdict that an earlier hub left stands when the first list of the next one comes', () => {
  const [c, take] = [record({ observed }), createBelonging()];
  expect([take(all, [c]), c.observed]).toEqual([[], observed]);
});
