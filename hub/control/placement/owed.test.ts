/** @module What clusters are owed after losses and drains, and who gives it back. */
import { describe, expect, it } from 'vitest';
import type { OwedCluster, StoredPlacementStatus } from '../../../shared/api/index.ts';
import { drainTaint } from '../../../shared/api/index.ts';
import { clusterWith } from '../../../shared/placement/testing.ts';
import { healthTaints } from '../cluster/health.ts';
import { dueOf, stillOwed } from './owed.ts';

describe('what is owed', () => {
  it('to a cluster that is well again or gone is nothing, whoever decides', () => {
    const owed = ['a', 'b', 'gone'].map((name) => ({ name, replicas: 1 }));
    const returning = clusterWith('b', 9, {}, [{ key: healthTaints.returning, effect: 'NoSchedule' }]);
    expect(stillOwed(owed, [clusterWith('a', 9), returning])).toEqual([{ name: 'b', replicas: 1 }]);
  });

  it('because of a drain stands as long as the drain', () => {
    const drained = clusterWith('a', 9, {}, [{ key: drainTaint, effect: 'NoExecute' }]);
    const owed: OwedCluster[] = [{ name: 'a', replicas: 1, reason: 'Drained' }];
    expect([stillOwed(owed, [drained]), stillOwed(owed, [clusterWith('a', 9)])]).toEqual([owed, []]);
    expect(stillOwed([{ name: 'a', replicas: 1 }], [drained])).toEqual([]);
  });

  const takenBy = [
    { name: 'b', replicas: 2 },
    { name: 'c', replicas: 2 },
  ];
  const unready = (b: number, c: number): StoredPlacementStatus['unready'] => [
    { name: 'b', replicas: 4, ready: 4 - b },
    { name: 'c', replicas: 4, ready: 4 - c },
  ];
  type Row = readonly [
    rule: string,
    entry: Partial<OwedCluster>,
    lingering: number,
    unready: StoredPlacementStatus['unready'],
    due: number,
    from: Record<string, number>,
  ];
  it.each<Row>([
    ['after a loss all of it, whatever runs there', {}, 0, undefined, 4, { b: 2, c: 2 }],
    ['after a drain what runs there still', { reason: 'Drained' }, 3, undefined, 3, { b: 2, c: 1 }],
    ['after a drain no more than left, whatever runs there', { reason: 'Drained' }, 9, undefined, 4, { b: 2, c: 2 }],
    ['after a drain that has emptied it nothing', { reason: 'Drained' }, 0, undefined, 0, { b: 0, c: 0 }],
    ['from those whose replacements are not ready', { reason: 'Drained' }, 2, unready(0, 2), 2, { b: 0, c: 2 }],
    ['from both where both are short', { reason: 'Drained' }, 2, unready(1, 1), 2, { b: 1, c: 1 }],
  ])('is given back %s', (_, entry, lingering, told, due, from) => {
    const status = { owed: [{ name: 'a', replicas: 4, takenBy, ...entry }], ...(told === undefined ? {} : { unready: told }) };
    const { owed, takers } = dueOf(status as StoredPlacementStatus, new Map([['a', lingering]]), false);
    expect([owed.get('a'), Object.fromEntries(takers.get('a') ?? [])]).toEqual([due, from]);
  });

  type Loss = readonly [rule: string, lingering: number, unready: StoredPlacementStatus['unready'], takenBy: typeof takenBy, due: number];
  it.each<Loss>([
    ['nothing when it was taken over', 0, undefined, takenBy, 0],
    ['nothing when it was taken over and the old one is only about to stop', 4, undefined, takenBy, 0],
    ['nothing when the old one was stopped, though the new one is not ready', 0, unready(2, 2), takenBy, 0],
    ['what runs on there while nobody could begin elsewhere', 4, unready(4, 4), takenBy, 4],
    ['all of it when nobody took it', 0, undefined, [], 4],
  ])('of a singleton to a cluster that was lost is %s', (_, lingering, told, taken, due) => {
    const status = { owed: [{ name: 'a', replicas: 4, takenBy: taken }], ...(told === undefined ? {} : { unready: told }) };
    expect(dueOf(status as StoredPlacementStatus, new Map([['a', lingering]]), true).owed.get('a')).toBe(due);
  });
});
