/** @module Telling many agents: at once while it is little, spread over time when it is much, each one once. */
import { expect, it } from 'vitest';
import { bytesAtOnceMax, startPacer } from './pacer.ts';

const paced = (size: number) => {
  const told: string[] = [];
  const timers: (() => void)[] = [];
  const env = {
    setTimer: (_delayMs: number, run: () => void) => {
      timers.push(run);
      return () => void timers.splice(timers.indexOf(run), 1);
    },
  };
  const pacer = startPacer({ env, sizeOf: () => size, give: (name) => told.push(name) });
  const wait = (): void => timers.shift()?.();
  return { pacer, told, wait, timers };
};
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `c${index}`);

it('tells the first at once and the others after a pause', () => {
  const { pacer, told, wait } = paced(100);
  for (const name of names(5)) pacer.add(name);
  expect(told).toEqual(['c0']);
  wait();
  expect(told).toEqual(names(5));
});

it('never tells more than the limit at once, and everyone in the end', () => {
  const { pacer, told, wait, timers } = paced(bytesAtOnceMax / 3);
  for (const name of names(10)) pacer.add(name);
  const steps = [told.length];
  while (timers.length > 0) {
    wait();
    steps.push(told.length);
  }
  expect(steps).toEqual([1, 4, 7, 10, 10]);
});

it('tells packets above the limit one by one, and a name that waits once', () => {
  const { pacer, told, wait } = paced(bytesAtOnceMax * 2);
  for (const name of ['a', 'b', 'b', 'c']) pacer.add(name);
  wait();
  wait();
  wait();
  expect(told).toEqual(['a', 'b', 'c']);
});

it('tells nobody after its end', () => {
  const { pacer, told, timers } = paced(bytesAtOnceMax);
  for (const name of names(3)) pacer.add(name);
  pacer.stop();
  expect([told, timers]).toEqual([['c0'], []]);
});
