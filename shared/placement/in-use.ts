/**
 * @module Domains that a maximum keeps in use: which they are goes before how many replicas they hold (policy.md: those in use first), so that
 * a lost cluster moves its own replicas and no others.
 */
import { createBlank } from '../lib/scratch.ts';
import { type Column, domainCounts, hasAny, isLimited, type Problem } from './problem.ts';

const sumsFor = createBlank();

/** The domains that have replicas, 1 each. */
const usedIn = (sums: Column): Uint8Array => {
  const used = new Uint8Array(sums.length);
  for (let domain = 0; domain < sums.length; domain++) if ((sums[domain] as number) > 0) used[domain] = 1;
  return used;
};

/** The problem with every domain that is in use under a hard maximum to be used further; undefined where there is none. */
export const keepingDomains = (problem: Problem): Problem | undefined => {
  if (!hasAny(problem.current)) return undefined;
  let isAny = false;
  const spreads = problem.spreads.map((spread) => {
    if (!spread.hard || !isLimited(spread)) return spread;
    const mustUse = usedIn(domainCounts(spread, problem.current, sumsFor(spread.names.length)));
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
    const sums = domainCounts(spread, counts, sumsFor(spread.names.length));
    return mustUse.some((must, domain) => must === 1 && sums[domain] === 0);
  });
