/** @module What every profile would have done with the beats that really came: the ground for choosing one by figures. */
import type { ProfileName, ShadowRow } from '../wire/mesh.ts';
import { type Arrivals, suspectAfterMs } from './arrivals.ts';
import { profileNames, profiles } from './profile.ts';

type Counters = { suspicions: number; falseSuspicions: number; heldSuspicions: number; deaths: number; callMsMax: number };
/** Counters of one target, by profile. */
export type Shadows = Readonly<Record<ProfileName, Counters>> & {
  longestSilenceMs: number;
};

const counters = (): Counters => ({ suspicions: 0, falseSuspicions: 0, heldSuspicions: 0, deaths: 0, callMsMax: 0 });

/** Nothing was seen yet. */
export const noShadows = (): Shadows => ({ fast: counters(), balanced: counters(), safe: counters(), longestSilenceMs: 0 });

/** The wait of a profile: the steadier of the channels that have something decides. */
export const waitMsOf = (channels: readonly Arrivals[], name: ProfileName): number => {
  let waitMs = Number.POSITIVE_INFINITY;
  // Asked for every peer at every turn: no lists are made.
  for (const arrivals of channels) if (arrivals.lastMs !== undefined) waitMs = Math.min(waitMs, suspectAfterMs(arrivals, profiles[name]));
  return waitMs === Number.POSITIVE_INFINITY ? profiles[name].suspectMsMax : waitMs;
};

/**
 * What a silence came to: a verdict, `Held` = a majority agreed and something kept the verdict from coming into force, or `Nothing`. Only of the
 * last suspecting was wrong.
 */
export type SilenceEnd = 'Verdict' | 'Held' | 'Nothing';

/** A silence ended. */
export const noteSilence = (shadows: Shadows, channels: readonly Arrivals[], silentMs: number, end: SilenceEnd): void => {
  shadows.longestSilenceMs = Math.max(shadows.longestSilenceMs, silentMs);
  for (const name of profileNames) {
    if (silentMs < waitMsOf(channels, name)) continue;
    shadows[name].suspicions += 1;
    if (end === 'Nothing') shadows[name].falseSuspicions += 1;
    if (end === 'Held') shadows[name].heldSuspicions += 1;
  }
};

/** There is a verdict of death: when each profile calls it. */
export const noteDeath = (shadows: Shadows, channels: readonly Arrivals[]): void => {
  for (const name of profileNames) {
    shadows[name].deaths += 1;
    shadows[name].callMsMax = Math.max(shadows[name].callMsMax, waitMsOf(channels, name));
  }
};

/** The rows of one target. */
export const shadowRows = (target: string, shadows: Shadows): ShadowRow[] =>
  profileNames.map((profile) => ({ target, profile, ...shadows[profile], longestSilenceMs: Math.floor(shadows.longestSilenceMs) }));
