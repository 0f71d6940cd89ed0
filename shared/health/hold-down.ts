/**
 * @module How long a cluster that came back has been seen well. What a majority sees counts, a doubt begins it anew, and while too few can
 * tell (observers that were away themselves, say) the clock stands still: their pause says nothing about the cluster. Pure.
 */
import type { Outcome } from './tally.ts';

/** A hold-down as it stands; times of the own monotonic clock. */
export type HoldDown = {
  /** For so long it has been seen well. */
  readonly wellMs: number;
  readonly judgedMs: number;
  /** When it was last seen well. */
  readonly seenMs: number;
  /** Its end as last told, should it stay well; undefined = it was told that there is none in sight. */
  readonly toldMs: number | undefined;
};

/** What has become of a hold-down; `isNews`: what was told of its end does not hold any more. */
export type Held = { readonly hold: HoldDown; readonly isOver: boolean; readonly isNews: boolean };

/** An end that moves by less is not told anew. */
const newsMs = 2_000;
/** When it has not been seen well for so long, no end is in sight. */
const unseenMs = 5_000;

/** The cluster is seen well for the first time. */
export const beginHoldDown = (nowMs: number, lengthMs: number): HoldDown => ({
  wellMs: 0,
  judgedMs: nowMs,
  seenMs: nowMs,
  toldMs: nowMs + lengthMs,
});

/** The next look at it. `lengthMs`: how long it must be seen well. */
export const heldOn = (
  hold: HoldDown,
  { isCleared, isDoubted }: Pick<Outcome, 'isCleared' | 'isDoubted'>,
  nowMs: number,
  lengthMs: number,
): Held => {
  const wellMs = isCleared ? hold.wellMs + nowMs - hold.judgedMs : isDoubted ? 0 : hold.wellMs;
  const seenMs = isCleared ? nowMs : hold.seenMs;
  const endMs = nowMs + Math.max(0, lengthMs - wellMs);
  const isMoved = hold.toldMs === undefined || Math.abs(endMs - hold.toldMs) >= newsMs;
  const isNews = isCleared ? isMoved : hold.toldMs !== undefined && nowMs - seenMs >= unseenMs;
  const toldMs = !isNews ? hold.toldMs : isCleared ? endMs : undefined;
  return { hold: { wellMs, judgedMs: nowMs, seenMs, toldMs }, isOver: isCleared && wellMs >= lengthMs, isNews };
};
