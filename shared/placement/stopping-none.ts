/**
 * @module Where replicas went with a cluster: only they move. What runs in other clusters stays, and where that breaks a hard constraint that
 * compares domains (maxSkew, minDomains), it is broken no further than it was.
 */
import { type Attempt, bestOf, type Division } from './attempt.ts';
import { atLeastCurrent, type Column, domainCounts, type Problem, type Spread, skewOf, sumOf, violations } from './problem.ts';
import { usedOf } from './tally.ts';

/** The constraint as what runs keeps it. Fewer replicas than domains that are asked for are kept apart as far as there are any. */
export const asKept = (spread: Spread, { current, replicas }: Problem): Spread => {
  if (!spread.hard) return spread;
  const sums = domainCounts(spread, current);
  return {
    ...spread,
    maxSkew: Math.max(spread.maxSkew, skewOf(spread, sums)),
    minDomains: Math.min(spread.minDomains, usedOf(sums), replicas),
  };
};

/** True when a division has at least what runs in every candidate. */
export const stopsNone = ({ current }: Problem, { counts }: Division): boolean =>
  counts.every((count, at) => count >= (current[at] as number));

/**
 * The division to take instead of `found`, the best one that keeps the constraints: itself where it stops nothing, else one of `others` that keeps
 * them and stops nothing, else `grown`: what runs and what may come to it. Where not even that may come, its violations say why.
 */
export const stoppingNone = (problem: Problem, found: Attempt, others: readonly Attempt[], grown: () => Column): Division => {
  const { current, replicas, spreads } = problem;
  if (sumOf(atLeastCurrent(problem)) > replicas || (found.broken.length === 0 && stopsNone(problem, found))) return found;
  const kept: Problem = { ...problem, spreads: spreads.map((spread) => asKept(spread, problem)) };
  // What runs may be above a share or a maximum of domains only by a change of these: that goes, lost cluster or not.
  if (violations({ ...kept, min: current }, current).length > 0) return found;
  const whole = others.filter((other) => other.broken.length === 0 && stopsNone(problem, other));
  const [first] = whole;
  if (first !== undefined) return bestOf(whole, first);
  const counts = grown();
  const allowed: Problem = {
    ...kept,
    spreads: kept.spreads.map((spread, at) => ({ ...spread, minDomains: spreads[at]?.minDomains ?? 0 })),
  };
  if (stopsNone(problem, { counts, broken: [] }) && violations(allowed, counts).length === 0) return { counts, broken: [] };
  return { counts: found.counts, broken: violations(problem, current) };
};
