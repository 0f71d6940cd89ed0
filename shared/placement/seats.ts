/**
 * @module Division seat by seat under spread constraints. Hard constraints that only ever get looser as seats are added (skew) hold after
 * every seat; seats for domains still needed are kept free.
 */
import { type Heap, heapOf } from '../lib/heap.ts';
import type { Chosen } from './domains.ts';
import { classAt, compareQuotients, compareSeats, type Line } from './line.ts';
import { type Problem, sumOf, unlimited } from './problem.ts';
import { countSeat, open, penaltyOf, shut, standingOf, type Tally, talliesOf } from './tally.ts';

/** Candidates that share all domains: they are held back together. The first of `members` is next. */
type Cell = { readonly domains: readonly number[]; readonly members: number[]; heap: Heap<number> | undefined };

const cellsOf = (problem: Problem, chosen: Chosen, line: Line, counts: readonly number[]): Cell[] => {
  const cells: Cell[] = [];
  // A cell's key is built domain by domain: the pair of the key so far and the next domain is numbered as it appears.
  const pairs = problem.spreads.map(() => new Map<number, number>());
  for (let at = 0; at < counts.length; at++) {
    if ((counts[at] ?? 0) >= (problem.max[at] ?? 0) || !chosen.isOpen(at)) continue;
    let key = 0;
    for (let constraint = 0; constraint < problem.spreads.length; constraint++) {
      const spread = problem.spreads[constraint];
      const numbers = pairs[constraint];
      if (spread === undefined || numbers === undefined) continue;
      const pair = key * (spread.names.length + 1) + (spread.of[at] ?? -1) + 1;
      key = numbers.get(pair) ?? numbers.size;
      if (key === numbers.size) numbers.set(pair, key);
    }
    const cell = cells[key];
    if (cell !== undefined) cell.members.push(at);
    else cells[key] = { domains: problem.spreads.map((spread) => spread.of[at] ?? -1), members: [at], heap: undefined };
  }
  for (const cell of cells) {
    if (cell.members.length > 1) cell.heap = heapOf(cell.members, (a, b) => compareSeats(line, counts, a, b) < 0);
  }
  return cells;
};

const topOf = (cell: Cell): number => cell.members[0] ?? -1;

/** One division under way. */
class Seating {
  readonly counts: number[];
  readonly #problem: Problem;
  readonly #chosen: Chosen;
  readonly #line: Line;
  readonly #tallies: readonly Tally[];
  readonly #hasPreferences: boolean;
  readonly #hasSkew: boolean;
  /** Cells held back by the skew of each constraint. */
  #held: Cell[][];
  #cells: Cell[];
  #queue: Heap<Cell>;
  #remaining: number;
  /** A quota was used up: cells have changed places. */
  #isTurned = false;

  constructor(problem: Problem, chosen: Chosen, start: readonly number[], line: Line) {
    this.counts = [...start];
    this.#problem = problem;
    this.#chosen = chosen;
    this.#line = line;
    this.#tallies = talliesOf(problem, chosen.allowed, start);
    this.#hasSkew = problem.spreads.some(({ hard, maxSkew }) => hard && maxSkew < unlimited);
    this.#hasPreferences = problem.spreads.some(({ hard }) => !hard);
    this.#held = problem.spreads.map(() => []);
    this.#cells = cellsOf(problem, chosen, line, this.counts);
    this.#queue = this.#queueOf(this.#cells);
    this.#remaining = problem.replicas - sumOf(start);
  }

  #queueOf(cells: readonly Cell[]): Heap<Cell> {
    return heapOf([...cells], (a, b) => compareSeats(this.#line, this.counts, topOf(a), topOf(b)) < 0);
  }

  #classOf(cell: Cell): number {
    const candidate = topOf(cell);
    return classAt(this.#line, candidate, this.counts[candidate] ?? 0);
  }

  #rankOf(cell: Cell): number {
    return this.#line.rank[topOf(cell)] ?? 0;
  }

  /** Class, then rank: what skew may not turn around for good. */
  #isSooner(a: Cell, b: Cell): boolean {
    return (this.#classOf(a) - this.#classOf(b) || this.#rankOf(a) - this.#rankOf(b)) < 0;
  }

  /** The best open cell at the head of the queue; those shut leave it, those held back wait beside it. */
  #head(): Cell | undefined {
    for (let cell = this.#queue.peek(); cell !== undefined; cell = this.#queue.peek()) {
      const standing = standingOf(this.#tallies, cell.domains, this.#remaining);
      if (standing === open) return cell;
      this.#queue.pop();
      if (standing !== shut) this.#held[standing]?.push(cell);
    }
    return undefined;
  }

  /** With preferences every cell is looked at: what they count against changes with each seat. */
  #bestByPenalty(): Cell | undefined {
    let best: Cell | undefined;
    let bestPenalty = 0;
    for (const cell of this.#cells) {
      if (standingOf(this.#tallies, cell.domains, this.#remaining) !== open) continue;
      const penalty = penaltyOf(this.#tallies, cell.domains);
      const order =
        best === undefined
          ? -1
          : this.#classOf(cell) - this.#classOf(best) ||
            this.#rankOf(cell) - this.#rankOf(best) ||
            penalty - bestPenalty ||
            compareQuotients(this.#line, this.counts, topOf(cell), topOf(best));
      if (order >= 0) continue;
      best = cell;
      bestPenalty = penalty;
    }
    return best;
  }

  /** A constraint whose skew holds back a cell that would go before `best`; -1 = none. */
  #holdsBackSooner(best: Cell): number {
    // Cells left the queue in its order: the first that is held back is the soonest.
    if (!this.#hasPreferences) return this.#held.findIndex(([first]) => first !== undefined && this.#isSooner(first, best));
    if (!this.#hasSkew) return -1;
    for (const cell of this.#cells) {
      if (!this.#isSooner(cell, best)) continue;
      const standing = standingOf(this.#tallies, cell.domains, this.#remaining);
      if (standing >= 0) return standing;
    }
    return -1;
  }

  /** Of the open cells the one in the emptiest domain of a constraint: filling it lets go what skew holds back. */
  #emptiest(constraint: number): Cell | undefined {
    const sums = this.#tallies[constraint]?.sums ?? [];
    const sumAt = (cell: Cell): number => sums[cell.domains[constraint] ?? -1] ?? unlimited;
    let best: Cell | undefined;
    for (const cell of this.#cells) {
      if (cell.members.length === 0 || standingOf(this.#tallies, cell.domains, this.#remaining) !== open) continue;
      const order = best === undefined ? -1 : sumAt(cell) - sumAt(best) || compareSeats(this.#line, this.counts, topOf(cell), topOf(best));
      if (order < 0) best = cell;
    }
    return best;
  }

  #take(cell: Cell): void {
    const candidate = topOf(cell);
    this.counts[candidate] = (this.counts[candidate] ?? 0) + 1;
    this.#remaining -= 1;
    for (let at = 0; at < this.#tallies.length; at++) {
      const tally = this.#tallies[at];
      const domain = cell.domains[at] ?? -1;
      if (tally === undefined || domain < 0 || !countSeat(tally, domain)) continue;
      for (const held of this.#held[at]?.splice(0) ?? []) this.#queue.push(held);
    }
    const quota = this.#line.quota;
    const tier = this.#problem.tier[candidate] ?? 0;
    if (quota !== undefined) {
      quota.left[tier] = (quota.left[tier] ?? 0) - 1;
      if (quota.left[tier] === 0) this.#isTurned = true;
    }
    const isFull = (this.counts[candidate] ?? 0) >= (this.#problem.max[candidate] ?? 0);
    if (!isFull) cell.heap?.sinkFirst();
    else if (cell.heap === undefined) cell.members.pop();
    else cell.heap.pop();
  }

  /** One seat; false when none is open. */
  #step(): boolean {
    const best = this.#hasPreferences ? this.#bestByPenalty() : this.#head();
    if (best === undefined) return false;
    const constraint = this.#holdsBackSooner(best);
    const tally = this.#tallies[constraint];
    const isEmptiest = tally === undefined || tally.sums[best.domains[constraint] ?? -1] === tally.least;
    const cell = isEmptiest ? best : (this.#emptiest(constraint) ?? best);
    const isHead = !this.#hasPreferences && cell === this.#queue.peek();
    if (isHead) this.#queue.pop();
    this.#take(cell);
    const isSpent = cell.members.length === 0;
    if (isSpent && (this.#hasPreferences || !isHead)) this.#cells = this.#cells.filter((other) => other !== cell);
    if (isHead && !isSpent) this.#queue.push(cell);
    if (this.#isTurned) {
      this.#isTurned = false;
      this.#cells = cellsOf(this.#problem, this.#chosen, this.#line, this.counts);
      this.#held = this.#held.map(() => []);
      this.#queue = this.#queueOf(this.#cells);
    } else if (!isHead && !this.#hasPreferences) {
      // A seat out of turn changes a place within the queue: it is made anew.
      const waiting = new Set(this.#held.flat());
      this.#queue = this.#queueOf(this.#cells.filter((other) => !waiting.has(other) && other.members.length > 0));
    }
    return true;
  }

  run(): number[] {
    while (this.#remaining > 0 && this.#step());
    return this.counts;
  }
}

/** Seats from `start` on until the replicas are placed or no seat is open; answers the counts. */
export const seat = (problem: Problem, chosen: Chosen, start: readonly number[], line: Line): number[] =>
  new Seating(problem, chosen, start, line).run();
