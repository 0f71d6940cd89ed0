/**
 * @module What keeps running where the hard terms cannot hold for all that runs. Nothing comes, and no term is broken further than it is.
 *
 * Terms that speak of one place alone (bounds' maxima, maxShare, maxDomains) hold: what is above them goes, a place for it or not. Terms that
 * hold one place against others (maxSkew, minDomains, bounds' minima) are measured by what runs: a domain that comes without room, or one that
 * is lost, takes nothing from the others.
 */
import { divideStable } from './divide.ts';
import { type Column, movesInto, nothingIn, type Problem, sumOf, violations } from './problem.ts';
import { asKept } from './stopping-none.ts';

const least = (a: Column, b: Column): Column => a.map((value, at) => Math.min(value, b[at] as number));

/** Replicas of each candidate that may stay where they are, as many as can. */
export const stayingOf = (problem: Problem): Column => {
  const { current, max, min, replicas, spreads } = problem;
  const nothing = nothingIn(current.length);
  if (sumOf(current) === 0) return nothing;
  const held: Problem = {
    ...problem,
    isBereft: false,
    max: least(max, current),
    min: least(min, current),
    spreads: spreads.map((spread) => asKept(spread, problem)),
  };
  if (sumOf(current) <= replicas && violations(held, current).length === 0) return current;
  const tries: readonly Problem[] = [...(sumOf(held.min) <= replicas ? [held] : []), { ...held, min: nothing }];
  let best = nothing;
  for (const given of tries) {
    const { counts, broken } = divideStable(given, { owed: nothing, taken: nothing }, 'proportional');
    if (broken.length === 0 && movesInto(current, counts) === 0 && sumOf(counts) > sumOf(best)) best = counts;
  }
  return best;
};
