/** @module A queue of keys worked off one at a time: a key waits at most once, a failed one comes again later. */
import { backoffMs, type RuntimeEnv } from '../../lib/index.ts';

/** Adds keys; stops. */
export type KeyQueue = {
  readonly add: (key: string) => void;
  /** Adds the key after a while; an earlier wait of the same key stands. */
  readonly addLater: (key: string, delayMs: number) => void;
  readonly stop: () => void;
};

const RETRY = { baseMs: 50, maxMs: 30_000 };

/** Works keys off with `work`; what it throws is logged and tried again with growing waits. */
export const keyQueue = (env: RuntimeEnv, name: string, work: (key: string) => Promise<void>): KeyQueue => {
  const waiting = new Set<string>();
  const timers = new Map<string, () => void>();
  const failures = new Map<string, number>();
  let running = false;
  let stopped = false;

  const run = async (): Promise<void> => {
    for (const key of waiting) {
      if (stopped) return;
      waiting.delete(key);
      try {
        await work(key);
        failures.delete(key);
      } catch (error) {
        const count = failures.get(key) ?? 0;
        failures.set(key, count + 1);
        env.log.warn(`${name}: will try again`, { key, attempts: count + 1, error });
        addLater(key, backoffMs(count, RETRY, env.random));
      }
    }
  };
  const wake = (): void => {
    if (running || stopped) return;
    running = true;
    // A timer of its own, so that a watch's sink never waits for work.
    const cancel = env.setTimer(0, () => {
      timers.delete(WAKE);
      void run().finally(() => {
        running = false;
        if (waiting.size > 0) wake();
      });
    });
    timers.set(WAKE, cancel);
  };
  const addLater = (key: string, delayMs: number): void => {
    if (stopped || timers.has(key)) return;
    const cancel = env.setTimer(delayMs, () => {
      timers.delete(key);
      add(key);
    });
    timers.set(key, cancel);
  };
  const add = (key: string): void => {
    waiting.add(key);
    wake();
  };
  return {
    add,
    addLater,
    stop: () => {
      stopped = true;
      for (const cancel of timers.values()) cancel();
      timers.clear();
      waiting.clear();
    },
  };
};

/** Cannot be a key: keys hold no control characters. */
const WAKE = '\u0000wake';
