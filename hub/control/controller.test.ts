/** @module The queue of a loop: each key once, in parallel up to a limit, again after failure. */
import { describe, expect, it, vi } from 'vitest';
import { type RuntimeEnv, silentLog } from '../../shared/lib/index.ts';
import { done, type Outcome, startController } from './controller.ts';

const env: RuntimeEnv = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  random: () => 0.5,
  uuid: () => 'u',
  setTimer: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  log: silentLog,
};

const settled = (controller: { pending: () => number }) => vi.waitFor(() => expect(controller.pending()).toBe(0));

describe('startController', () => {
  it('works a key once however often it was added meanwhile, and again when added during its pass', async () => {
    const seen: string[] = [];
    const controller = startController({
      name: 'test',
      env,
      reconcile: async (key) => {
        seen.push(key);
        if (seen.length === 1) controller.add('a');
        return done;
      },
    });
    controller.add('a');
    controller.add('a');
    controller.add('b');
    await settled(controller);
    expect(seen).toEqual(['a', 'b', 'a']);
  });

  it('never works one key twice at the same time, and no more keys than it has workers', async () => {
    let running = 0;
    let most = 0;
    const active = new Set<string>();
    const controller = startController({
      name: 'test',
      env,
      workers: 2,
      reconcile: async (key) => {
        expect(active.has(key)).toBe(false);
        active.add(key);
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        active.delete(key);
        return done;
      },
    });
    for (const key of ['a', 'b', 'c', 'd']) controller.add(key);
    controller.add('a');
    await settled(controller);
    expect(most).toBe(2);
  });

  it('tries again what failed, asks again what asked for it, and leaves what was refused', async () => {
    const outcomes: Record<string, Outcome[]> = {
      retry: [{ outcome: 'retry', error: new Error('down') }, done],
      again: [{ outcome: 'again', afterMs: 1 }, done],
      refused: [{ outcome: 'refused', message: 'no' }],
    };
    const seen: string[] = [];
    const controller = startController({
      name: 'test',
      env,
      reconcile: async (key) => {
        seen.push(key);
        const next = outcomes[key]?.shift();
        if (key === 'throws' && seen.filter((other) => other === key).length === 1) throw new Error('broken');
        return next ?? done;
      },
    });
    for (const key of ['retry', 'again', 'refused', 'throws']) controller.add(key);
    await vi.waitFor(() => expect(seen.sort()).toEqual(['again', 'again', 'refused', 'retry', 'retry', 'throws', 'throws']));
    await controller.stop();
  });
});
