/** @module Rules of the queue that sends the newest value of each key. */
import { describe, expect, test } from 'vitest';
import { type RuntimeEnv, silentLog } from '../lib/env.ts';
import { makeKeyedQueue } from './keyed-queue.ts';

/** Timers run when told; sends end when told. */
const makeStage = (limits: { inFlightMax?: number; keysMax?: number } = {}) => {
  const timers: (() => void)[] = [];
  const pauses: number[] = [];
  const env: RuntimeEnv = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    random: () => 0.5,
    uuid: () => '',
    log: silentLog,
    setTimer: (ms, run) => {
      pauses.push(ms);
      timers.push(run);
      return () => timers.splice(timers.indexOf(run), 1);
    },
  };
  const sends: { key: string; value: string; end: (error?: Error) => void }[] = [];
  const queue = makeKeyedQueue<string>({
    env,
    inFlightMax: limits.inFlightMax ?? 2,
    keysMax: limits.keysMax ?? 10,
    send: (key, value) =>
      new Promise((resolve, reject) => sends.push({ key, value, end: (error) => (error === undefined ? resolve() : reject(error)) })),
  });
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  const sent = (): string[] => sends.map(({ key, value }) => `${key}=${value}`);
  return { queue, sends, sent, settle, pauses, runTimers: () => timers.splice(0).map((run) => run()) };
};

describe('a keyed queue', () => {
  test('sends one value of a key at a time, and of those that wait only the newest', async () => {
    const { queue, sends, sent, settle } = makeStage();
    const outcomes = [queue.put('a', '1'), queue.put('a', '2'), queue.put('a', '3')];
    sends[0]?.end();
    await settle();
    sends[1]?.end();
    expect(await Promise.all(outcomes)).toEqual(['sent', 'superseded', 'sent']);
    expect(sent()).toEqual(['a=1', 'a=3']);
    expect(queue.size()).toBe(0);
  });

  test('has a bounded number under way', async () => {
    const { queue, sends, sent, settle } = makeStage({ inFlightMax: 2 });
    for (const key of ['a', 'b', 'c']) void queue.put(key, '1');
    expect(sent()).toEqual(['a=1', 'b=1']);
    sends[1]?.end();
    await settle();
    expect(sent()).toEqual(['a=1', 'b=1', 'c=1']);
  });

  test('tries again what failed, at once when told that the link is back, and with a newer value if there is one', async () => {
    const { queue, sends, sent, settle, runTimers } = makeStage();
    const first = queue.put('a', '1');
    sends[0]?.end(new Error('away'));
    await settle();
    expect(sent()).toEqual(['a=1']);
    runTimers();
    sends[1]?.end(new Error('away'));
    await settle();
    const second = queue.put('a', '2');
    queue.retryNow();
    sends[2]?.end();
    expect([await first, await second]).toEqual(['superseded', 'sent']);
    expect(sent()).toEqual(['a=1', 'a=1', 'a=2']);
  });

  test('pauses longer each time a value fails, and begins anew with a newer value', async () => {
    const { queue, sends, settle, pauses, runTimers } = makeStage();
    void queue.put('a', '1');
    for (let turn = 0; turn < 4; turn++) {
      sends[turn]?.end(new Error('refused'));
      await settle();
      if (turn < 3) runTimers();
    }
    void queue.put('a', '2');
    // Those that come soon after do not put it off.
    void queue.put('a', '3');
    expect(pauses).toEqual([75, 150, 300, 600, 75]);
    runTimers();
    expect(sends.at(-1)?.value).toBe('3');
  });

  test('refuses further keys when full, and answers all that wait when stopped', async () => {
    const { queue } = makeStage({ keysMax: 2, inFlightMax: 1 });
    const [, waiting, over] = [queue.put('a', '1'), queue.put('b', '1'), queue.put('c', '1')];
    expect(await over).toBe('full');
    queue.stop();
    expect(await waiting).toBe('stopped');
    expect(await queue.put('d', '1')).toBe('stopped');
  });
});
