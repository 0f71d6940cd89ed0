/**
 * @module Domains that a maximum keeps in use: which they are goes before how many replicas they hold (policy.md: those in use first), so that
 * a lost cluster moves its own replicas and no others.
 */
import { type Column, domainCounts, isLimited, type Problem } from './problem.ts';

/** The problem with every domain that is in use under a hard maximum to be used further; undefined where there is none. */
export const keepingDomains = (problem: Problem): Problem | undefined => {
  let isAny = false;
  const spreads = problem.spreads.map((spread) => {
    if (!spread.hard || !isLimited(spread)) return spread;
    const mustUse = Uint8Array.from(domainCounts(spread, problem.current), (count) => (count > 0 ? 1 : 0));
    if (!mustUse.includes(1)) return spread;
    isAny = true;
    return { ...spread, mustUse };
  });
  return isAny ? { ...problem, spreads } : undefined;
};

/** True when a domain that has to be used is not. */
export const leavesDomain = (problem: Problem, counts: Column): boolean =>
  problem.spreads.some((spread) => {
    const { mustUse } = spread;
    if (mustUse === undefined) return false;
    const sums = domainCounts(spread, counts);
    return mustUse.some((must, domain) => must === 1 && sums[domain] === 0);
  });
