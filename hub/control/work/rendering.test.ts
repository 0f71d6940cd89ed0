/** @module Rules of what each cluster gets of a workload while it moves. */
import { expect, it } from 'vitest';
import type { StoredPlacement } from '../../../shared/api/index.ts';
import { type Move, noMove } from './moving.ts';
import { sharesOf } from './rendering.ts';

/** Replicas by cluster, of a workload that is placed in `a` (1) and `b` (2). */
const sharesWith = (move: Partial<Move>): Record<string, number | undefined> => {
  const clusters = Object.entries({ a: 1, b: 2 }).map(([name, replicas]) => ({ name, replicas }));
  const placement = { spec: { workload: {}, policy: 'shop/web', clusters } } as unknown as StoredPlacement;
  return Object.fromEntries([...sharesOf(new Set(), placement, { ...noMove, ...move })].map(([name, { replicas }]) => [name, replicas]));
};

it.each<readonly [rule: string, move: Partial<Move>, shares: Record<string, number>]>([
  ['gets what it is placed with when nothing moves', {}, { a: 1, b: 2 }],
  ['has what stays there although it is placed there no more', { stay: new Map([['c', 3]]) }, { a: 1, b: 2, c: 3 }],
  ['has what stays there beyond its share: it is drained, and that is not decided on yet', { stay: new Map([['a', 3]]) }, { a: 3, b: 2 }],
  ['keeps more than its share while replacements are not ready', { keep: new Map([['a', 2]]) }, { a: 2, b: 2 }],
  ['is left as it is where it keeps all and has no share', { keep: new Map([['c', 2]]) }, { a: 1, b: 2 }],
])('a cluster %s', (_, move, shares) => {
  expect(sharesWith(move)).toEqual(shares);
});
