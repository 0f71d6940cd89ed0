/** @module A level-triggered loop: keys wait once each, several are worked on at a time, and a pass ends in one of four outcomes. */
import { backoffMs, type RuntimeEnv } from '../../shared/lib/index.ts';

/**
 * What a pass over a key came to: `done`; `again` after a while; `retry` with growing waits because something failed; `refused` = nothing
 * but a change by somebody can help, so that it is not tried again.
 */
export type Outcome =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'again'; readonly afterMs: number }
  | { readonly outcome: 'retry'; readonly error: unknown }
  | { readonly outcome: 'refused'; readonly message: string };

/** The outcome of most passes. */
export const done: Outcome = { outcome: 'done' };

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

const retryWait = { baseMs: 50, maxMs: 30_000 };

/** Starts a loop. Its queue holds a key at most once, so that it is bounded by the number of objects. */
export const startController = ({ name, env, reconcile, workers = 1 }: ControllerOptions): Controller => {
  const waiting = new Set<string>();
  const running = new Map<string, Promise<void>>();
  const timers = new Map<string, { readonly dueMs: number; readonly cancel: () => void }>();
  const failures = new Map<string, number>();
  let isStopped = false;
  let isWoken = false;

  const addAfter = (key: string, delayMs: number): void => {
    if (isStopped) return;
    const dueMs = env.nowMs() + delayMs;
    const earlier = timers.get(key);
    if (earlier !== undefined && earlier.dueMs <= dueMs) return;
    earlier?.cancel();
    const cancel = env.setTimer(delayMs, () => {
      timers.delete(key);
      add(key);
    });
    timers.set(key, { dueMs, cancel });
  };
  const settle = (key: string, outcome: Outcome): void => {
    if (outcome.outcome !== 'retry') failures.delete(key);
    if (outcome.outcome === 'again') addAfter(key, outcome.afterMs);
    else if (outcome.outcome === 'refused') env.log.info(`${name}: refused`, { key, message: outcome.message });
    else if (outcome.outcome === 'retry') {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      env.log.warn(`${name}: will try again`, { key, attempts: count + 1, error: outcome.error });
      addAfter(key, backoffMs(count, retryWait, env.random));
    }
  };
  const pass = async (key: string): Promise<void> => {
    try {
      settle(key, await reconcile(key));
    } catch (error) {
      settle(key, { outcome: 'retry', error });
    }
  };
  const pump = (): void => {
    isWoken = false;
    for (const key of waiting) {
      if (isStopped || running.size >= workers) return;
      if (running.has(key)) continue;
      waiting.delete(key);
      running.set(
        key,
        pass(key).finally(() => {
          running.delete(key);
          wake();
        }),
      );
    }
  };
  // A turn of its own, so that whoever adds a key (a watch's sink) never waits for work.
  const wake = (): void => {
    if (isWoken || isStopped || waiting.size === 0) return;
    isWoken = true;
    queueMicrotask(pump);
  };
  const add = (key: string): void => {
    if (isStopped) return;
    waiting.add(key);
    wake();
  };
  return {
    add,
    addAfter,
    isBusy: (key) => waiting.has(key) || running.has(key),
    pending: () => waiting.size + running.size,
    stop: async () => {
      isStopped = true;
      waiting.clear();
      for (const { cancel } of timers.values()) cancel();
      timers.clear();
      await Promise.all(running.values());
    },
  };
};
