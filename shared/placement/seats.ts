/**
 * @module Division seat by seat (Webster, votes / (2·seats + 1), ties by fewer seats and then name) under caps and spread constraints.
 * Hard constraints that only ever get looser as seats are added (skew) hold after every seat; places for domains still needed are kept free.
 */
import { type Heap, heapOf } from '../lib/heap.ts';
import { domainCounts, type Problem, skewDomains, sumOf } from './problem.ts';

/** What seats a candidate is next in line for; lower goes first. */
export type Line = {
  /** Class of the candidate's next seat. */
  readonly order: (candidate: number, seats: number) => number;
  /** Votes and seats so far that Webster compares within a class. */
  readonly votes: (candidate: number, seats: number) => number;
  readonly webster: (candidate: number, seats: number) => number;
};

/** Candidates that share rank and domains: they are blocked together. */
type Cell = { readonly rank: number; readonly tier: number; readonly domains: readonly number[]; readonly heap: Heap<number> };

/** A constraint's running counts. */
type Tally = {
  readonly sums: number[];
  readonly measured: ReadonlySet<number>;
  used: number;
  least: number;
  atLeast: number;
};

const tallyOf = (problem: Problem, at: number, counts: readonly number[]): Tally => {
  const spread = problem.spreads[at];
  if (spread === undefined) return { sums: [], measured: new Set(), used: 0, least: 0, atLeast: 0 };
  const tally: Tally = {
    sums: domainCounts(spread, counts),
    measured: new Set(skewDomains(spread, problem.allowed[at])),
    used: 0,
    least: 0,
    atLeast: 0,
  };
  tally.used = tally.sums.filter((sum) => sum > 0).length;
  measure(tally);
  return tally;
};

const measure = (tally: Tally): void => {
  tally.least = Number.MAX_SAFE_INTEGER;
  tally.atLeast = 0;
  for (const domain of tally.measured) {
    const sum = tally.sums[domain] ?? 0;
    if (sum < tally.least) {
      tally.least = sum;
      tally.atLeast = 0;
    }
    if (sum === tally.least) tally.atLeast += 1;
  }
};

const count = (tally: Tally, domain: number): void => {
  const before = tally.sums[domain] ?? 0;
  tally.sums[domain] = before + 1;
  if (before === 0) tally.used += 1;
  if (before !== tally.least || !tally.measured.has(domain)) return;
  tally.atLeast -= 1;
  if (tally.atLeast === 0) measure(tally);
};

/** How a cell stands against the constraints: blocked by skew, blocked otherwise, or open with soft terms it would break. */
type Standing = { readonly open: boolean; readonly blockedBySkewOf: number; readonly penalty: number };

const standing = (problem: Problem, tallies: readonly Tally[], cell: Cell, remaining: number): Standing => {
  let penalty = 0;
  let blockedBySkewOf = -1;
  for (let at = 0; at < tallies.length; at++) {
    const spread = problem.spreads[at];
    const tally = tallies[at];
    if (spread === undefined || tally === undefined) continue;
    const domain = cell.domains[at] ?? -1;
    const sum = domain < 0 ? 0 : (tally.sums[domain] ?? 0);
    const skews = domain >= 0 && tally.measured.has(domain) && sum + 1 - tally.least > spread.maxSkew;
    const missing = spread.minDomains - tally.used;
    const wastes = missing > 0 && missing >= remaining && (domain < 0 || sum > 0);
    const overflows = domain >= 0 && sum + 1 > spread.shareMax;
    const outside = domain < 0 || (problem.allowed[at]?.has(domain) ?? true) === false;
    if (!spread.hard) penalty += Number(skews) + Number(missing > 0 && sum > 0) + Number(overflows) + Number(outside);
    else if (wastes || overflows || outside) return { open: false, blockedBySkewOf: -1, penalty };
    else if (skews) blockedBySkewOf = at;
  }
  return { open: blockedBySkewOf < 0, blockedBySkewOf, penalty };
};

/** Negative when candidate a is next before b, given seats so far. */
const compare = (line: Line, seats: readonly number[], a: number, b: number): number => {
  const [seatsA, seatsB] = [seats[a] ?? 0, seats[b] ?? 0];
  const [wonA, wonB] = [line.webster(a, seatsA), line.webster(b, seatsB)];
  const left = line.votes(a, seatsA) * (2 * wonB + 1);
  const right = line.votes(b, seatsB) * (2 * wonA + 1);
  return right - left || wonA - wonB || a - b;
};

const cellsOf = (problem: Problem, line: Line, counts: readonly number[]): Cell[] => {
  const members = new Map<string, number[]>();
  for (let at = 0; at < counts.length; at++) {
    if ((counts[at] ?? 0) >= (problem.max[at] ?? 0)) continue;
    const domains = problem.spreads.map((spread) => spread.of[at] ?? -1);
    const key = `${problem.rank[at] ?? 0}/${domains.join(',')}`;
    const same = members.get(key);
    if (same === undefined) members.set(key, [at]);
    else same.push(at);
  }
  const goesBefore = (a: number, b: number): boolean =>
    (line.order(a, counts[a] ?? 0) - line.order(b, counts[b] ?? 0) || compare(line, counts, a, b)) < 0;
  return [...members.values()].map((list) => {
    const first = list[0] ?? 0;
    return {
      rank: problem.rank[first] ?? 0,
      tier: problem.tier[first] ?? 0,
      domains: problem.spreads.map((spread) => spread.of[first] ?? -1),
      heap: heapOf(list, goesBefore),
    };
  });
};

type Pick = { readonly cell: Cell; readonly candidate: number; readonly order: number; readonly standing: Standing };

/** The next seat: class, rank, soft terms, Webster; when skew holds back a better one, the emptiest domain of that constraint first. */
const nextSeat = (
  problem: Problem,
  line: Line,
  tallies: readonly Tally[],
  cells: readonly Cell[],
  counts: readonly number[],
  remaining: number,
): Pick | undefined => {
  let best: Pick | undefined;
  let held: Pick | undefined;
  const options: Pick[] = [];
  const better = (a: Pick, b: Pick): boolean =>
    (a.order - b.order ||
      a.cell.rank - b.cell.rank ||
      a.standing.penalty - b.standing.penalty ||
      compare(line, counts, a.candidate, b.candidate)) < 0;
  for (const cell of cells) {
    const candidate = cell.heap.peek();
    if (candidate === undefined) continue;
    const pick = {
      cell,
      candidate,
      order: line.order(candidate, counts[candidate] ?? 0),
      standing: standing(problem, tallies, cell, remaining),
    };
    if (pick.standing.open) {
      options.push(pick);
      if (best === undefined || better(pick, best)) best = pick;
    } else if (pick.standing.blockedBySkewOf >= 0 && (held === undefined || better(pick, held))) held = pick;
  }
  if (best === undefined || held === undefined) return best;
  const sooner = held.order - best.order || held.cell.rank - best.cell.rank;
  if (sooner >= 0) return best;
  const [constraint, tally] = [held.standing.blockedBySkewOf, tallies[held.standing.blockedBySkewOf]];
  const sum = (pick: Pick): number => tally?.sums[pick.cell.domains[constraint] ?? -1] ?? Number.MAX_SAFE_INTEGER;
  return options.reduce(
    (lowest, pick) => (sum(pick) < sum(lowest) || (sum(pick) === sum(lowest) && better(pick, lowest)) ? pick : lowest),
    best,
  );
};

/** Seats from `start` on until `problem.replicas` are placed or no seat is open; answers the counts. */
export const seat = (problem: Problem, start: readonly number[], line: Line, onSeat?: (candidate: number) => void): number[] => {
  const counts = [...start];
  const tallies = problem.spreads.map((_, at) => tallyOf(problem, at, counts));
  let cells = cellsOf(problem, line, counts);
  let remaining = problem.replicas - sumOf(counts);
  while (remaining > 0 && cells.length > 0) {
    const pick = nextSeat(problem, line, tallies, cells, counts, remaining);
    if (pick === undefined) break;
    const { candidate, cell } = pick;
    counts[candidate] = (counts[candidate] ?? 0) + 1;
    remaining -= 1;
    onSeat?.(candidate);
    tallies.forEach((tally, at) => {
      const domain = cell.domains[at] ?? -1;
      if (domain >= 0) count(tally, domain);
    });
    if ((counts[candidate] ?? 0) >= (problem.max[candidate] ?? 0)) {
      cell.heap.pop();
      if (cell.heap.size() === 0) cells = cells.filter((other) => other !== cell);
    } else cell.heap.sinkFirst();
  }
  return counts;
};
