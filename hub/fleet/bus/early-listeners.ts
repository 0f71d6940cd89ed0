/** @module Listeners to what may come before anybody listens: it is kept for the first of them, within a limit. */
import type { Log } from '../../../shared/lib/env.ts';
import { type Listeners, makeListeners } from '../../../shared/wire/listeners.ts';

export type EarlyOptions<T> = {
  readonly log: Log;
  /** Of what has the same key the newest is kept. */
  readonly keyOf: (event: T) => string;
  readonly waitingMax: number;
  /** What came beyond it is lost. */
  readonly onFull: () => void;
};

/** An empty list. */
export const makeEarlyListeners = <T>({ log, keyOf, waitingMax, onFull }: EarlyOptions<T>): Listeners<T> => {
  const listeners = makeListeners<T>(log);
  const waiting = new Map<string, T>();
  let isHeard = false;
  return {
    add: (handler) => {
      const off = listeners.add(handler);
      isHeard = true;
      for (const event of waiting.values()) listeners.tell(event);
      waiting.clear();
      return off;
    },
    tell: (event) => {
      if (isHeard) listeners.tell(event);
      else if (waiting.size < waitingMax || waiting.has(keyOf(event))) waiting.set(keyOf(event), event);
      else onFull();
    },
  };
};
