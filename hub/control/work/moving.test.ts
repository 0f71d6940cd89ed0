/** @module When a move is looked at again though nobody answers, and from whom nothing is taken yet. */
import { expect, it } from 'vitest';
import type { StoredPlacement } from '../../../shared/api/index.ts';
import type { Liveness } from '../cluster/liveness.ts';
import { workIdOf } from '../kinds.ts';
import { type Board, createBoard } from './board.ts';
import { createMoving, type Moves, type Moving } from './moving.ts';

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

const movingOn = (board: Board, nowMs: () => number, states: Readonly<Record<string, Liveness>> = {}, moves: Partial<Moves> = {}): Moving =>
  createMoving({
    board,
    directory: { liveness: (name) => states[name] ?? { is: 'Heard' }, isMember: () => true },
    policies: { byId: () => undefined },
    env: { monotonicMs: nowMs },
    moves: {
      isSingleton: () => false,
      surplusMs: () => surplusMs,
      isFenced: () => false,
      fenceOf: () => 0,
      onWait: () => undefined,
      drainBudgetOf: () => undefined,
      ...moves,
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

it.each<readonly [state: Liveness, kept: number | undefined]>([
  [{ is: 'Heard' }, undefined],
  [{ is: 'Doubtful' }, undefined],
  [{ is: 'Dead', replicas: 'Wait' }, 3],
  [{ is: 'Dead', replicas: 'Held' }, 3],
])('what is to leave waits for replacements where they are said to be ready by a cluster that is now %j', (state, kept) => {
  const board = createBoard();
  for (const name of ['a', 'b']) {
    board.put(id, name, apply(10, 3));
    board.putAnswer(answerOf(name, 10, 3));
  }
  const moved = { ...placement, spec: { ...placement.spec, clusters: [{ name: 'b', replicas: 3 }] }, status: { replicas: 3 } };
  const { keep } = movingOn(board, () => 0, { b: state }).of(key, object, moved as unknown as StoredPlacement);
  expect(keep.get('a')).toBe(kept);
});

it.each<readonly [rule: string, fence: number, isFenced: boolean, waits: readonly string[]]>([
  ['begins elsewhere when a fence has stopped it, though its cluster is back and held down', 10, true, []],
  ['waits while the fence is not up', 10, false, ['b']],
  ['waits where it was sent anew above the fence', 9, true, ['b']],
])('a singleton %s', (_, fence, isFenced, waits) => {
  const board = createBoard();
  board.put(id, 'a', { ...apply(10, 3), isSingleton: true });
  board.putAnswer(answerOf('a', 10, 3));
  const moved = { ...placement, spec: { ...placement.spec, clusters: [{ name: 'b', replicas: 3 }] }, status: { replicas: 3 } };
  const moves = { isSingleton: () => true, isFenced: (name: string) => name === 'a' && isFenced, fenceOf: () => fence };
  const moving = movingOn(board, () => 0, { a: { is: 'Returning', isWithoutGateway: false } }, moves);
  expect([...moving.of(key, object, moved as unknown as StoredPlacement).wait.keys()]).toEqual(waits);
});
