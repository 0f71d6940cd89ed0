/** @module When a move is looked at again though nobody answers. */
import { expect, it } from 'vitest';
import type { StoredPlacement } from '../../../shared/api/index.ts';
import { workIdOf } from '../kinds.ts';
import { createBoard } from './board.ts';
import { createMoving } from './moving.ts';

const key = 'apps/deployments/shop/web';
const id = workIdOf(key);
const surplusMs = 300_000;
const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
const object = { ...ref, metadata: { namespace: 'shop', name: 'web' }, spec: { replicas: 3 } };
const placement = {
  metadata: {},
  spec: { workload: ref, policy: 'shop/web', clusters: [{ name: 'b', replicas: 2 }] },
  status: { replicas: 3, unplaced: 1, staying: [{ name: 'a', replicas: 1, reason: 'Deselected' }] },
} as unknown as StoredPlacement;

it.each<readonly [rule: string, ms: number, againMs: number | undefined]>([
  ['when its time is over', 100_000, 200_000],
  ['by an answer only, once its time is over', surplusMs, undefined],
  ['by an answer only, an hour later', 3_600_000, undefined],
])('what stays in a cluster that has not told what it was sent is looked at again %s', (_, ms, againMs) => {
  let nowMs = 0;
  const board = createBoard();
  board.put(id, 'a', { seq: 10, op: 'apply', fingerprint: undefined, problem: undefined, isAssumed: true });
  board.put(id, 'b', { seq: 11, op: 'apply', fingerprint: 'f', problem: undefined, replicas: 2 });
  board.putAnswer({ v: 1, cluster: 'b', id, seq: 11, phase: 'Applied', ref, status: { replicas: 2, readyReplicas: 2 } } as never);
  const moving = createMoving({
    board,
    directory: { isUnheard: () => false, isMember: () => true },
    policies: { byId: () => undefined },
    env: { monotonicMs: () => nowMs },
    moves: {
      isSingleton: () => false,
      surplusMs: () => surplusMs,
      isFenced: () => false,
      fenceOf: () => 0,
      onWait: () => undefined,
      drainBudgetOf: () => undefined,
    },
  });
  moving.of(key, object, placement);
  nowMs = ms;
  const { keep, againMs: told } = moving.of(key, object, placement);
  expect([[...keep], told]).toEqual([[['a', 1]], againMs]);
});
