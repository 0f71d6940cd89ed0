/** @module Penalty of clusters that come and go (after BGP route flap damping, RFC 2439): each return is trusted later than the one before. */
import type { MeshPolicy } from '../wire/mesh.ts';

/** A penalty as it stood at a moment. */
export type Penalty = { readonly points: number; readonly atMs: number };

/** Points of one death. */
const pointsPerDeath = 1_000;
const pointsMax = 16_000;

/** Without a past. */
export const noPenalty: Penalty = { points: 0, atMs: 0 };

/** Points left at a moment: whole half-lives halve them, in between they fall in a straight line. */
export const pointsAt = ({ points, atMs }: Penalty, nowMs: number, halfLifeMs: number): number => {
  const passedMs = Math.max(0, nowMs - atMs);
  const halves = Math.floor(passedMs / halfLifeMs);
  if (halves > 30) return 0;
  const whole = Math.floor(points / 2 ** halves);
  return whole - Math.floor((whole * (passedMs % halfLifeMs)) / (2 * halfLifeMs));
};

/** The cluster died once more. */
export const punished = (penalty: Penalty, nowMs: number, { halfLifeMs }: MeshPolicy): Penalty => ({
  points: Math.min(pointsMax, pointsAt(penalty, nowMs, halfLifeMs) + pointsPerDeath),
  atMs: nowMs,
});

/** Of the first death. */
const lessenMs = 3_000;

/** The time for the first death, doubled with each that is in memory. */
const doubledMs = (firstMs: number, penalty: Penalty, nowMs: number, { halfLifeMs, holdDownMsMax }: MeshPolicy): number => {
  const deaths = Math.max(1, Math.ceil(pointsAt(penalty, nowMs, halfLifeMs) / pointsPerDeath));
  return Math.min(holdDownMsMax, firstMs * 2 ** (deaths - 1));
};

/** How long the cluster must be well before it counts as back: the base time for the first death, doubled with each in memory. */
export const holdDownMsOf = (penalty: Penalty, nowMs: number, policy: MeshPolicy): number =>
  doubledMs(policy.holdDownMs, penalty, nowMs, policy);

/**
 * How long the death of a cluster must be taken for no more than that of its gateway before it is called so: doubled as the hold-down is. One
 * observer may make the difference, and what waits for the death would begin anew with each change.
 */
export const lessenMsOf = (penalty: Penalty, nowMs: number, policy: MeshPolicy): number => doubledMs(lessenMs, penalty, nowMs, policy);
