/**
 * @module How long silence is borne. All profiles read the same beats, so that the ones not in force can say what they would have done.
 * Losses come in runs (Hayashibara et al. 2004: mean 28 beats), so waiting for more beats in a row buys little and counting losses as
 * jitter makes a detector slow after each run: the wait is a fixed number of beats, longer only where the delay itself varies.
 */
import type { ProfileName } from '../wire/mesh.ts';

/** Times of one profile, ms. */
export type Profile = {
  /** Beats that may be missed in a row. */
  readonly missedBeats: number;
  /** However much delays vary, silence is suspect after this. */
  readonly suspectMsMax: number;
  /** Silence after which the cluster's addresses are looked at, so that the answer is there when suspicion comes. */
  readonly doubtMs: number;
  /** How long the others are waited for when they are asked. */
  readonly askMs: number;
  /** Between two looks at an address that is well. */
  readonly probeEveryMs: number;
};

/** How often a detector must be told that time passed. */
export const tickEveryMs = 50;
/** A ballot older than this says nothing any more. */
export const ballotMsMax = 5_000;
/** Between two beats, whatever the profile. */
export const beatEveryMs = 200;

/** `fast` ≈ 1 s verdicts, `balanced` ≈ 5 s, `safe` ≈ 15 s. */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
  fast: { missedBeats: 4, suspectMsMax: 1_200, doubtMs: 450, askMs: 450, probeEveryMs: 2_000 },
  balanced: { missedBeats: 20, suspectMsMax: 4_600, doubtMs: 3_000, askMs: 700, probeEveryMs: 5_000 },
  safe: { missedBeats: 65, suspectMsMax: 14_000, doubtMs: 10_000, askMs: 1_000, probeEveryMs: 10_000 },
};

/** Names of the profiles, quickest first. */
export const profileNames: readonly ProfileName[] = ['fast', 'balanced', 'safe'];
