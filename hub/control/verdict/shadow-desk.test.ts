/** @module What observers tell of their counts is kept as each told it last. */
import { expect, test } from 'vitest';
import type { MeshShadows } from '../../../shared/wire/mesh.ts';
import { createShadowDesk } from './shadow-desk.ts';

const told = (from: string, count: number, seq = count, bootId = from): MeshShadows => ({
  ...{ v: 1, from, bootId, seq, sentMs: 0, kind: 'shadows', watchedMs: 0, rows: [] },
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

test('what an observer told before is no news when it comes late, and what its next start tells is', () => {
  const desk = createShadowDesk();
  expect([told('a', 5, 9), told('a', 4, 8), told('a', 5, 9)].map(desk.take)).toEqual([[], undefined, undefined]);
  expect(desk.refused()).toMatchObject([{ observer: 'a', count: 5 }]);
  desk.take(told('a', 1, 1, 'next'));
  expect(desk.refused()).toMatchObject([{ observer: 'a', count: 1 }]);
});

test('what an observer told goes with its cluster', () => {
  const desk = createShadowDesk();
  for (const message of [told('a', 1), told('b', 7)]) desk.take(message);
  desk.keepOnly([{ name: 'b' }]);
  expect(desk.refused()).toMatchObject([{ observer: 'b' }]);
});

test('a death that two observers saw is one death, and what each of them suspected counts', () => {
  const desk = createShadowDesk();
  const row = { target: 'c', profile: 'fast' as const, falseSuspicions: 0, callMsMax: 600, longestSilenceMs: 900 };
  for (const from of ['a', 'b']) desk.take({ ...told(from, 1), rows: [{ ...row, suspicions: 1, deaths: 1 }] });
  expect(desk.summaryOf('c')[0]).toMatchObject({ profile: 'fast', observers: 2, suspicions: 2, deaths: 1 });
});

test('a death that is held back is no false suspicion, and is counted apart', () => {
  const desk = createShadowDesk();
  const row = { target: 'c', profile: 'fast' as const, suspicions: 1, falseSuspicions: 0, deaths: 0, callMsMax: 0, longestSilenceMs: 900 };
  desk.take({ ...told('a', 1), rows: [{ ...row, heldSuspicions: 1 }] });
  desk.take({ ...told('b', 1), rows: [row] });
  expect(desk.summaryOf('c')[0]).toMatchObject({ suspicions: 2, falseSuspicions: 0, heldSuspicions: 1 });
});
