/** @module A level-triggered loop: keys wait once each, several are worked on at a time, and a pass ends in one of four outcomes. */
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { createKeyQueue, type Outcome } from './key-queue.ts';

export { done, type Outcome } from './key-queue.ts';

/** Settings of a {@link Controller}. */
export type ControllerOptions = {
  readonly name: string;
  readonly env: RuntimeEnv;
  /** Brings one key to where it should be. What it throws is a `retry`. */
  readonly reconcile: (key: string) => Promise<Outcome>;
  /** Keys worked on at the same time. */
  readonly workers?: number;
};

/** A running loop. */
export type Controller = {
  readonly add: (key: string) => void;
  /** Adds the key after a while; an earlier wait of the same key stands when it ends sooner. */
  readonly addAfter: (key: string, delayMs: number) => void;
  /** True when the key waits or is worked on. */
  readonly isBusy: (key: string) => boolean;
  /** Keys that wait or are worked on; 0 = settled. */
  readonly pending: () => number;
  /** Starts no new pass; resolves when those under way have ended. */
  readonly stop: () => Promise<void>;
};

/** How long work goes on before others have a turn. */
const turnMs = 8;

/** Starts a loop. */
export const startController = ({ name, env, reconcile, workers = 1 }: ControllerOptions): Controller => {
  const running = new Map<string, Promise<void>>();
  let isWoken = false;
  let turnSinceMs = 0;
  let workedAtMs = 0;

  const pass = async (key: string): Promise<void> => {
    try {
      queue.settle(key, await reconcile(key));
    } catch (error) {
      queue.settle(key, { outcome: 'retry', error });
    }
  };
  /** Passes that never wait would keep the process from its timers and sockets for as long as there are keys. */
  const isTurnOver = (): boolean => {
    const nowMs = env.monotonicMs();
    if (nowMs - workedAtMs >= turnMs || nowMs < workedAtMs) turnSinceMs = nowMs;
    workedAtMs = nowMs;
    return nowMs - turnSinceMs >= turnMs;
  };
  const pump = (): void => {
    isWoken = false;
    for (const key of queue.waiting) {
      if (queue.isStopped() || running.size >= workers) return;
      if (running.has(key)) continue;
      if (isTurnOver()) {
        wake();
        return;
      }
      queue.take(key);
      running.set(
        key,
        pass(key).finally(() => {
          running.delete(key);
          wake();
        }),
      );
    }
  };
  const startTurn = (): void => {
    turnSinceMs = env.monotonicMs();
    workedAtMs = turnSinceMs;
    pump();
  };
  // A turn of its own, so that whoever adds a key (a watch's sink) never waits for work.
  const wake = (): void => {
    if (isWoken || queue.isStopped() || queue.waiting.size === 0) return;
    isWoken = true;
    if (isTurnOver()) env.setTimer(0, startTurn);
    else queueMicrotask(pump);
  };
  const queue = createKeyQueue(name, env, wake);
  return {
    add: queue.add,
    addAfter: queue.addAfter,
    isBusy: (key) => queue.waiting.has(key) || running.has(key),
    pending: () => queue.waiting.size + running.size,
    stop: async () => {
      queue.stop();
      await Promise.all(running.values());
    },
  };
};
