/** @module What observers tell of their counts is kept as each told it last. */
import { expect, test } from 'vitest';
import type { MeshShadows } from '../../../shared/wire/mesh.ts';
import { createShadowDesk } from './shadow-desk.ts';

const told = (from: string, count: number): MeshShadows => ({
  ...{ v: 1, from, bootId: from, seq: 1, sentMs: 0, kind: 'shadows', watchedMs: 0, rows: [] },
  refused: [{ cluster: 'eu', reason: 'Replayed', count }],
});

test('what observers refused stands as each told it last', () => {
  const desk = createShadowDesk();
  for (const message of [told('a', 1), told('b', 7), told('a', 5)]) desk.take(message);
  expect(desk.refused()).toEqual([
    { observer: 'a', cluster: 'eu', reason: 'Replayed', count: 5 },
    { observer: 'b', cluster: 'eu', reason: 'Replayed', count: 7 },
  ]);
});
