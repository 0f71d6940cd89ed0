/**
 * @module Cells in turn by their next seats. All that is compared of a seat is put down when it becomes the next one, and the heap compares
 * it itself: it looks at ten cells for each seat that is given.
 */
import { createBlank, createScratch } from '../lib/scratch.ts';
import { classAt, type Line } from './line.ts';
import type { Column } from './problem.ts';

const topsFor = createScratch();
const queuedFor = createScratch();
const classesFor = createBlank();
const ranksFor = createBlank();
const votesFor = createBlank();
const divisorsFor = createBlank();
const penaltiesFor = createBlank();

/** The cells of one division and those of them that wait for their turn. There may be only one queue at a time. */
export class CellQueue {
  /** Candidate whose seat is next in each cell; -1 = the cell is spent. */
  readonly tops: Int32Array;
  /** How many preferences the next seat of each cell goes against. */
  readonly penalties: Column;
  readonly #line: Line;
  readonly #classes: Column;
  readonly #ranks: Column;
  readonly #votes: Column;
  /** Webster's, 2 × seats + 1. */
  readonly #divisors: Column;
  /** A binary heap of cells. */
  readonly #queued: Int32Array;
  #size = 0;

  constructor(line: Line, cells: number) {
    this.#line = line;
    this.tops = topsFor(cells).fill(-1, 0, cells);
    this.penalties = penaltiesFor(cells);
    this.#classes = classesFor(cells);
    this.#ranks = ranksFor(cells);
    this.#votes = votesFor(cells);
    this.#divisors = divisorsFor(cells);
    this.#queued = queuedFor(cells);
  }

  isSpent(cell: number): boolean {
    return (this.tops[cell] as number) < 0;
  }

  /** The next seat of a cell is the candidate's, which has so many. The cell's place in the queue stays what it was. */
  put(cell: number, candidate: number, seats: number): void {
    const { kept, votes, rank } = this.#line;
    const own = kept[candidate] as number;
    const isKept = seats < own;
    this.tops[cell] = candidate;
    this.#classes[cell] = classAt(this.#line, candidate, seats);
    this.#ranks[cell] = rank[candidate] as number;
    this.#votes[cell] = isKept ? own : (votes[candidate] as number);
    this.#divisors[cell] = 2 * (isKept ? seats : seats - own) + 1;
  }

  /** Class, then rank: what neither skew nor a preference may turn around for good. */
  turn(a: number, b: number): number {
    return (this.#classes[a] as number) - (this.#classes[b] as number) || (this.#ranks[a] as number) - (this.#ranks[b] as number);
  }

  /** By turn, then fewer preferences that are gone against, then Webster's quotient as `line.ts` has it. */
  #isBefore(a: number, b: number): boolean {
    const turn = this.turn(a, b) || (this.penalties[a] as number) - (this.penalties[b] as number);
    if (turn !== 0) return turn < 0;
    const divisorA = this.#divisors[a] as number;
    const divisorB = this.#divisors[b] as number;
    const quotients = (this.#votes[b] as number) * divisorA - (this.#votes[a] as number) * divisorB;
    return (quotients || divisorA - divisorB || (this.tops[a] as number) - (this.tops[b] as number)) < 0;
  }

  /** All cells anew but those that are spent, or out. */
  refill(cells: number, out: ReadonlySet<number>): void {
    let size = 0;
    for (let cell = 0; cell < cells; cell++) if (!this.isSpent(cell) && !(out.size > 0 && out.has(cell))) this.#queued[size++] = cell;
    this.#size = size;
    for (let at = (size >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  /** The first one; -1 when there is none. */
  first(): number {
    return this.#size === 0 ? -1 : (this.#queued[0] as number);
  }

  dropFirst(): void {
    this.#size -= 1;
    if (this.#size === 0) return;
    this.#queued[0] = this.#queued[this.#size] as number;
    this.#sink(0);
  }

  /** Call after another seat of the first one was put, which comes later. */
  sinkFirst(): void {
    this.#sink(0);
  }

  add(cell: number): void {
    this.#rise(cell, this.#size++, 0);
  }

  /** To the end along those that come first, and up again: what has to come later mostly comes late. */
  #sink(from: number): void {
    const queued = this.#queued;
    const size = this.#size;
    const cell = queued[from] as number;
    let at = from;
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && this.#isBefore(queued[child + 1] as number, queued[child] as number)) child += 1;
      queued[at] = queued[child] as number;
      at = child;
    }
    this.#rise(cell, at, from);
  }

  #rise(cell: number, from: number, top: number): void {
    const queued = this.#queued;
    let at = from;
    while (at > top) {
      const parent = (at - 1) >> 1;
      const above = queued[parent] as number;
      if (!this.#isBefore(cell, above)) break;
      queued[at] = above;
      at = parent;
    }
    queued[at] = cell;
  }
}
