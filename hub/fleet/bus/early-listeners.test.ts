/** @module What comes before anybody listens. */
import { expect, test } from 'vitest';
import { silentLog } from '../../../shared/lib/index.ts';
import { makeEarlyListeners } from './early-listeners.ts';

test('what comes before anybody listens is told to the first who does, the newest of each key, within the limit', () => {
  let lost = 0;
  const listeners = makeEarlyListeners<string>({
    log: silentLog,
    keyOf: (event) => event.slice(0, 1),
    waitingMax: 2,
    onFull: () => {
      lost += 1;
    },
  });
  for (const event of ['a1', 'b1', 'c1', 'a2']) listeners.tell(event);
  const [first, second]: [string[], string[]] = [[], []];
  listeners.add((event) => first.push(event));
  listeners.add((event) => second.push(event));
  listeners.tell('d1');
  expect([first, second, lost]).toEqual([['a2', 'b1', 'd1'], ['d1'], 1]);
});
