/** @module Verbs that the cluster forbids the agent: the hub hears of them with every beat, the user once for each change. */
import type { Log } from '../shared/lib/index.ts';

/** What is forbidden now. */
export type Forbidden = {
  readonly list: () => readonly string[];
  /** The same, and logged when it is not what it was the last time. */
  readonly tell: () => readonly string[];
};

/** Nothing was told yet. */
export const createForbidden = (log: Log, sources: readonly (() => readonly string[])[]): Forbidden => {
  let told = '';
  const list = (): readonly string[] => [...new Set(sources.flatMap((source) => source()))].sort();
  return {
    list,
    tell: () => {
      const now = list();
      const text = now.join(', ');
      if (text !== told && text !== '')
        log.warn(
          `this cluster forbids the agent: ${text}; grant it to the identity that the agent uses (hanse join --manifest shows all it needs)`,
        );
      told = text;
      return now;
    },
  };
};
