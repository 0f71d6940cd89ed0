/**
 * @module The best division under hard constraints whose domains cross (regions that several providers share): branch and bound over the
 * candidates. With three crossing constraints the question is NP-hard (3-dimensional matching), so that the steps are limited.
 */
import { leavesDomain } from './in-use.ts';
import { type Column, isLimited, movesInto, type Problem, sumOf, violations } from './problem.ts';

/** Steps of the search; beyond it the best so far is the answer. */
const stepsMax = 150_000;

/** The division that places most and then moves least among those tried; undefined when none was found. */
export const divideCrossing = (problem: Problem, bound: number): Column | undefined => {
  const size = problem.max.length;
  const hard = problem.spreads.filter((spread) => spread.hard);
  const sums = hard.map((spread) => spread.names.map(() => 0));
  const used = hard.map(() => 0);
  const counts = new Float64Array(size);
  const roomAfter = new Float64Array(size + 1);
  for (let at = size - 1; at >= 0; at--) roomAfter[at] = Math.min(problem.replicas, (roomAfter[at + 1] ?? 0) + (problem.max[at] ?? 0));
  const fewest = Math.max(0, bound - sumOf(problem.current));
  let best: { readonly counts: Column; readonly placed: number; readonly moves: number } | undefined;
  let steps = 0;
  let isDone = false;

  const put = (at: number, count: number, sign: 1 | -1): boolean => {
    let fits = true;
    hard.forEach((spread, index) => {
      const row = sums[index] ?? [];
      const domain = spread.of[at] ?? -1;
      const before = row[domain] ?? 0;
      const after = before + sign * count;
      row[domain] = after;
      used[index] = (used[index] ?? 0) + Number(after > 0) - Number(before > 0);
      if (after > spread.shareMax || (isLimited(spread) && (used[index] ?? 0) > spread.maxDomains)) fits = false;
    });
    return fits;
  };

  const visit = (at: number, placed: number, moves: number): void => {
    steps += 1;
    if (isDone || steps > stepsMax) return;
    const reach = Math.min(bound, placed + (roomAfter[at] ?? 0));
    if (best !== undefined && (reach < best.placed || (reach === best.placed && moves >= best.moves))) return;
    if (at === size) {
      if (violations(problem, counts).length > 0 || leavesDomain(problem, counts)) return;
      best = { counts: counts.slice(), placed, moves };
      isDone = placed === bound && moves === fewest;
      return;
    }
    const most = Math.min(problem.max[at] ?? 0, problem.replicas - placed);
    const present = Math.min(most, problem.current[at] ?? 0);
    const least = problem.min[at] ?? 0;
    // Present replicas first, then more, then fewer: the first whole answer moves little.
    for (let turn = 0; turn <= most; turn++) {
      const count = turn <= most - present ? present + turn : most - turn;
      if (count < least) continue;
      counts[at] = count;
      if (put(at, count, 1)) visit(at + 1, placed + count, moves + Math.max(0, count - (problem.current[at] ?? 0)));
      put(at, count, -1);
      counts[at] = 0;
    }
  };
  visit(0, 0, movesInto(counts, counts));
  return best?.counts;
};
