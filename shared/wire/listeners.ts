/** @module A list of handlers; one that throws is logged and does not stop the others. */
import type { Log } from '../lib/env.ts';

/** Handlers of one kind of event. */
export type Listeners<T> = { readonly add: (handler: (event: T) => void) => () => void; readonly tell: (event: T) => void };

/** An empty list. */
export const makeListeners = <T>(log: Log): Listeners<T> => {
  const handlers = new Set<(event: T) => void>();
  return {
    add: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    tell: (event) => {
      for (const handler of handlers) {
        try {
          handler(event);
        } catch (error) {
          log.error('a handler of the bus threw', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
        }
      }
    },
  };
};
