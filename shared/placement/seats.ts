/**
 * @module Division seat by seat under spread constraints. Hard constraints that only ever get looser as seats are added (skew) hold after
 * every seat; seats for domains still needed are kept free.
 */
import { IndexHeap } from '../lib/index-heap.ts';
import { createBlank, createScratch } from '../lib/scratch.ts';
import { CellQueue } from './cell-queue.ts';
import { type Cells, cellsOf } from './cells.ts';
import type { Chosen } from './domains.ts';
import { firstGroup, leapOf } from './leap.ts';
import { compareSeats, type Line } from './line.ts';
import { type Column, domainCounts, type Problem, sumOf, unlimited } from './problem.ts';
import { countSeat, open, penaltyOf, shiftsAll, shut, standingOf, type Tally, talliesOf } from './tally.ts';

/** Seats that are left before it is worth looking for many at once, and seats given one by one before looking again. */
const leapMin = 1_024;

const nobody: ReadonlySet<number> = new Set();
const nothing: readonly number[] = [];
const sumsFor = createBlank();
const itemsFor = createScratch();

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
  /** No two cells share a domain of a preference. */
  readonly #areAlone: boolean;
  readonly #isSooner = (a: number, b: number): boolean => compareSeats(this.#line, this.counts, a, b) < 0;
  /** Candidates with open seats of cells that were taken from; made when a cell is. */
  readonly #heaps = new Map<number, IndexHeap>();
  /** Where they are, as in {@link Cells.members}. */
  readonly #items: Int32Array;
  /** Cells held back by the skew of each constraint. */
  readonly #held: number[][];
  /** Cells in turn, those held back and spent left out. */
  readonly #queue: CellQueue;
  #remaining: number;

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
    this.#areAlone = problem.spreads.every(({ hard }, at) => hard || this.#cells.lone.has(at));
    this.#queue = new CellQueue(line, this.#cells.count);
    this.#items = itemsFor(start.length);
    this.#remaining = problem.replicas - sumOf(start);
    this.#lineUp();
  }

  /** All cells anew: whose seat is next in each, and their turn. */
  #lineUp(): void {
    const queue = this.#queue;
    const { tops } = queue;
    const { of, count } = this.#cells;
    tops.fill(-1, 0, count);
    for (let at = 0; at < of.length; at++) {
      if (!this.#isOpen(at)) continue;
      const cell = of[at] as number;
      const top = tops[cell] as number;
      if (top < 0 || compareSeats(this.#line, this.counts, at, top) < 0) tops[cell] = at;
    }
    for (let cell = 0; cell < count; cell++) {
      if (queue.isSpent(cell)) continue;
      const top = tops[cell] as number;
      queue.put(cell, top, this.counts[top] as number);
      if (this.#hasPreferences) queue.penalties[cell] = this.#penalty(cell);
    }
    this.#heaps.clear();
    for (const held of this.#held) held.length = 0;
    queue.refill(count, nobody);
  }

  /** The queue anew, without those that are held back. */
  #refill(): void {
    this.#queue.refill(this.#cells.count, this.#hasSkew ? new Set(this.#held.flat()) : nobody);
  }

  #isOpen(at: number): boolean {
    return (this.counts[at] as number) < (this.#problem.max[at] as number) && this.#chosen.isOpen(at);
  }

  #standing(cell: number): number {
    return standingOf(this.#tallies, this.#cells.domains, cell * this.#tallies.length, this.#remaining);
  }

  #penalty(cell: number): number {
    return penaltyOf(this.#tallies, this.#cells.domains, cell * this.#tallies.length);
  }

  #domainOf(cell: number, constraint: number): number {
    return this.#cells.domains[cell * this.#tallies.length + constraint] as number;
  }

  /** The best open cell at the head of the queue; those shut leave it, those held back wait beside it. -1 = none. */
  #head(): number {
    const queue = this.#queue;
    for (let cell = queue.first(); cell >= 0; cell = queue.first()) {
      const standing = this.#standing(cell);
      if (standing === open) return cell;
      queue.dropFirst();
      if (standing === shut) queue.tops[cell] = -1;
      else this.#held[standing]?.push(cell);
    }
    return -1;
  }

  /** A constraint whose skew holds back a cell that would go before `best`; -1 = none. */
  #holdsBackSooner(best: number): number {
    if (this.#hasPreferences) return this.#holdsBackAny(best);
    // Cells left the queue in its order: the first that is held back is the soonest.
    for (let at = 0; at < this.#held.length; at++) {
      const first = this.#held[at]?.[0];
      if (first !== undefined && this.#queue.turn(first, best) < 0) return at;
    }
    return -1;
  }

  /** As {@link #holdsBackSooner}, of the first cell by place. */
  #holdsBackAny(best: number): number {
    for (let cell = 0; cell < this.#cells.count; cell++) {
      if (this.#queue.isSpent(cell) || this.#queue.turn(cell, best) >= 0) continue;
      const standing = this.#standing(cell);
      if (standing >= 0) return standing;
    }
    return -1;
  }

  /** Of the open cells the one in the emptiest domain of a constraint: filling it lets go what skew holds back. -1 = none. */
  #emptiest(constraint: number): number {
    const { tops } = this.#queue;
    const sums = this.#tallies[constraint]?.sums;
    const sumAt = (cell: number): number => sums?.[this.#domainOf(cell, constraint)] ?? unlimited;
    let best = -1;
    for (let cell = 0; cell < this.#cells.count; cell++) {
      if (this.#queue.isSpent(cell) || this.#standing(cell) !== open) continue;
      const order =
        best < 0 ? -1 : sumAt(cell) - sumAt(best) || compareSeats(this.#line, this.counts, tops[cell] as number, tops[best] as number);
      if (order < 0) best = cell;
    }
    return best;
  }

  /** The cell whose turn it is: the best one, or where skew holds back one that would go before it, the one that lets it go. */
  #cellFor(best: number): number {
    const constraint = this.#hasSkew ? this.#holdsBackSooner(best) : -1;
    const tally = constraint < 0 ? undefined : this.#tallies[constraint];
    if (tally === undefined || tally.sums[this.#domainOf(best, constraint)] === tally.least) return best;
    const emptiest = this.#emptiest(constraint);
    return emptiest < 0 ? best : emptiest;
  }

  /** Candidates of a cell with open seats, in turn. */
  #heapOf(cell: number): IndexHeap {
    const known = this.#heaps.get(cell);
    if (known !== undefined) return known;
    const { start, members } = this.#cells;
    const [from, to] = [start[cell] as number, start[cell + 1] as number];
    const items = this.#items.subarray(from, to);
    let size = 0;
    for (let at = from; at < to; at++) if (this.#isOpen(members[at] as number)) items[size++] = members[at] as number;
    const heap = new IndexHeap(items, size, this.#isSooner);
    this.#heaps.set(cell, heap);
    return heap;
  }

  /** Gives the next seat of a cell to its candidate. */
  #giveIn(cell: number): void {
    const { start } = this.#cells;
    const candidate = this.#queue.tops[cell] as number;
    const heap = (start[cell + 1] as number) - (start[cell] as number) > 1 ? this.#heapOf(cell) : undefined;
    const seats = (this.counts[candidate] as number) + 1;
    this.counts[candidate] = seats;
    this.#remaining -= 1;
    const isFull = seats >= (this.#problem.max[candidate] as number);
    if (isFull) heap?.pop();
    else heap?.sinkFirst();
    const top = heap?.peek() ?? (isFull ? -1 : candidate);
    if (top < 0) this.#queue.tops[cell] = -1;
    else this.#queue.put(cell, top, this.counts[top] as number);
  }

  /** Counts a seat of the cell in its domains: answers what skew lets go, and whether the penalties of all cells may be others now. */
  #count(cell: number): { readonly released: readonly number[]; readonly isShifted: boolean } {
    let released: readonly number[] = nothing;
    let isShifted = false;
    for (let at = 0; at < this.#tallies.length; at++) {
      const tally = this.#tallies[at];
      const domain = this.#domainOf(cell, at);
      if (tally === undefined || domain < 0) continue;
      const { used } = tally;
      const isRaised = countSeat(tally, domain);
      const held = this.#held[at];
      if (isRaised && held !== undefined && held.length > 0) released = [...released, ...held.splice(0)];
      isShifted ||= !tally.spread.hard && shiftsAll(tally, used, isRaised);
    }
    return { released, isShifted };
  }

  /** True when a seat in one cell counts for a preference of the other. */
  #shareDomain(a: number, b: number): boolean {
    const { lone } = this.#cells;
    return this.#tallies.some(({ spread }, at) => !spread.hard && !lone.has(at) && this.#domainOf(a, at) === this.#domainOf(b, at));
  }

  /** Penalties after a seat in a cell; true when those of others have changed. */
  #weigh(cell: number, isShifted: boolean): boolean {
    const { penalties } = this.#queue;
    penalties[cell] = this.#penalty(cell);
    if (this.#areAlone && !isShifted) return false;
    let areOthers = false;
    for (let other = 0; other < this.#cells.count; other++) {
      if (this.#queue.isSpent(other) || !(isShifted || this.#shareDomain(cell, other))) continue;
      const penalty = this.#penalty(other);
      areOthers ||= penalty !== penalties[other];
      penalties[other] = penalty;
    }
    return areOthers;
  }

  /** Counts a seat against the quota of its tier; true when that is used up: cells change places. */
  #usesUpQuota(candidate: number): boolean {
    const { quota } = this.#line;
    if (quota === undefined) return false;
    const tier = this.#problem.tier[candidate] as number;
    const left = (quota.left[tier] ?? 0) - 1;
    quota.left[tier] = left;
    return left === 0;
  }

  /** One seat; false when none is open. */
  #step(): boolean {
    const best = this.#head();
    if (best < 0) return false;
    const cell = this.#cellFor(best);
    const isTurned = this.#usesUpQuota(this.#queue.tops[cell] as number);
    this.#giveIn(cell);
    const { released, isShifted } = this.#count(cell);
    if (isTurned) this.#lineUp();
    // What changes a place within the queue makes it anew: a seat out of turn, penalties of others.
    else if ((this.#hasPreferences && this.#weigh(cell, isShifted)) || cell !== best) this.#refill();
    else {
      if (this.#queue.isSpent(cell)) this.#queue.dropFirst();
      else this.#queue.sinkFirst();
      for (const one of released) this.#queue.add(one);
    }
    return true;
  }

  /** True when these counts can be reached without a constraint having a say: none is near its limit on the way. */
  #isClear(next: Column): boolean {
    let reserved = 0;
    for (const { spread, sums, least } of this.#tallies) {
      const after = domainCounts(spread, next, sumsFor(spread.names.length));
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
