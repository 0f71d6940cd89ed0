/** @module Measured use as it holds at the hub: damped, and never old. */
import { describe, expect, it } from 'vitest';
import { createHeldUses, usesChangeMs } from './uses.ts';

/** Uses under a clock that stands; timers run when it is moved past them. */
const bench = () => {
  let nowMs = 1_000_000;
  let timers: { readonly atMs: number; readonly run: () => void }[] = [];
  const due: string[] = [];
  const env = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    setTimer: (delayMs: number, run: () => void) => {
      const timer = { atMs: nowMs + delayMs, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
  };
  const held = createHeldUses(env, (service) => due.push(service));
  const pass = (ms: number): void => {
    const endMs = nowMs + ms;
    for (;;) {
      const [next] = timers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      timers = timers.filter((one) => one !== next);
      nowMs = next.atMs;
      next.run();
    }
    nowMs = endMs;
  };
  const hear = (cluster: string, cpuPerMille: number, ageMs = 0): void =>
    held.hear('shop/web', cluster, { cpuPerMille, atMs: nowMs - ageMs });
  const now = (): string => [...held.of('shop/web')].map(([cluster, use]) => `${cluster} ${use}`).join(', ');
  return { held, due, pass, hear, now, waiting: () => timers.length };
};

describe('a use', () => {
  it('holds when it is first heard, and the service is made anew', () => {
    const { hear, due, now } = bench();
    hear('eu', 400);
    expect(due).toEqual(['shop/web']);
    expect(now()).toBe('eu 400');
  });
  it('that changes is taken half a minute after the last change, and not before', () => {
    const { hear, due, now, pass } = bench();
    hear('eu', 400);
    expect(now()).toBe('eu 400');
    due.length = 0;
    pass(1_000);
    hear('eu', 700);
    hear('us', 300);
    expect([now(), due]).toEqual(['eu 400', []]);
    pass(usesChangeMs - 1_001);
    expect([now(), due]).toEqual(['eu 400', []]);
    pass(5_000);
    expect(due).toEqual(['shop/web']);
    expect(now()).toBe('eu 700, us 300');
  });
  it('that moves by less than a step is no change, however often it is told', () => {
    const { hear, due, now, pass } = bench();
    hear('eu', 400);
    now();
    due.length = 0;
    for (let at = 0; at < 10; at++) {
      pass(60_000);
      hear('eu', at % 2 === 0 ? 449 : 351);
    }
    expect([now(), due]).toEqual(['eu 400', []]);
  });
  it('that is older than three minutes is unknown, whether it is told so or only not told anew', () => {
    const { hear, due, now, pass } = bench();
    hear('eu', 400, 180_001);
    expect(now()).toBe('');
    hear('eu', 400, 170_000);
    expect(now()).toBe('eu 400');
    due.length = 0;
    pass(10_001);
    expect(now()).toBe('');
    hear('us', 200);
    pass(180_000);
    expect(now()).toBe('us 200');
    due.length = 0;
    pass(5_000);
    expect([due, now()]).toEqual([['shop/web'], '']);
  });
  it('of a clock that is ahead becomes old all the same', () => {
    const { hear, now, pass } = bench();
    hear('eu', 400, -3_600_000);
    expect(now()).toBe('eu 400');
    pass(180_001);
    expect(now()).toBe('');
  });
  it('that the cluster no longer knows is unknown at once, and nothing is kept of it', () => {
    const { held, hear, now, pass, waiting } = bench();
    hear('eu', 400);
    now();
    held.hear('shop/web', 'eu', undefined);
    expect(now()).toBe('');
    pass(5_000);
    expect(waiting()).toBe(0);
  });
});
