/**
 * @module What becomes of the times of clusters when somebody sets the clock of the hub's machine. They are told to people, so they are times of
 * day; and they are counted from, so that they go along with the clock: as long ago as before.
 */
import type { ClusterSpec } from '../../../shared/api/index.ts';
import type { Env } from '../../../shared/lib/index.ts';
import { operatorTaints, type TimedTaint } from '../../../shared/placement/index.ts';
import type { ClusterRecord } from './directory.ts';
import type { Health } from './health.ts';

/** A clock that is put right in smaller steps is not set: nothing here is counted so exactly. */
const setMsMin = 1_000;

/** By how many ms the time of day was set since it was asked last; 0 = it was not. */
export const watchSetClock = ({ nowMs, monotonicMs }: Pick<Env, 'nowMs' | 'monotonicMs'>): (() => number) => {
  let startMs = nowMs() - monotonicMs();
  return () => {
    const byMs = nowMs() - monotonicMs() - startMs;
    if (Math.abs(byMs) < setMsMin) return 0;
    startMs += byMs;
    return byMs;
  };
};

const healthMoved = (health: Health, byMs: number): Health => ({
  ...health,
  lastBeatMs: health.lastBeatMs + byMs,
  sinceMs: health.sinceMs + byMs,
  api: { ...health.api, sinceMs: health.api.sinceMs + byMs },
});

const idOf = ({ key, effect, sinceMs }: TimedTaint): string => `${key} ${effect} ${sinceMs}`;

/** The operator's taints as long ago as they were put: what was written down by the clock as it was set before does not change with it. */
export const taintsNow = (spec: ClusterSpec | undefined, movedMs: ClusterRecord['taintsMovedMs']): readonly TimedTaint[] =>
  operatorTaints(spec).map((taint) => {
    const byMs = movedMs.get(idOf(taint)) ?? 0;
    return taint.sinceMs === undefined || byMs === 0 ? taint : { ...taint, sinceMs: taint.sinceMs + byMs };
  });

/** Moves what is known of a cluster along with the clock. */
export const moveTimes = (record: ClusterRecord, byMs: number): void => {
  record.health = healthMoved(record.health, byMs);
  const timed = operatorTaints(record.object?.spec).filter(({ sinceMs }) => sinceMs !== undefined);
  record.taintsMovedMs = new Map(timed.map((taint) => [idOf(taint), (record.taintsMovedMs.get(idOf(taint)) ?? 0) + byMs]));
  const { observed, heldDeath } = record;
  if (heldDeath !== undefined) record.heldDeath = { ...heldDeath, sinceMs: heldDeath.sinceMs + byMs };
  if (observed === undefined) return;
  const { sinceMs, heldUntilMs } = observed;
  record.observed = { ...observed, sinceMs: sinceMs + byMs, heldUntilMs: heldUntilMs === undefined ? undefined : heldUntilMs + byMs };
};
