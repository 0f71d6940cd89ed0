/** @module What every profile would have done with the beats that really came: the ground for choosing one by figures. */
import type { ProfileName, ShadowRow } from '../wire/mesh.ts';
import { type Arrivals, suspectAfterMs } from './arrivals.ts';
import { profileNames, profiles } from './profile.ts';

/** Counters of one target, by profile. */
export type Shadows = Readonly<Record<ProfileName, { suspicions: number; falseSuspicions: number; deaths: number; callMsMax: number }>> & {
  longestSilenceMs: number;
};

const counters = () => ({ suspicions: 0, falseSuspicions: 0, deaths: 0, callMsMax: 0 });

/** Nothing was seen yet. */
export const noShadows = (): Shadows => ({ fast: counters(), balanced: counters(), safe: counters(), longestSilenceMs: 0 });

/** The wait of a profile: the steadier of the channels that have something decides. */
export const waitMsOf = (channels: readonly Arrivals[], name: ProfileName): number => {
  let waitMs = Number.POSITIVE_INFINITY;
  // Asked for every peer at every turn: no lists are made.
  for (const arrivals of channels) if (arrivals.lastMs !== undefined) waitMs = Math.min(waitMs, suspectAfterMs(arrivals, profiles[name]));
  return waitMs === Number.POSITIVE_INFINITY ? profiles[name].suspectMsMax : waitMs;
};

/** A silence ended; `wasDead` = there was a verdict, so that suspecting was right. */
export const noteSilence = (shadows: Shadows, channels: readonly Arrivals[], silentMs: number, wasDead: boolean): void => {
  shadows.longestSilenceMs = Math.max(shadows.longestSilenceMs, silentMs);
  for (const name of profileNames) {
    if (silentMs < waitMsOf(channels, name)) continue;
    shadows[name].suspicions += 1;
    if (!wasDead) shadows[name].falseSuspicions += 1;
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
