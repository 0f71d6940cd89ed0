/** @module Rules of the timers of a Node process. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { nodeTimer } from './runtime-env.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it.each([1, 1_000, 2 ** 31 - 1, 2 ** 31, 90 * 86_400_000])('a timer of %d ms is over after that time, not before', (delayMs) => {
  const run = vi.fn();
  nodeTimer(delayMs, run);
  vi.advanceTimersByTime(delayMs - 1);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(run).toHaveBeenCalledOnce();
});

it('a timer that is cancelled never runs, however long it has waited', () => {
  const run = vi.fn();
  const cancel = nodeTimer(2 ** 33, run);
  vi.advanceTimersByTime(2 ** 32);
  cancel();
  vi.advanceTimersByTime(2 ** 33);
  expect(run).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
