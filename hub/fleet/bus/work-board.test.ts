/** @module What the hub remembers of the work that it has sent. */
import { expect, test } from 'vitest';
import { configWork } from '../testing/work.ts';
import { makeWorkBoard } from './work-board.ts';

test('work that was sent is known to have been sent when it is forgotten, alone or with its cluster', () => {
  const board = makeWorkBoard(new Uint8Array(32));
  const seen = (): boolean[] => [board.has('eu', 'web'), board.wasSent('eu', 'web')];
  expect(seen()).toEqual([false, false]);
  board.expect(configWork('eu', 'web', 1), 'signature');
  expect(seen()).toEqual([true, true]);
  board.forget('eu', 'web');
  expect(seen()).toEqual([false, true]);
  expect(board.wasSent('eu', 'other')).toBe(false);
  board.forget('eu');
  expect(board.wasSent('eu', 'other')).toBe(true);
  expect(board.wasSent('us', 'other')).toBe(false);
});

test('when too much was forgotten to tell, all counts as sent', () => {
  const board = makeWorkBoard(new Uint8Array(32));
  for (let at = 0; at < 10_000; at++) board.forget('eu', `w${at}`);
  expect(board.wasSent('us', 'never')).toBe(true);
});
