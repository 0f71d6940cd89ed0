/** @module Tells the hub of each service what there is to tell: when it is news, and not too often. */
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import type { StatusItem } from '../../shared/wire/index.ts';

/** The teller. */
export type Teller = {
  /** There may be news of the service. */
  readonly tell: (service: string) => void;
  /** The hub has been told something of it that still holds. */
  readonly hasTold: (service: string) => boolean;
  /** Says everything again, as the hub lost it. */
  readonly again: () => void;
  readonly stop: () => void;
};

/** One service is told so often at most; the newest goes out. */
const tellEveryMs = 200;

/** A new teller. `itemOf` answers what there is to say; undefined = nothing. */
export const createTeller = (options: {
  readonly env: RuntimeEnv;
  readonly itemOf: (service: string) => StatusItem | undefined;
  readonly publish: (item: StatusItem) => void;
  /** The service was said to be gone. */
  readonly onGone: (service: string) => void;
}): Teller => {
  const { env } = options;
  const told = new Map<string, { readonly text: string; readonly atMs: number; readonly item: StatusItem }>();
  const waiting = new Map<string, () => void>();
  let stopped = false;
  const tellNow = (service: string): void => {
    const item = options.itemOf(service);
    if (item === undefined || stopped) return;
    const { observedAtMs: _, ...rest } = item;
    const text = JSON.stringify(rest);
    if (told.get(service)?.text === text) return;
    options.publish(item);
    if (item.phase === 'Withdrawn') {
      told.delete(service);
      options.onGone(service);
    } else told.set(service, { text, atMs: env.monotonicMs(), item });
  };
  return {
    tell: (service) => {
      if (stopped || waiting.has(service)) return;
      const dueMs = (told.get(service)?.atMs ?? Number.NEGATIVE_INFINITY) + tellEveryMs - env.monotonicMs();
      if (dueMs <= 0) {
        tellNow(service);
        return;
      }
      const cancel = env.setTimer(dueMs, () => {
        waiting.delete(service);
        tellNow(service);
      });
      waiting.set(service, cancel);
    },
    hasTold: (service) => told.has(service),
    again: () => {
      for (const { item } of told.values()) options.publish(item);
    },
    stop: () => {
      stopped = true;
      for (const cancel of waiting.values()) cancel();
    },
  };
};
