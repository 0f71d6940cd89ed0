/**
 * @module Division seat by seat under spread constraints. Hard constraints that only ever get looser as seats are added (skew) hold after
 * every seat; seats for domains still needed are kept free.
 */
import { IndexHeap } from '../lib/index-heap.ts';
import { type Cells, cellsOf } from './cells.ts';
import type { Chosen } from './domains.ts';
import { firstGroup, leapOf } from './leap.ts';
import { classAt, compareQuotients, compareSeats, type Line } from './line.ts';
import { type Column, domainCounts, type Problem, sumOf, unlimited } from './problem.ts';
import { countSeat, open, penaltyOf, shut, standingOf, type Tally, talliesOf } from './tally.ts';

/** Seats that are left before it is worth looking for many at once, and seats given one by one before looking again. */
const leapMin = 1_024;

/** One division under way. A cell is spent when none of its candidates has an open seat. */
class Seating {
  counts: Column;
  readonly #problem: Problem;
  readonly #chosen: Chosen;
  readonly #line: Line;
  #tallies: readonly Tally[];
  readonly #hasPreferences: boolean;
  readonly #hasSkew: boolean;
  readonly #cells: Cells;
  /** Candidate whose seat is next in each cell; -1 = the cell is spent. */
  readonly #tops: Int32Array;
  /** Candidates with open seats of cells that were taken from; made when a cell is. */
  readonly #heaps = new Map<number, IndexHeap>();
  /** Cells held back by the skew of each constraint. */
  readonly #held: number[][];
  /** Cells in turn; without preferences only, those held back and spent left out. */
  #queue: IndexHeap | undefined;
  #remaining: number;
  /** A quota was used up: cells have changed places. */
  #isTurned = false;

  constructor(problem: Problem, chosen: Chosen, start: Column, line: Line) {
    this.counts = start.slice();
    this.#problem = problem;
    this.#chosen = chosen;
    this.#line = line;
    this.#tallies = talliesOf(problem, chosen.allowed, start);
    this.#hasSkew = problem.spreads.some(({ hard, maxSkew }) => hard && maxSkew < unlimited);
    this.#hasPreferences = problem.spreads.some(({ hard }) => !hard);
    this.#held = problem.spreads.map(() => []);
    this.#cells = cellsOf(problem.spreads, start.length);
    this.#tops = new Int32Array(this.#cells.count);
    this.#remaining = problem.replicas - sumOf(start);
    this.#lineUp();
  }

  /** All cells anew: whose seat is next in each, and their turn. */
  #lineUp(): void {
    const tops = this.#tops.fill(-1);
    const { of } = this.#cells;
    for (let at = 0; at < of.length; at++) {
      if (!this.#isOpen(at)) continue;
      const cell = of[at] as number;
      const top = tops[cell] as number;
      if (top < 0 || compareSeats(this.#line, this.counts, at, top) < 0) tops[cell] = at;
    }
    this.#heaps.clear();
    for (const held of this.#held) held.length = 0;
    if (!this.#hasPreferences) this.#queueUp();
  }

  /** Cells that are neither spent nor held back. */
  #queueUp(): void {
    const tops = this.#tops;
    const waiting = new Set(this.#held.flat());
    const items = new Int32Array(this.#cells.count);
    let size = 0;
    for (let cell = 0; cell < items.length; cell++) if ((tops[cell] as number) >= 0 && !waiting.has(cell)) items[size++] = cell;
    this.#queue = new IndexHeap(items, size, (a, b) => compareSeats(this.#line, this.counts, tops[a] as number, tops[b] as number) < 0);
  }

  #isOpen(at: number): boolean {
    return (this.counts[at] as number) < (this.#problem.max[at] as number) && this.#chosen.isOpen(at);
  }

  #standing(cell: number): number {
    const { domains } = this.#cells;
    return standingOf(this.#tallies, domains, cell * this.#tallies.length, this.#remaining);
  }

  #domainOf(cell: number, constraint: number): number {
    return this.#cells.domains[cell * this.#tallies.length + constraint] as number;
  }

  #topOf(cell: number): number {
    return this.#tops[cell] as number;
  }

  /** Class, then rank: what skew may not turn around for good. */
  #turn(a: number, b: number): number {
    const [x, y] = [this.#topOf(a), this.#topOf(b)];
    const classes = classAt(this.#line, x, this.counts[x] as number) - classAt(this.#line, y, this.counts[y] as number);
    return classes || (this.#line.rank[x] as number) - (this.#line.rank[y] as number);
  }

  /** The best open cell at the head of the queue; those shut leave it, those held back wait beside it. -1 = none. */
  #head(queue: IndexHeap): number {
    for (let cell = queue.peek(); cell >= 0; cell = queue.peek()) {
      const standing = this.#standing(cell);
      if (standing === open) return cell;
      queue.pop();
      if (standing === shut) this.#tops[cell] = -1;
      else this.#held[standing]?.push(cell);
    }
    return -1;
  }

  /** With preferences every cell is looked at: what they count against changes with each seat. */
  #bestByPenalty(): number {
    const { count, domains } = this.#cells;
    let best = -1;
    let bestPenalty = 0;
    for (let cell = 0; cell < count; cell++) {
      if (this.#topOf(cell) < 0 || this.#standing(cell) !== open) continue;
      const penalty = penaltyOf(this.#tallies, domains, cell * this.#tallies.length);
      const order =
        best < 0
          ? -1
          : this.#turn(cell, best) ||
            penalty - bestPenalty ||
            compareQuotients(this.#line, this.counts, this.#topOf(cell), this.#topOf(best));
      if (order >= 0) continue;
      best = cell;
      bestPenalty = penalty;
    }
    return best;
  }

  /** A constraint whose skew holds back a cell that would go before `best`; -1 = none. */
  #holdsBackSooner(best: number): number {
    // Cells left the queue in its order: the first that is held back is the soonest.
    if (!this.#hasPreferences) return this.#held.findIndex(([first]) => first !== undefined && this.#turn(first, best) < 0);
    if (!this.#hasSkew) return -1;
    for (let cell = 0; cell < this.#cells.count; cell++) {
      if (this.#topOf(cell) < 0 || this.#turn(cell, best) >= 0) continue;
      const standing = this.#standing(cell);
      if (standing >= 0) return standing;
    }
    return -1;
  }

  /** Of the open cells the one in the emptiest domain of a constraint: filling it lets go what skew holds back. -1 = none. */
  #emptiest(constraint: number): number {
    const sums = this.#tallies[constraint]?.sums;
    const sumAt = (cell: number): number => sums?.[this.#domainOf(cell, constraint)] ?? unlimited;
    let best = -1;
    for (let cell = 0; cell < this.#cells.count; cell++) {
      if (this.#topOf(cell) < 0 || this.#standing(cell) !== open) continue;
      const order =
        best < 0 ? -1 : sumAt(cell) - sumAt(best) || compareSeats(this.#line, this.counts, this.#topOf(cell), this.#topOf(best));
      if (order < 0) best = cell;
    }
    return best;
  }

  /** Candidates of a cell with open seats, in turn. */
  #heapOf(cell: number): IndexHeap {
    const known = this.#heaps.get(cell);
    if (known !== undefined) return known;
    const { start, members } = this.#cells;
    const items = members.slice(start[cell], start[cell + 1]);
    let size = 0;
    for (let at = 0; at < items.length; at++) if (this.#isOpen(items[at] as number)) items[size++] = items[at] as number;
    const heap = new IndexHeap(items, size, (a, b) => compareSeats(this.#line, this.counts, a, b) < 0);
    this.#heaps.set(cell, heap);
    return heap;
  }

  #take(cell: number): void {
    const { start } = this.#cells;
    const candidate = this.#topOf(cell);
    const heap = (start[cell + 1] as number) - (start[cell] as number) > 1 ? this.#heapOf(cell) : undefined;
    this.counts[candidate] = (this.counts[candidate] as number) + 1;
    this.#remaining -= 1;
    for (let at = 0; at < this.#tallies.length; at++) {
      const tally = this.#tallies[at];
      const domain = this.#domainOf(cell, at);
      if (tally === undefined || domain < 0 || !countSeat(tally, domain)) continue;
      for (const held of this.#held[at]?.splice(0) ?? []) this.#queue?.push(held);
    }
    const { quota } = this.#line;
    const tier = this.#problem.tier[candidate] as number;
    if (quota !== undefined) {
      quota.left[tier] = (quota.left[tier] ?? 0) - 1;
      if (quota.left[tier] === 0) this.#isTurned = true;
    }
    const isFull = (this.counts[candidate] as number) >= (this.#problem.max[candidate] as number);
    if (isFull) heap?.pop();
    else heap?.sinkFirst();
    this.#tops[cell] = heap?.peek() ?? (isFull ? -1 : candidate);
  }

  /** One seat; false when none is open. */
  #step(): boolean {
    const queue = this.#queue;
    const best = queue === undefined ? this.#bestByPenalty() : this.#head(queue);
    if (best < 0) return false;
    const constraint = this.#holdsBackSooner(best);
    const tally = this.#tallies[constraint];
    const isEmptiest = tally === undefined || tally.sums[this.#domainOf(best, constraint)] === tally.least;
    const emptiest = isEmptiest ? -1 : this.#emptiest(constraint);
    const cell = emptiest < 0 ? best : emptiest;
    const isHead = queue !== undefined && cell === queue.peek();
    if (isHead) queue.pop();
    this.#take(cell);
    if (isHead && this.#topOf(cell) >= 0) queue.push(cell);
    if (this.#isTurned) {
      this.#isTurned = false;
      this.#lineUp();
    } else if (!isHead && queue !== undefined) {
      // A seat out of turn changes a place within the queue: it is made anew.
      this.#queueUp();
    }
    return true;
  }

  /** True when these counts can be reached without a constraint having a say: none is near its limit on the way. */
  #isClear(next: Column): boolean {
    let reserved = 0;
    for (const { spread, sums, least } of this.#tallies) {
      const after = domainCounts(spread, next);
      for (let domain = 0; domain < after.length; domain++) {
        const sum = after[domain] as number;
        if (sum === sums[domain]) continue;
        if (sum > spread.shareMax || (spread.maxSkew < unlimited && sum - least > spread.maxSkew)) return false;
      }
      reserved = Math.max(reserved, spread.minDomains + 1);
    }
    return sumOf(next) - sumOf(this.counts) + reserved <= this.#remaining;
  }

  /** Gives as many seats at once as only the line decides about; answers how many. */
  #leap(): number {
    const { of } = this.#cells;
    const standings = new Map<number, number>();
    const standingAt = (at: number): number => {
      const cell = of[at] as number;
      const known = standings.get(cell) ?? this.#standing(cell);
      standings.set(cell, known);
      return known;
    };
    const { max } = this.#problem;
    const group = firstGroup(this.#line, this.counts, max, (at) => this.#isOpen(at) && standingAt(at) !== shut);
    if (group === undefined || group.members.some((at) => standingAt(at) !== open)) return 0;
    const next = leapOf(this.#line, this.counts, group, (column) => this.#isClear(column));
    if (next === undefined) return 0;
    const given = sumOf(next) - sumOf(this.counts);
    this.counts = next;
    this.#remaining -= given;
    this.#tallies = talliesOf(this.#problem, this.#chosen.allowed, next);
    this.#lineUp();
    return given;
  }

  run(): Column {
    const mayLeap = !this.#hasPreferences && this.#line.quota === undefined;
    for (let steps = 0, next = 0; this.#remaining > 0; steps++) {
      if (mayLeap && this.#remaining >= leapMin && steps >= next) next = steps + (this.#leap() >= leapMin ? 1 : leapMin);
      if (!this.#step()) break;
    }
    return this.counts;
  }
}

/** Seats from `start` on until the replicas are placed or no seat is open; answers the counts. */
export const seat = (problem: Problem, chosen: Chosen, start: Column, line: Line): Column =>
  new Seating(problem, chosen, start, line).run();
