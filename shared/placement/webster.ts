/** @module Division without spread constraints: class by class, rank by rank, by Webster's method under caps. Any number of replicas. */
import { heapOf } from '../lib/heap.ts';
import { classAt, compareQuotients, type Line } from './line.ts';
import { type Problem, sumOf } from './problem.ts';

/**
 * Seats that Webster's method surely gives when `total` votes share `seats` seats among `parties`: with the divisor
 * total / (seats − parties/2) the rounded shares add up to no more than the seats, and a smaller divisor only adds to each.
 */
const sureSeats = (votes: number, total: number, seats: number, parties: number): number => {
  const spare = seats - Math.ceil(parties / 2);
  return spare <= 0 || total <= 0 ? 0 : Math.max(0, Math.floor((votes / total) * spare) - 1);
};

/** Candidates of one class and rank share `seats` seats; `cap[i]` = most of candidate i now. */
const share = (line: Line, counts: number[], members: readonly number[], cap: (candidate: number) => number, seats: number): void => {
  let left = seats;
  if (seats > 4 * members.length) {
    const isKept = members.every((at) => classAt(line, at, counts[at] ?? 0) === 0 && (counts[at] ?? 0) === 0);
    const isNew = members.every((at) => (counts[at] ?? 0) === (line.kept[at] ?? 0));
    if (isKept || isNew) {
      const votes = (at: number): number => (isKept ? (line.kept[at] ?? 0) : (line.votes[at] ?? 0));
      const total = members.reduce((sum, at) => sum + votes(at), 0);
      for (const at of members) {
        const sure = Math.min(cap(at) - (counts[at] ?? 0), sureSeats(votes(at), total, seats, members.length));
        counts[at] = (counts[at] ?? 0) + sure;
        left -= sure;
      }
    }
  }
  const open = members.filter((at) => (counts[at] ?? 0) < cap(at));
  const heap = heapOf(open, (a, b) => compareQuotients(line, counts, a, b) < 0);
  for (let top = heap.peek(); top !== undefined && left > 0; top = heap.peek()) {
    counts[top] = (counts[top] ?? 0) + 1;
    left -= 1;
    if ((counts[top] ?? 0) >= cap(top)) heap.pop();
    else heap.sinkFirst();
  }
};

type Group = { readonly order: number; readonly rank: number; readonly members: number[]; room: number };

/** Those with open seats of one kind, in the order of their turn. */
const groupsOf = (line: Line, size: number, order: (at: number) => number, room: (at: number) => number): Group[] => {
  const groups: Group[] = [];
  const byRank = new Map<number, Map<number, Group>>();
  let last: Group | undefined;
  for (let at = 0; at < size; at++) {
    const open = room(at);
    if (open <= 0) continue;
    const [turn, rank] = [order(at), line.rank[at] ?? 0];
    if (last === undefined || last.order !== turn || last.rank !== rank) {
      const ofTurn = byRank.get(turn) ?? new Map<number, Group>();
      byRank.set(turn, ofTurn);
      last = ofTurn.get(rank);
      if (last === undefined) {
        last = { order: turn, rank, members: [], room: 0 };
        ofTurn.set(rank, last);
        groups.push(last);
      }
    }
    last.members.push(at);
    last.room += open;
  }
  return groups.sort((a, b) => a.order - b.order || a.rank - b.rank);
};

const fill = (line: Line, counts: number[], groups: readonly Group[], cap: (at: number) => number, seats: number): number => {
  let left = seats;
  for (const group of groups) {
    if (left <= 0) break;
    if (group.room <= left) {
      for (const at of group.members) counts[at] = cap(at);
      left -= group.room;
      continue;
    }
    share(line, counts, group.members, cap, left);
    left = 0;
  }
  return left;
};

/** Seats from `start` on until the replicas are placed or all room is taken; no spread constraints. `tierCap` limits seats of each tier. */
export const seatFreely = (problem: Problem, start: readonly number[], line: Line): number[] => {
  const counts = [...start];
  const size = counts.length;
  const left = problem.replicas - sumOf(start);
  if (left <= 0) return counts;
  const keptCap = (at: number): number => Math.min(problem.max[at] ?? 0, line.kept[at] ?? 0);
  const kept = groupsOf(
    line,
    size,
    () => 0,
    (at) => keptCap(at) - (counts[at] ?? 0),
  );
  const rest = fill(line, counts, kept, keptCap, left);
  if (rest <= 0) return counts;
  const cap = (at: number): number => problem.max[at] ?? 0;
  const fresh = groupsOf(
    line,
    size,
    (at) => line.order[at] ?? 1,
    (at) => cap(at) - (counts[at] ?? 0),
  );
  fill(line, counts, fresh, cap, rest);
  return counts;
};
