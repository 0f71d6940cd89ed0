/**
 * @module Sends the newest value of each key, one at a time a key and a bounded number at once, until it is delivered. What waits is
 * bounded by the number of keys, because a newer value takes the place of one that has not been sent. What failed is tried again with a
 * growing pause; a newer value begins with the shortest, whatever became of those before it.
 */
import { backoffMs } from '../lib/backoff.ts';
import type { RuntimeEnv } from '../lib/env.ts';

/** How one value ended. */
export type QueueOutcome = 'sent' | 'superseded' | 'full' | 'stopped';

export type KeyedQueueOptions<T> = {
  readonly env: RuntimeEnv;
  /** Delivers one value; rejects to be tried again. */
  readonly send: (key: string, value: T) => Promise<void>;
  readonly inFlightMax: number;
  readonly keysMax: number;
  readonly onRetry?: (key: string, attempt: number, error: unknown) => void;
};

/** The queue. */
export interface KeyedQueue<T> {
  /** Resolves with how it ended; never rejects. */
  put(key: string, value: T): Promise<QueueOutcome>;
  /** Keys that wait or are under way. */
  size(): number;
  /** Tries everything that waits for its retry now: the link is back. */
  retryNow(): void;
  stop(): void;
}

const retryBackoff = { baseMs: 100, maxMs: 10_000 };

type Entry<T> = { value: T; resolve: (outcome: QueueOutcome) => void };
type Slot<T> = { next: Entry<T> | undefined; sending: boolean; attempt: number; cancelTimer: (() => void) | undefined };

/** A new queue. */
export const makeKeyedQueue = <T>(options: KeyedQueueOptions<T>): KeyedQueue<T> => {
  const slots = new Map<string, Slot<T>>();
  const ready = new Set<string>();
  let inFlight = 0;
  let stopped = false;

  const pump = (): void => {
    for (const key of ready) {
      if (inFlight >= options.inFlightMax) return;
      ready.delete(key);
      const slot = slots.get(key);
      if (slot?.next !== undefined) void sendNext(key, slot, slot.next);
    }
  };
  const sendNext = async (key: string, slot: Slot<T>, entry: Entry<T>): Promise<void> => {
    slot.next = undefined;
    slot.sending = true;
    inFlight++;
    try {
      await options.send(key, entry.value);
      slot.attempt = 0;
      entry.resolve('sent');
    } catch (error) {
      if (stopped) entry.resolve('stopped');
      else if (slot.next !== undefined) entry.resolve('superseded');
      else wait(key, slot, entry, error);
    }
    inFlight--;
    slot.sending = false;
    if (slot.next === undefined) slots.delete(key);
    else if (slot.cancelTimer === undefined) ready.add(key);
    pump();
  };
  const wait = (key: string, slot: Slot<T>, entry: Entry<T>, error: unknown): void => {
    options.onRetry?.(key, slot.attempt, error);
    slot.next = entry;
    pause(key, slot, slot.attempt);
  };
  const pause = (key: string, slot: Slot<T>, attempt: number): void => {
    slot.cancelTimer?.();
    slot.cancelTimer = options.env.setTimer(backoffMs(attempt, retryBackoff, options.env.random), () => wake(key, slot));
    slot.attempt = attempt + 1;
  };
  const wake = (key: string, slot: Slot<T>): void => {
    slot.cancelTimer?.();
    slot.cancelTimer = undefined;
    if (!slot.sending) ready.add(key);
    pump();
  };

  return {
    put: (key, value) =>
      new Promise((resolve) => {
        if (stopped) return resolve('stopped');
        const slot = slots.get(key) ?? { next: undefined, sending: false, attempt: 0, cancelTimer: undefined };
        if (!slots.has(key) && slots.size >= options.keysMax) return resolve('full');
        slots.set(key, slot);
        slot.next?.resolve('superseded');
        slot.next = { value, resolve };
        if (slot.cancelTimer !== undefined && slot.attempt > 1) pause(key, slot, 0);
        if (!slot.sending && slot.cancelTimer === undefined) ready.add(key);
        pump();
      }),
    size: () => slots.size,
    retryNow: () => {
      for (const [key, slot] of slots) if (slot.cancelTimer !== undefined) wake(key, slot);
    },
    stop: () => {
      stopped = true;
      ready.clear();
      for (const slot of slots.values()) {
        slot.cancelTimer?.();
        slot.next?.resolve('stopped');
        slot.next = undefined;
      }
    },
  };
};
