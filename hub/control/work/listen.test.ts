/** @module What becomes of a record that the broker does not hold any more as it was sent. */
import { expect, it } from 'vitest';
import { silentLog } from '../../../shared/lib/index.ts';
import { workIdOf } from '../kinds.ts';
import { createFakeFleet } from '../testing/fake-fleet.ts';
import { type BoardEntry, createBoard, damaged } from './board.ts';
import { listenToClusters } from './listen.ts';

const key = 'apps/deployments/shop/web';
const id = workIdOf(key);

it.each<readonly [rule: string, before: BoardEntry | undefined, op: BoardEntry['op']]>([
  ['an order to run stays one', { seq: 7, op: 'apply', fingerprint: 'f', problem: undefined, replicas: 3 }, 'apply'],
  [
    'a withdrawal stays one: no move counts on replicas there',
    { seq: 7, op: 'withdraw', fingerprint: undefined, problem: undefined },
    'withdraw',
  ],
  ['what nobody knows may run', undefined, 'apply'],
])('of a damaged record %s, and it is looked at', (_, before, op) => {
  const fleet = createFakeFleet({ home: 4 }, () => 0);
  const board = createBoard();
  if (before !== undefined) board.put(id, 'home', before);
  const looked: string[] = [];
  const unlisten = listenToClusters({
    bus: fleet.bus,
    board,
    work: { add: (one) => looked.push(one), answered: () => undefined },
    env: { log: silentLog },
    isForeign: () => false,
    olderCopy: { look: async () => undefined, heard: () => undefined, unknown: () => false },
    lookAtStatus: () => undefined,
  });
  fleet.damage('home', id);
  unlisten();
  expect([board.sent(id).get('home'), looked]).toEqual([{ seq: 0, problem: undefined, ...before, op, fingerprint: damaged }, [key]]);
});
