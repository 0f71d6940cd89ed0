/** @module What the loop around the detector tells of what it refused. */
import { expect, test } from 'vitest';
import { silentLog } from '../lib/index.ts';
import { openPacket } from '../wire/mesh-packet.ts';
import { startWatch } from './run.ts';

test('an agent tells the hub how much it has refused, of whom and why', () => {
  let nowMs = 0;
  const timers: { atMs: number; run: () => void }[] = [];
  const published: Uint8Array[] = [];
  const setTimer = (afterMs: number, run: () => void) => {
    const timer = { atMs: nowMs + afterMs, run };
    timers.push(timer);
    return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1));
  };
  const clocks = { nowMs: () => nowMs, monotonicMs: () => nowMs, random: () => 0, uuid: () => 'a-1' };
  const watch = startWatch({
    ...{ name: 'a', bootId: 'a-1', env: { ...clocks, setTimer, log: silentLog } },
    ...{ sign: () => new Uint8Array(64), verify: () => true, hubKey: () => undefined },
    publish: (_, packet) => published.push(packet),
    sendDirect: () => undefined,
    look: async () => ({ isAnswered: false, isWild: false, tookMs: 0 }),
  });
  for (let at = 0; at < 1_000; at++) watch.hear('direct', new Uint8Array(100));
  watch.refusals.refuse({ cluster: 'b', subject: 'mesh broker', reason: 'Replayed', message: 'beat 1 after beat 99' });
  for (; nowMs <= 30_000; nowMs += 10)
    for (const due of timers.filter(({ atMs }) => atMs <= nowMs)) timers.splice(timers.indexOf(due), 1)[0]?.run();
  const told = published.map((packet) => openPacket(packet, { keyOf: () => 'key', verify: () => true }));
  const refused = [
    { cluster: '', reason: 'NotPacket', count: 1_000 },
    { cluster: 'b', reason: 'Replayed', count: 1 },
  ];
  expect(told).toMatchObject([{ ok: true, message: { kind: 'shadows', from: 'a', refused } }]);
  watch.stop();
  expect(timers).toEqual([]);
});
