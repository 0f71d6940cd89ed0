/** @module Divisions that were tried, and which of them is the best. */
import { leavesDomain } from './in-use.ts';
import { type Column, mostPlaceable, movesInto, type Problem, sumOf, type Violation, violations } from './problem.ts';

/** A division, and the hard constraints that nothing better than it could hold. */
export type Division = {
  readonly counts: Column;
  readonly broken: readonly Violation[];
  /** Duplicated: which candidates a copy is asked of, whether they have room for it or not. */
  readonly isAsked?: (candidate: number) => boolean;
};

/** A division as it compares with others. */
export type Attempt = Division & { readonly placed: number; readonly moves: number; readonly leaves: boolean };

/** `keeping`: the problem with the domains that ought to be used further, where there are any. */
export const attempt = (problem: Problem, counts: Column, keeping: Problem | undefined): Attempt => ({
  counts,
  broken: violations(problem, counts),
  placed: sumOf(counts),
  moves: movesInto(problem.current, counts),
  leaves: keeping !== undefined && leavesDomain(keeping, counts),
});

/** Unbroken first, then in the domains in use, then more placed, then fewer moves; the earlier attempt where all is equal. */
const better = (a: Attempt, b: Attempt): boolean => {
  const whole = Number(a.broken.length === 0) - Number(b.broken.length === 0);
  return (whole || Number(b.leaves) - Number(a.leaves) || a.placed - b.placed || b.moves - a.moves) > 0;
};

/** The best of them; `none` where nothing is better. */
export const bestOf = (attempts: readonly Attempt[], none: Attempt): Attempt =>
  attempts.reduce((best, other) => (better(other, best) ? other : best), none);

/** True when no division places more. */
export const placesMost = (problem: Problem, { placed }: Attempt): boolean =>
  placed >= problem.replicas || placed >= mostPlaceable(problem);

/** True when nothing can be better: all that can be is placed, and only what is new comes anywhere. */
export const isWhole = (problem: Problem, tried: Attempt): boolean =>
  tried.broken.length === 0 && placesMost(problem, tried) && tried.moves <= Math.max(0, tried.placed - sumOf(problem.current));
