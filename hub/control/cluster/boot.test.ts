/** @module Late messages of an agent's start before this one. */
import { expect, test } from 'vitest';
import { type Boot, bootAfter, bootSilentMs } from './boot.ts';

const old: Boot = { id: 'old', saidMs: 1_000, heardMs: 1_000 };
const now: Boot = { id: 'now', saidMs: 2_000, heardMs: 2_000 };

test.each<[string, Boot | undefined, Boot, string | undefined]>([
  ['the first one heard', undefined, old, 'old'],
  ['the same one', now, { ...now, saidMs: 3_000, heardMs: 3_000 }, 'now'],
  ['a newer start', old, now, 'now'],
  ['a late word of the start before', now, { ...old, heardMs: 2_001 }, undefined],
  ['a start whose clock was set back, while the one before may still run', now, { id: 'back', saidMs: 5, heardMs: 2_500 }, undefined],
  [
    'a start whose clock was set back, when the one before is silent',
    now,
    { id: 'back', saidMs: 5, heardMs: 2_000 + bootSilentMs },
    'back',
  ],
])('%s', (_, current, next, id) => {
  expect(bootAfter(current, next)?.id).toBe(id);
});

test('a message that was overtaken by one of the same start does not make the start look older', () => {
  expect(bootAfter(now, { ...now, saidMs: 1_500, heardMs: 2_100 })).toEqual({ id: 'now', saidMs: 2_000, heardMs: 2_100 });
});
