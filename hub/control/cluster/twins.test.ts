/** @module An agent that was started twice, as the hub hears it. */
import { expect, test } from 'vitest';
import { createTwinWatch, twinQuietMs } from './twins.ts';

/** Switches between starts, and what is told of them; `wait` lets the time pass by which it has ended. */
const told = (script: readonly (readonly [before: string, now: string] | 'wait')[]): boolean[] => {
  const said: boolean[] = [];
  let timer: { readonly ms: number; readonly run: () => void } | undefined;
  const env = {
    setTimer: (ms: number, run: () => void) => {
      timer = { ms, run };
      return () => {
        timer = undefined;
      };
    },
  };
  const watch = createTwinWatch(env, (_, isDouble) => said.push(isDouble));
  for (const step of script) {
    if (step !== 'wait') watch.began('eu', ...step);
    else if (timer?.ms === twinQuietMs) timer.run();
  }
  return said;
};

test.each<[string, Parameters<typeof told>[0], boolean[]]>([
  ['one start after another is one agent', [['a', 'b'], ['b', 'c'], 'wait'], []],
  [
    'a start that was over and speaks again runs beside the later one',
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    [true],
  ],
  [
    'it is told once, however often they take turns',
    [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'b'],
      ['b', 'a'],
    ],
    [true],
  ],
  ['when one of them is silent for a while it is over', [['a', 'b'], ['b', 'a'], ['a', 'b'], 'wait', ['b', 'c']], [true, false]],
])('%s', (_, script, expected) => {
  expect(told(script)).toEqual(expected);
});
