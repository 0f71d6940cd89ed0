/** @module Writers of one key take turns, first come first served: compare-and-set never makes one of them lose to the others. */

/** Turns by key. */
export type Turns = {
  /**
   * Waits for the turn and does `work`; others of the key wait until it has ended. Undefined when so many wait already that the limit is
   * reached.
   */
  readonly take: <T>(key: string, work: () => Promise<T>) => Promise<T> | undefined;
};

type Line = { last: Promise<unknown>; length: number };

/** An empty hall. `waitingMax`: writers of one key that may wait. */
export const createTurns = (waitingMax: number): Turns => {
  const lines = new Map<string, Line>();
  return {
    take: (key, work) => {
      const line = lines.get(key) ?? { last: Promise.resolve(), length: 0 };
      if (line.length >= waitingMax) return undefined;
      lines.set(key, line);
      line.length += 1;
      const turn = line.last.then(work).finally(() => {
        line.length -= 1;
        if (line.length === 0) lines.delete(key);
      });
      line.last = turn.catch(() => undefined);
      return turn;
    },
  };
};
