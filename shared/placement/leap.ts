/**
 * @module Many seats at once, where nothing but Webster's order decides about them: all seats of one class and rank whose quotient is above a
 * threshold come before all others, so that dealing them one by one leads through the state where they are all given.
 */
import { classAt, type Line } from './line.ts';
import type { Column } from './problem.ts';

/** Candidates of one class and rank whose seats are next, and the most seats of each within the class. */
export type Group = { readonly members: readonly number[]; readonly caps: readonly number[] };

/** Thresholds are `2^20 / q`: fine enough for millions of seats, and votes × q is exact. */
const unit = 2 ** 20;
const exactMax = 2 ** 52;

/** Seats s with votes / (2s + 1) > unit / q. Exact: all terms are whole numbers below 2^53. */
const seatsAbove = (votes: number, q: number): number => {
  const all = votes * q - 1;
  if (all < unit) return 0;
  const odd = (all - (all % unit)) / unit;
  return Math.floor((odd + 1) / 2);
};

/** The candidates whose turn is first by class and rank; `isOpen` = a seat there may still be given. Undefined when there is none. */
export const firstGroup = (line: Line, counts: Column, max: Column, isOpen: (candidate: number) => boolean): Group | undefined => {
  let members: number[] = [];
  let [firstClass, firstRank] = [0, 0];
  for (let at = 0; at < counts.length; at++) {
    if (!isOpen(at)) continue;
    const own = classAt(line, at, counts[at] as number);
    const rank = line.rank[at] as number;
    const turn = members.length === 0 ? -1 : own - firstClass || rank - firstRank;
    if (turn > 0) continue;
    if (turn < 0) {
      members = [];
      [firstClass, firstRank] = [own, rank];
    }
    members.push(at);
  }
  if (members.length === 0) return undefined;
  const caps = members.map((at) => (firstClass === 0 ? Math.min(max[at] as number, line.kept[at] as number) : (max[at] as number)));
  return { members, caps };
};

/**
 * The counts after the most seats of the group that `holds` allows, each count at least what it is; `holds` is asked about whole columns and
 * never allows more seats after fewer were refused. Undefined when no seat can be given so.
 */
export const leapOf = (line: Line, counts: Column, { members, caps }: Group, holds: (next: Column) => boolean): Column | undefined => {
  const kept = members.map((at) => ((counts[at] as number) < (line.kept[at] as number) ? 0 : (line.kept[at] as number)));
  const told = members.map((at) => ((counts[at] as number) < (line.kept[at] as number) ? line.kept[at] : line.votes[at]) as number);
  // Without votes all are alike: those with fewer seats first, as with one vote each.
  const votes = told.every((own) => own === 0) ? told.map(() => 1) : told;
  const most = votes.reduce((a, b) => Math.max(a, b), 0);
  const columnAt = (q: number): Column => {
    const next = counts.slice();
    members.forEach((at, index) => {
      const seats = Math.min(caps[index] as number, (kept[index] as number) + seatsAbove(votes[index] as number, q));
      if (seats > (next[at] as number)) next[at] = seats;
    });
    return next;
  };
  let [low, high] = [0, Math.floor(exactMax / Math.max(1, most)) + 1];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(columnAt(middle))) low = middle;
    else high = middle;
  }
  return low === 0 ? undefined : columnAt(low);
};
