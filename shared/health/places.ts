/** @module Places under the limits on removals: when a vote takes one, and that it keeps none from others by being alone. */
import type { Removal } from './limits.ts';
import { movesTraffic } from './opinion.ts';
import type { DetectorState } from './state.ts';

/** A vote that came to nothing leaves its place to others after this. */
const idleVoteMs = 5_000;

type Known = Pick<DetectorState, 'removals' | 'subjects'>;

const isAgreed = ({ subjects }: Known, name: string): boolean => movesTraffic(subjects.get(name)?.standing?.cause);

/**
 * Removals that count against others. A vote that stays alone takes nothing from anybody: else the observer to which one way is cut would hold back
 * its vote on every real death. Should the others come to agree with it, it has to ask again.
 */
export const placesTaken = (state: Known, nowMs: number): readonly Removal[] =>
  state.removals.every(({ name, isOut }) => !isOut || isAgreed(state, name))
    ? state.removals
    : state.removals.filter(({ name, atMs, isOut }) => !isOut || nowMs - atMs < idleVoteMs || isAgreed(state, name));

/** Gives back the places of those whom this voter does not want to be removed any more, and forgets what is older than the window. */
export const releaseIdle = (state: DetectorState, wanted: ReadonlySet<string>, nowMs: number): void => {
  if (state.removals.length === 0) return;
  const windowMs = state.membership?.policy.windowMs ?? 0;
  const left = state.removals.filter(({ name, atMs, isOut }) => {
    if (!isOut) return nowMs - atMs < windowMs;
    return wanted.has(name) || isAgreed(state, name) || nowMs - atMs < idleVoteMs;
  });
  if (left.length < state.removals.length) state.removals = left;
};
