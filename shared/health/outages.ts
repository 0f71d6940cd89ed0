/** @module When broker and hub were held for dead: they cannot hear of it while it is so, and are told when they are back. */
import { brokerName, hubName, type MeshOutage, outagesMax, outageVotersMax } from '../wire/mesh.ts';
import type { Verdict } from './state.ts';

/** The last outages, as one member saw them. */
export type Outages = {
  /** Takes a verdict; true when an outage ended by it. */
  readonly note: (verdict: Verdict, nowMs: number) => boolean;
  /** Oldest first; times since `beganMs`. */
  readonly all: () => readonly MeshOutage[];
};

const causeOf = ({ target, cause }: Verdict): MeshOutage['cause'] | undefined => {
  if (target === brokerName && cause === 'Broker') return cause;
  return target === hubName && cause === 'Hub' ? cause : undefined;
};

/**
 * None yet. `beganMs` = when this member began to watch, by the clock of the verdicts. What stood before, as an earlier life has kept it, may
 * have been over for long: that is left to those who saw the whole of it.
 */
export const makeOutages = (beganMs: number): Outages => {
  let past: readonly MeshOutage[] = [];
  const begun = new Set<MeshOutage['cause']>();
  const sinceBegin = (ms: number): number => Math.max(0, Math.floor(ms - beganMs));
  return {
    note: (verdict, nowMs) => {
      const cause = causeOf(verdict);
      if (cause === undefined) return false;
      if (verdict.phase !== 'Cleared') begun.add(cause);
      if (verdict.phase !== 'Cleared' || !begun.delete(cause)) return false;
      const { sinceMs, voters, needed, observers } = verdict;
      const agreed = { voters: voters.slice(0, outageVotersMax), votes: voters.length, needed, observers };
      past = [...past, { cause, sinceMs: sinceBegin(sinceMs), untilMs: sinceBegin(nowMs), ...agreed }].slice(-outagesMax);
      return true;
    },
    all: () => past,
  };
};
