/** @module What may be left in drained clusters of a healed federation, and what must not. */
import { expect, test } from 'vitest';
import type { Cluster, PolicySpec, StoredPlacement } from '../../../shared/api/index.ts';
import { type StayingSight, stayingText } from './staying.ts';

type Left = {
  /** Replicas of `web` in each cluster: all, and those that are ready (all when absent). */
  readonly has?: Readonly<Record<string, readonly [replicas: number, ready?: number]>>;
  readonly placed?: Readonly<Record<string, number>>;
  readonly stays?: number;
  readonly unplaced?: number;
  readonly reason?: string;
  readonly room?: number;
  readonly told?: 'staying' | 'waiting' | 'nowhere';
  readonly isDrained?: boolean;
  readonly spec?: object;
  readonly policy?: object;
};

/** `web` wants 4: 2 are placed in `b`, 2 find no place and stay in `a`, which is drained. */
const sightOf = (left: Left): StayingSight => {
  const { has = { a: [2], b: [2] }, placed = { b: 2 }, stays = 2, unplaced = 2, told = 'staying', isDrained = true, room = 0 } = left;
  const named = [{ kind: 'Deployment', namespace: 'shop', name: 'web', why: 'no other cluster has room' }];
  const drain = told === 'nowhere' ? {} : { [told]: named };
  const placement = {
    spec: {
      workload: { name: 'web' },
      policy: 'shop/web',
      clusters: Object.entries(placed).map(([name, replicas]) => ({ name, replicas })),
    },
    status: {
      unplaced,
      reason: left.reason ?? 'Unplaced',
      staying: stays === 0 ? [] : [{ name: 'a', replicas: stays, reason: 'Drained' }],
    },
  };
  return {
    clusters: [
      { metadata: { name: 'a' }, spec: isDrained ? { drain: {} } : {}, status: isDrained ? { drain } : {} },
      { metadata: { name: 'b' }, spec: {} },
      { metadata: { name: 'c' }, spec: left.spec ?? {} },
    ] as unknown as Cluster[],
    placements: new Map([['web', placement as unknown as StoredPlacement]]),
    policy: () => ({ replicaScheduling: { strategy: 'Capacity' }, ...left.policy }) as PolicySpec,
    wanted: () => 4,
    counts: (cluster) => {
      const [replicas, ready = replicas] = has[cluster] ?? [];
      return replicas === undefined || ready === undefined ? undefined : { replicas, ready };
    },
    room: (cluster) => (cluster === 'c' ? room : 0),
  };
};

const taint = { taints: [{ key: 'maintenance', effect: 'NoSchedule' }] };
const hard = { spread: [{ topologyKey: 'zone', minDomains: 2, whenUnsatisfiable: 'DoNotSchedule' }] };
const whole = { replicaScheduling: { strategy: 'Duplicated' } };
const waits: Left = { has: { a: [2], b: [4, 2] }, placed: { b: 4 }, stays: 0, unplaced: 0, told: 'waiting' };
const none: Left = { has: { b: [4] }, placed: { b: 4 }, stays: 0, unplaced: 0, told: 'nowhere' };

test.each<readonly [string, Left, string]>([
  ['what finds no place elsewhere stays', {}, ''],
  ['not while another cluster has room', { room: 1 }, 'web stays in a though c has room for it'],
  ['though there is room behind a taint', { room: 1, spec: taint }, ''],
  [
    'not while there is room behind a taint that is tolerated',
    { room: 1, spec: taint, policy: { tolerations: [{ key: 'maintenance' }] } },
    'web stays in a though c has room for it',
  ],
  [
    'though there is room in another drained cluster',
    { room: 1, spec: { drain: {} }, told: 'nowhere' },
    'the drain of a tells that nothing is left; web is',
  ],
  ['though there is room that a hard term may be against', { room: 1, policy: hard }, ''],
  ['though there is room, but not for all of what is not divided', { room: 3, placed: {}, has: { a: [2] }, policy: whole }, ''],
  [
    'not while there is room for all of what is not divided',
    { room: 4, placed: {}, has: { a: [2] }, policy: whole },
    'web stays in a though c has room for it',
  ],
  ['not more than found no place', { unplaced: 1 }, '2 of web stay, 1 found no place'],
  ['all that is said to', { has: { a: [1], b: [2] } }, 'web has 1 in a, where its Placement says that 2 stay'],
  ['at all where it is said to', { has: { b: [2] } }, 'web has nothing in a, where its Placement says that 2 stay'],
  ['only where a drain stands', { isDrained: false }, 'web is left in a, which is not drained'],
  ['without a drain too where no policy moves it any more', { isDrained: false, reason: 'NoPolicy' }, ''],
  ['and the Cluster says so', { told: 'nowhere' }, 'the drain of a tells that nothing is left; web is'],
  ['as what waits for replacements that are not ready does', waits, ''],
  [
    'but no more waits than is not ready',
    { ...waits, has: { a: [3], b: [4, 2] } },
    '3 of web wait in drained clusters for 2 that are not ready',
  ],
  ['and what waits is told as well', { ...waits, told: 'nowhere' }, 'the drain of a tells that nothing is left; web is'],
  ['nothing else does', { ...waits, has: { a: [2], b: [4] } }, '2 of web wait in drained clusters for 0 that are not ready'],
  ['and nothing is told of an empty cluster', none, ''],
  ['which is not said to have any', { ...none, told: 'staying' }, 'the drain of a tells that web is left; nothing is'],
])('left in a drained cluster: %s', (_, left, text) => {
  expect(stayingText(sightOf(left))).toBe(text);
});
