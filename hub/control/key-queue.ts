/** @module The keys of a loop: each waits at most once, some until a time, and what a pass came to decides when a key comes back. */
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

/** The keys of one loop. */
export type KeyQueue = {
  readonly add: (key: string) => void;
  /** Adds the key after a while; an earlier wait of the same key stands when it ends sooner. */
  readonly addAfter: (key: string, delayMs: number) => void;
  /** Keys to be worked on, in the order in which they were added. */
  readonly waiting: ReadonlySet<string>;
  /** Takes a waiting key to work on it. */
  readonly take: (key: string) => void;
  /** Takes note of what a pass came to. */
  readonly settle: (key: string, outcome: Outcome) => void;
  readonly isStopped: () => boolean;
  /** Forgets all keys and takes no more. */
  readonly stop: () => void;
};

const retryWait = { baseMs: 50, maxMs: 30_000 };

/** An empty queue, bounded by the number of objects that keys stand for. `onReady` is called when a key waits. */
export const createKeyQueue = (name: string, env: RuntimeEnv, onReady: () => void): KeyQueue => {
  const waiting = new Set<string>();
  const timers = new Map<string, { readonly dueMs: number; readonly cancel: () => void }>();
  const failures = new Map<string, number>();
  let isStopped = false;
  const add = (key: string): void => {
    if (isStopped) return;
    waiting.add(key);
    onReady();
  };
  const addAfter = (key: string, delayMs: number): void => {
    if (isStopped) return;
    const dueMs = env.monotonicMs() + delayMs;
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
    // At once means before whatever comes next: who lost a race must not lose its turn as well.
    if (outcome.outcome === 'again' && outcome.afterMs <= 0) add(key);
    else if (outcome.outcome === 'again') addAfter(key, outcome.afterMs);
    else if (outcome.outcome === 'refused') env.log.info(`${name}: refused`, { key, message: outcome.message });
    else if (outcome.outcome === 'retry') {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      env.log.warn(`${name}: will try again`, { key, attempts: count + 1, error: outcome.error });
      addAfter(key, backoffMs(count, retryWait, env.random));
    }
  };
  return {
    add,
    addAfter,
    waiting,
    take: (key) => {
      waiting.delete(key);
    },
    settle,
    isStopped: () => isStopped,
    stop: () => {
      isStopped = true;
      waiting.clear();
      for (const { cancel } of timers.values()) cancel();
      timers.clear();
    },
  };
};
