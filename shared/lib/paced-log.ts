/** @module A log of what happens again and again: told at once, then at most once a minute for each cause, with how often it happened since. */
import type { LogFields, RuntimeEnv } from './env.ts';

/** A cause that goes on, such as a stranger's beats, is one line in this time: of all since the last. */
const logEveryMs = 60_000;
/** Causes remembered; beyond it a cause is counted under the one that is said for it. */
const causesMax = 10_000;

/** Such a log. */
export type PacedLog = {
  /** It happened once more; `beyond` = the cause it counts under when there are too many. */
  readonly note: (cause: string, fields: LogFields, beyond?: string) => void;
  /** How often so far, by cause. */
  readonly counts: () => ReadonlyMap<string, number>;
};

/** Nothing happened yet; `line` is what warnings say. */
export const makePacedLog = (env: Pick<RuntimeEnv, 'monotonicMs' | 'log'>, line: string): PacedLog => {
  const causes = new Map<string, { count: number; logged: number; loggedAtMs: number }>();
  return {
    note: (wanted, fields, beyond = 'other') => {
      const key = causes.has(wanted) || causes.size < causesMax ? wanted : beyond;
      const cause = causes.get(key) ?? { count: 0, logged: 0, loggedAtMs: Number.NEGATIVE_INFINITY };
      causes.set(key, cause);
      cause.count++;
      if (env.monotonicMs() - cause.loggedAtMs < logEveryMs) return;
      const { count, logged } = cause;
      cause.loggedAtMs = env.monotonicMs();
      cause.logged = count;
      env.log.warn(line, { ...fields, times: count - logged, refusedSoFar: count });
    },
    counts: () => new Map([...causes].map(([key, { count }]) => [key, count])),
  };
};
