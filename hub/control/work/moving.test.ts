/** @module When a move is looked at again though nobody answers, and from whom nothing is taken yet. */
import { expect, it } from 'vitest';
import type { StoredPlacement } from '../../../shared/api/index.ts';
import { workIdOf } from '../kinds.ts';
import { type Board, createBoard } from './board.ts';
import { createMoving, type Moving } from './moving.ts';

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

const apply = (seq: number, replicas: number) => ({ seq, op: 'apply', fingerprint: 'f', problem: undefined, replicas }) as const;
const answerOf = (cluster: string, seq: number, readyReplicas: number) =>
  ({ v: 1, cluster, id, seq, phase: 'Applied', ref, status: { replicas: readyReplicas, readyReplicas } }) as never;

const movingOn = (board: Board, nowMs: () => number): Moving =>
  createMoving({
    board,
    directory: { isUnheard: () => false, isMember: () => true },
    policies: { byId: () => undefined },
    env: { monotonicMs: nowMs },
    moves: {
      isSingleton: () => false,
      surplusMs: () => surplusMs,
      isFenced: () => false,
      fenceOf: () => 0,
      onWait: () => undefined,
      drainBudgetOf: () => undefined,
    },
  });

it.each<readonly [rule: string, ms: number, againMs: number | undefined]>([
  ['when its time is over', 100_000, 200_000],
  ['by an answer only, once its time is over', surplusMs, undefined],
  ['by an answer only, an hour later', 3_600_000, undefined],
])('what stays in a cluster that has not told what it was sent is looked at again %s', (_, ms, againMs) => {
  let nowMs = 0;
  const board = createBoard();
  board.put(id, 'a', { seq: 10, op: 'apply', fingerprint: undefined, problem: undefined, isAssumed: true });
  board.put(id, 'b', apply(11, 2));
  board.putAnswer(answerOf('b', 11, 2));
  const moving = movingOn(board, () => nowMs);
  moving.of(key, object, placement);
  nowMs = ms;
  const { keep, againMs: told } = moving.of(key, object, placement);
  expect([[...keep], told]).toEqual([[['a', 1]], againMs]);
});

it.each<readonly [state: string, owed: object[], kept: number, isTold: boolean]>([
  ['keeps all that it was told until it is decided on, also where replacements are ready', [{ name: 'a', replicas: 3 }], 3, false],
  ['gives up as much as there are replacements ready once it was decided on', [], 1, true],
])('a cluster that was lost and is back %s', (_, owed, kept, isTold) => {
  const board = createBoard();
  board.put(id, 'a', apply(10, 3));
  board.putAnswer(answerOf('a', 10, 3));
  board.put(id, 'b', apply(11, 3));
  board.putAnswer(answerOf('b', 11, 2));
  const elsewhere = { ...placement, spec: { ...placement.spec, clusters: [{ name: 'b', replicas: 3 }] }, status: { replicas: 3, owed } };
  const { keep, tell } = movingOn(board, () => 0).of(key, object, elsewhere as unknown as StoredPlacement);
  expect([[...keep], tell.has('a')]).toEqual([[['a', kept]], isTold]);
});
