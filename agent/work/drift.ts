/** @module How fast we set back what others change: at once, but in a fight ever more slowly, and the fight is told. */
import { type BackoffOptions, backoffMs, type Env } from '../../shared/lib/index.ts';
import type { Entry } from './state.ts';

const touchBackoff: BackoffOptions = { baseMs: 1_000, maxMs: 300_000 };
/** Applies without a wait. */
const FREE_TOUCHES = 2;
/** A calm so long ends a fight. */
const CALM_MS = 600_000;
/** Corrections within a fight from which on it is told. */
const FIGHT_CORRECTIONS = 4;

/** True when nothing had to be set back for so long that a fight is over. */
export const isCalm = (entry: Entry, env: Env): boolean => env.monotonicMs() - entry.lastTouchMs > CALM_MS;

/** The wait before the next apply of something that was applied before, in ms. */
export const touchDelayMs = (entry: Entry, env: Env): number => {
  const now = env.monotonicMs();
  if (isCalm(entry, env)) {
    entry.touches = 0;
    entry.corrections = 0;
  }
  if (entry.touches < FREE_TOUCHES) return 0;
  const waited = now - entry.lastTouchMs;
  return Math.max(0, backoffMs(entry.touches - FREE_TOUCHES, touchBackoff, env.random) - waited);
};

/** Books an apply of what was applied before. */
export const noteTouch = (entry: Entry, env: Env): void => {
  entry.touches += 1;
  entry.lastTouchMs = env.monotonicMs();
};

/** What an Applied status says during a fight; nothing in peace. */
export const fightOf = (entry: Entry): { reason: string; message: string } | undefined => {
  if (entry.corrections < FIGHT_CORRECTIONS) return undefined;
  const rival = entry.rival === '' ? 'something in the cluster' : entry.rival;
  return {
    reason: 'DriftFight',
    message: `what the hub wants was set back ${entry.corrections} times against ${rival}; stop the other writer, or leave its fields out of the object on the hub`,
  };
};
