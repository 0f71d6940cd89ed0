/**
 * @module What a detector keeps for its next start: the verdicts that stand, what deaths have cost, what counts against the limits, and which
 * addresses have answered. Without it a death would be over, and the limit free again, as soon as the observers were started anew.
 */
import type { Removal } from './limits.ts';
import { type Cause, type DetectorState, newSubject, type Verdict } from './state.ts';

/** A verdict as it is kept. */
export type KeptVerdict = Verdict & { readonly cause: Exclude<Cause, 'Isolated'>; readonly phase: 'Standing' | 'Returning' };

/** Kept over a restart. Times are of the wall clock: the monotonic one begins anew, with the machine at the latest. */
export type DetectorMemory = {
  readonly epoch: number;
  readonly verdicts: readonly KeptVerdict[];
  readonly penalties: readonly { readonly name: string; readonly points: number; readonly atMs: number }[];
  readonly removals: readonly Removal[];
  /** {@link DetectorState.addressesKnown}; absent = kept by who does not look at any, or before there was such a thing. */
  readonly addressesKnown?: readonly string[];
};

/** This moment on both clocks. */
export type Clocks = { readonly nowMs: number; readonly wallMs: number };

/** What is to be kept now. That an agent hears nobody it finds out anew. */
export const memoryOf = ({ epoch, subjects, removals, addressesKnown }: DetectorState, { nowMs, wallMs }: Clocks): DetectorMemory => {
  const onWall = (atMs: number): number => Math.floor(wallMs - nowMs + atMs);
  return {
    epoch,
    verdicts: [...subjects.values()].flatMap(({ standing }) => {
      if (standing === undefined) return [];
      const { hold: _, cause, ...verdict } = standing;
      return cause === 'Isolated' ? [] : [{ ...verdict, cause, sinceMs: onWall(verdict.sinceMs) }];
    }),
    penalties: [...subjects.values()]
      .filter(({ penalty }) => penalty.points > 0)
      .map(({ name, penalty: { points, atMs } }) => ({ name, points, atMs: onWall(atMs) })),
    removals: removals.map((removal) => ({ ...removal, atMs: onWall(removal.atMs) })),
    addressesKnown: [...addressesKnown],
  };
};

/**
 * Gives a detector that has just begun what its last life has kept. A hold-down begins anew: that the cluster is well has to be seen. What
 * the wall clock, set back meanwhile, puts into the future is as if it were of now.
 */
export const restoreMemory = (state: DetectorState, memory: DetectorMemory, { nowMs, wallMs }: Clocks): void => {
  const onOwn = (atMs: number): number => nowMs - Math.max(0, wallMs - atMs);
  const subjectOf = (name: string) => {
    const subject = state.subjects.get(name) ?? newSubject(name);
    state.subjects.set(name, subject);
    return subject;
  };
  state.epoch = Math.max(state.epoch, memory.epoch);
  state.removals = memory.removals.map((removal) => ({ ...removal, atMs: onOwn(removal.atMs) }));
  state.addressesKnown = new Set(memory.addressesKnown);
  for (const { name, points, atMs } of memory.penalties) subjectOf(name).penalty = { points, atMs: onOwn(atMs) };
  for (const verdict of memory.verdicts) {
    const hold = verdict.phase === 'Standing' ? undefined : { wellMs: 0, judgedMs: nowMs, seenMs: nowMs, toldMs: undefined };
    subjectOf(verdict.target).standing = { ...verdict, sinceMs: onOwn(verdict.sinceMs), hold };
  }
};
