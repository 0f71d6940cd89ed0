/**
 * @module Division without spread constraints: Webster's method (Sainte-Laguë) by a heap, group by group of class and rank, with the seats
 * that are sure for each given at once.
 */
import { IndexHeap } from '../lib/index-heap.ts';
import { createScratch } from '../lib/scratch.ts';
import { compareQuotients, type Line } from './line.ts';
import { type Column, nothingIn, type Problem, sumOf } from './problem.ts';

/**
 * Seats that Webster's method surely gives when `total` votes share `seats` seats among `parties`: with the divisor
 * total / (seats − parties/2) the rounded shares add up to no more than the seats, and a smaller divisor only adds to each.
 */
const sureSeats = (votes: number, total: number, seats: number, parties: number): number => {
  const spare = seats - Math.ceil(parties / 2);
  return spare <= 0 || total <= 0 ? 0 : Math.max(0, Math.floor((votes / total) * spare) - 1);
};

const membersOf = createScratch();
const restOf = createScratch();

/** Candidates whose next seats are of one class and rank. */
type Group = { readonly members: Int32Array; readonly size: number; readonly room: number };

/** One pass over seats of one kind: present ones, or new ones. `cap` = most of each candidate in it. */
class Pass {
  readonly #line: Line;
  readonly #counts: Column;
  readonly #cap: Column;
  /** Class by candidate; undefined = one class. */
  readonly #order: Column | undefined;

  constructor(line: Line, counts: Column, cap: Column, order: Column | undefined) {
    this.#line = line;
    this.#counts = counts;
    this.#cap = cap;
    this.#order = order;
  }

  #turn(a: number, b: number): number {
    const order = this.#order;
    const first = order === undefined ? 0 : (order[a] as number) - (order[b] as number);
    return first || (this.#line.rank[a] as number) - (this.#line.rank[b] as number);
  }

  #room(at: number): number {
    return (this.#cap[at] as number) - (this.#counts[at] as number);
  }

  /** Those whose turn is first, in one look at all. */
  #first(members: Int32Array): Group {
    const size = this.#counts.length;
    let found = 0;
    let room = 0;
    for (let at = 0; at < size; at++) {
      const open = this.#room(at);
      if (open <= 0) continue;
      const turn = found === 0 ? -1 : this.#turn(at, members[0] as number);
      if (turn > 0) continue;
      if (turn < 0) {
        found = 0;
        room = 0;
      }
      members[found++] = at;
      room += open;
    }
    return { members, size: found, room };
  }

  /** Seats of candidates of one class and rank: to all that they can hold where they suffice, else shared. */
  #give({ members, size, room }: Group, seats: number): number {
    if (room > seats) {
      this.#share(members, size, seats);
      return 0;
    }
    for (let at = 0; at < size; at++) {
      const member = members[at] as number;
      this.#counts[member] = this.#cap[member] as number;
    }
    return seats - room;
  }

  #giveSure(members: Int32Array, size: number, seats: number): number {
    const { kept, votes } = this.#line;
    const counts = this.#counts;
    let [isKept, isNew, keptTotal, newTotal] = [true, true, 0, 0];
    for (let at = 0; at < size; at++) {
      const member = members[at] as number;
      isKept &&= (counts[member] as number) === 0 && (kept[member] as number) > 0;
      isNew &&= (counts[member] as number) === (kept[member] as number);
      keptTotal += kept[member] as number;
      newTotal += votes[member] as number;
    }
    if (!isKept && !isNew) return seats;
    const [by, total] = isKept ? [kept, keptTotal] : [votes, newTotal];
    let left = seats;
    for (let at = 0; at < size; at++) {
      const member = members[at] as number;
      const sure = Math.min(this.#room(member), sureSeats(by[member] as number, total, seats, size));
      counts[member] = (counts[member] as number) + sure;
      left -= sure;
    }
    return left;
  }

  /** Candidates of one class and rank share seats that are fewer than their room. */
  #share(members: Int32Array, size: number, seats: number): void {
    const counts = this.#counts;
    const line = this.#line;
    let left = seats > 4 * size ? this.#giveSure(members, size, seats) : seats;
    let open = 0;
    for (let at = 0; at < size; at++) {
      const member = members[at] as number;
      if (this.#room(member) > 0) members[open++] = member;
    }
    const heap = new IndexHeap(members, open, (a, b) => compareQuotients(line, counts, a, b) < 0);
    for (let top = heap.peek(); top >= 0 && left > 0; top = heap.peek()) {
      counts[top] = (counts[top] as number) + 1;
      left -= 1;
      if (this.#room(top) <= 0) heap.pop();
      else heap.sinkFirst();
    }
  }

  /** Gives out up to `seats` seats, class by class and rank by rank; answers how many are left. */
  run(seats: number): number {
    const size = this.#counts.length;
    const members = membersOf(size);
    let left = this.#give(this.#first(members), seats);
    if (left <= 0) return left;
    let waiting = 0;
    const rest = restOf(size);
    for (let at = 0; at < size; at++) if (this.#room(at) > 0) rest[waiting++] = at;
    // Which of those of one turn comes first decides nothing, but it is a total order.
    const queue = new IndexHeap(rest, waiting, (a, b) => (this.#turn(a, b) || a - b) < 0);
    while (left > 0 && queue.size > 0) left = this.#give(this.#next(queue, members), left);
    return left;
  }

  #next(queue: IndexHeap, members: Int32Array): Group {
    let [size, room] = [0, 0];
    do {
      const member = queue.pop();
      members[size++] = member;
      room += this.#room(member);
    } while (queue.size > 0 && this.#turn(queue.peek(), members[0] as number) === 0);
    return { members, size, room };
  }
}

/** Present seats that candidates can hold; undefined when there are none. */
const keptCap = ({ max }: Problem, { kept }: Line): Column | undefined => {
  if (kept === nothingIn(kept.length)) return undefined;
  const cap = new Float64Array(kept.length);
  for (let at = 0; at < cap.length; at++) cap[at] = Math.min(max[at] as number, kept[at] as number);
  return cap;
};

/** Seats from `start` on until the replicas are placed or all room is taken; no spread constraints. */
export const seatFreely = (problem: Problem, start: Column, line: Line): Column => {
  const counts = start.slice();
  let left = problem.replicas - sumOf(start);
  if (left <= 0) return counts;
  const kept = keptCap(problem, line);
  if (kept !== undefined) left = new Pass(line, counts, kept, undefined).run(left);
  if (left > 0) new Pass(line, counts, problem.max, line.order).run(left);
  return counts;
};
