/** @module The queue of a loop that decides together: who is in a batch, in which order, and what comes of failures. */
import { describe, expect, it, vi } from 'vitest';
import { type RuntimeEnv, silentLog } from '../../shared/lib/index.ts';
import { type BatchControllerOptions, startBatchController } from './batch-controller.ts';
import { done, type Outcome } from './key-queue.ts';

let slept = 0;
const env: RuntimeEnv = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  random: () => 0.5,
  uuid: () => 'u',
  setTimer: (delayMs, run) => {
    slept += 1;
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  log: silentLog,
};
const all = (keys: readonly string[], outcome: Outcome = done): ReadonlyMap<string, Outcome> => new Map(keys.map((key) => [key, outcome]));
const start = (given: Pick<BatchControllerOptions, 'reconcile'> & Partial<BatchControllerOptions>) =>
  startBatchController({ name: 'test', env, keysMax: 10, gather: () => undefined, inOrder: (keys) => keys, ...given });
const settled = (controller: { pending: () => number }) => vi.waitFor(() => expect(controller.pending()).toBe(0));

describe('startBatchController', () => {
  it('takes everything that came during a batch into the next one', async () => {
    const batches: (readonly string[])[] = [];
    const controller = start({
      reconcile: async ({ keys }) => {
        batches.push(keys);
        if (batches.length === 1) for (const key of ['c', 'b', 'c', 'a']) controller.add(key);
        await Promise.resolve();
        return all(keys);
      },
    });
    controller.add('a');
    controller.add('b');
    await settled(controller);
    expect(batches).toEqual([
      ['a', 'b'],
      ['c', 'b', 'a'],
    ]);
  });

  it('takes the first in order when more wait than a batch holds', async () => {
    const batches: (readonly string[])[] = [];
    const controller = start({
      keysMax: 2,
      inOrder: (keys) => keys.toSorted(),
      reconcile: async ({ keys }) => {
        batches.push(keys);
        return all(keys);
      },
    });
    for (const key of ['d', 'b', 'a', 'c', 'e']) controller.add(key);
    await settled(controller);
    expect(batches).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it('adds what is gathered before it takes keys', async () => {
    const batches: (readonly string[])[] = [];
    let isGathered = false;
    const controller = start({
      gather: () => {
        if (!isGathered) controller.add('late');
        isGathered = true;
      },
      reconcile: async ({ keys }) => {
        batches.push(keys);
        return all(keys);
      },
    });
    controller.add('early');
    await settled(controller);
    expect(batches).toEqual([['early', 'late']]);
  });

  it('tries all keys of a batch again when it fails, claimed ones too, each by itself otherwise', async () => {
    const seen: string[] = [];
    const controller = start({
      reconcile: async ({ keys, claim }) => {
        seen.push(...keys);
        if (seen.length === 1) {
          claim('claimed');
          throw new Error('no');
        }
        return new Map(
          keys.map((key) => [key, seen.filter((other) => other === key).length < 2 ? { outcome: 'again', afterMs: 1 } : done]),
        );
      },
    });
    controller.add('a');
    await vi.waitFor(() => expect(seen.toSorted()).toEqual(['a', 'a', 'claimed', 'claimed']));
    await settled(controller);
  });

  it('works a key once more when it was added during its batch, claimed or not', async () => {
    const batches: (readonly string[])[] = [];
    const controller = start({
      reconcile: async ({ keys, claim }) => {
        batches.push(keys);
        if (batches.length > 1) return all(keys);
        for (const key of ['a', 'b']) controller.add(key);
        await Promise.resolve();
        for (const key of ['a', 'b']) claim(key);
        return all(['a', 'b']);
      },
    });
    controller.add('a');
    await settled(controller);
    expect(batches).toEqual([['a'], ['a', 'b']]);
  });

  it('lets others have a turn within a long batch', async () => {
    const before = slept;
    let turns = 0;
    const controller = start({
      reconcile: async ({ keys, breathe }) => {
        const endMs = Date.now() + 40;
        while (Date.now() < endMs) {
          turns += 1;
          await breathe();
        }
        return all(keys);
      },
    });
    controller.add('a');
    await settled(controller);
    expect(slept - before).toBeGreaterThanOrEqual(1);
    expect(turns).toBeGreaterThan(slept - before);
  });
});
