/**
 * @module From when the word of an agent's start counts: its first beat after the start before has been silent for a while. Until then nobody can
 * tell whether it is a late word of a start that is over: the clock may have been set back.
 */

/** Starts of agents, as they are heard. */
export type Starts = {
  readonly beat: (cluster: string, bootId: string) => void;
  /** When it was clear that this start runs; Infinity = it is not yet. */
  readonly beganMs: (bootId: string) => number;
  readonly clear: () => void;
};

/** How long the start before may have been silent without being over. */
const silentMs = 5_000;

/** Nobody has been heard. */
export const createStarts = (nowMs: () => number): Starts => {
  const began = new Map<string, number>();
  /** By cluster: when each start was heard last. */
  const heard = new Map<string, Map<string, number>>();
  return {
    beat: (cluster, bootId) => {
      const known = heard.get(cluster) ?? new Map<string, number>();
      heard.set(cluster, known);
      known.set(bootId, nowMs());
      if (began.has(bootId)) return;
      if ([...known].every(([other, atMs]) => other === bootId || nowMs() - atMs >= silentMs)) began.set(bootId, nowMs());
    },
    beganMs: (bootId) => began.get(bootId) ?? Number.POSITIVE_INFINITY,
    clear: () => {
      began.clear();
      heard.clear();
    },
  };
};
