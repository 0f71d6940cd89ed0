/** @module An agent that was started twice, or again and again, as the hub hears it. */
import { expect, test } from 'vitest';
import { type AgentTrouble, createTwinWatch } from './twins.ts';

type Step = readonly [before: string, now: string] | number;

/** Switches between starts, and what is told of them; a number lets so many ms pass. */
const told = (script: readonly Step[]): (AgentTrouble | 'over')[] => {
  const said: (AgentTrouble | 'over')[] = [];
  let nowMs = 0;
  let timer: { readonly atMs: number; readonly run: () => void } | undefined;
  const env = {
    monotonicMs: () => nowMs,
    setTimer: (ms: number, run: () => void) => {
      timer = { atMs: nowMs + ms, run };
      return () => {
        timer = undefined;
      };
    },
  };
  const watch = createTwinWatch(env, (_, trouble) => said.push(trouble ?? 'over'));
  for (const step of script) {
    if (typeof step !== 'number') watch.began('eu', ...step);
    else nowMs += step;
    if (timer !== undefined && timer.atMs <= nowMs) timer.run();
  }
  return said;
};

test.each<[string, readonly Step[], (AgentTrouble | 'over')[]]>([
  ['one start after another is one agent', [['a', 'b'], ['b', 'c'], 60_000], []],
  [
    'a start that was over and speaks again runs beside the later one',
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    ['StartedTwice'],
  ],
  [
    'it is told once, however often they take turns',
    [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'b'],
      ['b', 'a'],
    ],
    ['StartedTwice'],
  ],
  [
    'when one of them is silent for a while it is over',
    [['a', 'b'], ['b', 'a'], ['a', 'b'], 9_000, ['b', 'a'], 9_000, 1_000],
    ['StartedTwice', 'over'],
  ],
  [
    'one that is started again and again is told of',
    [['a', 'b'], 30_000, ['b', 'c'], 30_000, ['c', 'd'], 30_000, ['d', 'e']],
    ['StartedOften'],
  ],
  ['until it runs', [['a', 'b'], ['b', 'c'], ['c', 'd'], ['d', 'e'], 120_000], ['StartedOften', 'over']],
  ['now and then is not often', [['a', 'b'], 60_000, ['b', 'c'], 60_000, ['c', 'd'], 60_000, ['d', 'e'], 60_000, ['e', 'f']], []],
])('%s', (_, script, expected) => {
  expect(told(script)).toEqual(expected);
});
