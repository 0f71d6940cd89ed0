/** @module The collector's setting in calm and in bursts. */
import { expect, test } from 'vitest';
import { silentLog } from '../shared/lib/index.ts';
import { followBursts } from './collector.ts';

const started = (flags: readonly string[]) => {
  const timers: (() => void)[] = [];
  const setTimer = (_ms: number, run: () => void) => {
    timers.push(run);
    return () => timers.pop();
  };
  const taken: string[] = [];
  const state = { isBurst: false };
  const env = { nowMs: () => 0, monotonicMs: () => 0, random: () => 0, uuid: () => '', log: silentLog, setTimer };
  const stop = followBursts(env, () => state.isBurst, { flags, set: (flag) => taken.push(flag) });
  return { state, taken, stop, tick: () => timers.shift()?.(), timers };
};

test('the heap may grow while a burst lasts, and is kept small again after it and at the end', () => {
  const { state, taken, stop, tick, timers } = started(['--max-semi-space-size=8']);
  const calm = ['--optimize-for-size', '--semi-space-growth-factor=1'];
  const fast = ['--no-optimize-for-size', '--semi-space-growth-factor=2'];
  tick();
  expect(taken).toEqual(calm);
  for (const isBurst of [true, true, false, true]) {
    state.isBurst = isBurst;
    tick();
  }
  expect(taken).toEqual([...calm, ...fast, ...calm, ...fast]);
  stop();
  expect(taken.slice(-calm.length)).toEqual(calm);
  expect(timers).toEqual([]);
});

test('a process that was not told to stay small is left alone', () => {
  const { taken, timers } = started(['--stack-size=900']);
  expect([taken, timers]).toEqual([[], []]);
});
