/** @module Rules of what a Placement tells to stay where it is not placed. */
import { expect, it } from 'vitest';
import { drainTaint, type StoredPlacement } from '../../../shared/api/index.ts';
import type { ClusterView } from '../../../shared/placement/index.ts';
import { workIdOf } from '../kinds.ts';
import { createBoard } from './board.ts';
import { stayingOf } from './staying.ts';

const key = 'apps/deployments/shop/web';

/** What stays of a workload of which so many found no place, of what clusters were told to have; those of upper case are lost, those of `deselected` left out by the policy, the others drained. */
const staysOf = (unplaced: number, told: Record<string, number>, deselected: readonly string[]): Record<string, number | undefined> => {
  const board = createBoard();
  for (const [name, replicas] of Object.entries(told))
    board.put(workIdOf(key), name, { seq: 1, op: 'apply', fingerprint: 'f', problem: undefined, replicas });
  const taintOf = (name: string): string => (name === name.toLowerCase() ? drainTaint : 'hanse.dev/unreachable');
  const view = (name: string): ClusterView =>
    ({ name, taints: deselected.includes(name) ? [] : [{ key: taintOf(name), effect: 'NoExecute' }] }) as unknown as ClusterView;
  const placement = {
    spec: { workload: {}, policy: 'shop/web', clusters: [{ name: 'z', replicas: 2 }] },
    status: { replicas: 9, unplaced, staying: deselected.map((name) => ({ name, reason: 'Deselected' })) },
  } as unknown as StoredPlacement;
  return Object.fromEntries(stayingOf({ board, directory: { view } }, key, placement).map(({ name, replicas }) => [name, replicas]));
};

it.each<
  readonly [rule: string, unplaced: number, told: Record<string, number>, stays: Record<string, number>, deselected: readonly string[]]
>([
  ['nothing when all found a place', 0, { a: 5 }, {}, []],
  ['all that is there, of what found none', 7, { b: 3, a: 4 }, { a: 4, b: 3 }, []],
  ['no more than found none: the rest waits for replacements', 7, { b: 3, a: 5 }, { a: 5, b: 2 }, []],
  ['nothing of a cluster in which all waits for replacements', 5, { b: 3, a: 5 }, { a: 5 }, []],
  ['what runs in lost clusters besides', 5, { A: 5, b: 5 }, { A: 5, b: 5 }, []],
  ['what was scaled to nothing', 1, { a: 0 }, { a: 0 }, []],
  ['together no more than found none where the policy left it', 5, { a: 3, b: 3 }, { a: 3, b: 2 }, ['a', 'b']],
  ['together no more than found none, drained or left by the policy', 5, { a: 3, b: 3 }, { a: 3, b: 2 }, ['b']],
  ['nothing of a cluster that the policy left, which is named still', 3, { a: 3, b: 3 }, { a: 3, b: 0 }, ['a', 'b']],
])('of a workload stays %s', (_, unplaced, told, stays, deselected) => {
  expect(staysOf(unplaced, told, deselected)).toEqual(stays);
});

it.each([
  ['NoPolicy', 'Deselected'],
  ['Unplaced', 'Lost'],
])('what stayed in a lost cluster that is back is told, with the decision %s, as %s', (reason, told) => {
  const board = createBoard();
  board.put(workIdOf(key), 'a', { seq: 1, op: 'apply', fingerprint: 'f', problem: undefined, replicas: 2 });
  const placement = {
    spec: { workload: {}, policy: 'shop/web', clusters: [] },
    status: { reason, replicas: 2, unplaced: 2, staying: [{ name: 'a', reason: 'Lost' }] },
  } as unknown as StoredPlacement;
  const view = (name: string): ClusterView => ({ name, taints: [] }) as unknown as ClusterView;
  expect(stayingOf({ board, directory: { view } }, key, placement)).toEqual([{ name: 'a', replicas: 2, reason: told }]);
});
