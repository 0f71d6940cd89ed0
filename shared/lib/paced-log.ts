/**
 * @module A log of what happens again and again: told at once, then once a minute for each cause as long as it goes on, with how often it
 * happened since; when it has ended, the last line says what there was of it.
 */
import type { LogFields, RuntimeEnv } from './env.ts';

/** A cause that goes on, such as a stranger's beats, is one line in this time: of all since the last. */
const logEveryMs = 60_000;
/** Causes remembered; beyond it a cause is counted under the one that is said for it. */
const causesMax = 10_000;

/** What it needs. */
export type PacedLogEnv = Pick<RuntimeEnv, 'monotonicMs' | 'setTimer' | 'log'>;

/** Such a log. */
export type PacedLog = {
  /** It happened once more; `beyond` = the cause it counts under when there are too many. */
  readonly note: (cause: string, fields: LogFields, beyond?: string) => void;
  /** How often so far, by cause. */
  readonly counts: () => ReadonlyMap<string, number>;
  /** Tells what is yet to be told; from then on it only counts. */
  readonly close: () => void;
};

type PacedCause = { count: number; logged: number; loggedAtMs: number; cancel: (() => void) | undefined; fields: LogFields };

/** Nothing happened yet; `line` is what warnings say. */
export const makePacedLog = (env: PacedLogEnv, line: string): PacedLog => {
  const causes = new Map<string, PacedCause>();
  let isClosed = false;
  const tell = (cause: PacedCause): void => {
    const times = cause.count - cause.logged;
    cause.loggedAtMs = env.monotonicMs();
    cause.logged = cause.count;
    cause.cancel = undefined;
    env.log.warn(line, { ...cause.fields, times, refusedSoFar: cause.count });
  };
  return {
    note: (wanted, fields, beyond = 'other') => {
      const key = causes.has(wanted) || causes.size < causesMax ? wanted : beyond;
      const cause = causes.get(key) ?? { count: 0, logged: 0, loggedAtMs: Number.NEGATIVE_INFINITY, cancel: undefined, fields };
      causes.set(key, cause);
      cause.count++;
      cause.fields = fields;
      if (cause.cancel !== undefined || isClosed) return;
      const waitMs = logEveryMs - (env.monotonicMs() - cause.loggedAtMs);
      if (waitMs <= 0) {
        tell(cause);
        return;
      }
      cause.cancel = env.setTimer(waitMs, () => tell(cause));
    },
    close: () => {
      isClosed = true;
      for (const cause of causes.values()) {
        if (cause.cancel === undefined) continue;
        cause.cancel();
        tell(cause);
      }
    },
    counts: () => new Map([...causes].map(([key, { count }]) => [key, count])),
  };
};
