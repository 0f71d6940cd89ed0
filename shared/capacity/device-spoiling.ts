/**
 * @module The fewest devices that are taken when no replica of several requests finds any more. Sets of devices that share no counter are looked
 * at apart: by what each offers once so many of it are taken, and put together by the sums of what they offer.
 */
import { type Question, type State, startOf, withOne } from './device-question.ts';

/** States looked at for one set of devices; beyond it only that one of it is taken, or none. */
const statesMax = 5_000;
/** Amounts of requests that are told apart: bits of a whole number. */
const cellsMax = 30;

/** Amounts of all alternatives up to what each counts, numbered; a set of amounts is a number with a bit for each. */
type Box = {
  readonly cells: number;
  /** The place of a sum; undefined where it is more than any replica takes. */
  readonly sum: (a: number, b: number) => number | undefined;
  /** The place of one of this alternative. */
  readonly one: (place: number) => number;
  /** Places of all that a replica may take. */
  readonly wholes: readonly number[];
};

const boxOf = ({ combinations }: Question): Box => {
  const counts: number[] = [];
  for (const { place, count } of combinations.flat()) counts[place] = count;
  const strides = counts.map((_, place) => counts.slice(0, place).reduce((product, count) => product * (count + 1), 1));
  const digit = (cell: number, place: number): number => Math.floor(cell / (strides[place] ?? 1)) % ((counts[place] ?? 0) + 1);
  return {
    cells: counts.reduce((product, count) => product * (count + 1), 1),
    sum: (a, b) => (counts.some((count, place) => digit(a, place) + digit(b, place) > count) ? undefined : a + b),
    one: (place) => strides[place] ?? 1,
    wholes: combinations.map((combination) => combination.reduce((sum, { place, count }) => sum + count * (strides[place] ?? 1), 0)),
  };
};

/** Sums of one amount of each set. */
const plus = ({ cells, sum }: Box, a: number, b: number): number => {
  let sums = 0;
  for (let one = 0; one < cells; one++) {
    if ((a & (1 << one)) === 0) continue;
    for (let other = 0; other < cells; other++) {
      const place = (b & (1 << other)) === 0 ? undefined : sum(one, other);
      if (place !== undefined) sums |= 1 << place;
    }
  }
  return sums;
};

/** What a set of devices offers, with the fewest devices of it that are taken then. */
type Ways = ReadonlyMap<number, number>;

const nothing = 1;

/** Amounts that are offered by one device each. */
const eachOf = ({ kinds }: Question, box: Box): number =>
  kinds.reduce((offer, { by }) => by.reduce((all, selects, place) => (selects ? all | (1 << box.one(place)) : all), offer), nothing);

const waysOf = (question: Question, box: Box): Ways => {
  const seen = new Map<string, number>();
  const ways = new Map<number, number>();
  const from = (state: State, devices: number): number | undefined => {
    const key = state.taken.join();
    const before = seen.get(key);
    if (before !== undefined) return before;
    if (seen.size >= statesMax) return undefined;
    let offer = nothing;
    for (const [at, kind] of question.kinds.entries()) {
      const next = withOne(state, kind, at);
      if (next === undefined) continue;
      const beside = from(next, devices + 1);
      if (beside === undefined) return undefined;
      for (const [place, selects] of kind.by.entries()) if (selects) offer |= plus(box, beside, 1 << box.one(place));
    }
    seen.set(key, offer);
    ways.set(offer, Math.min(ways.get(offer) ?? devices, devices));
    return offer;
  };
  if (from(startOf(question), 0) !== undefined) return ways;
  return new Map([
    [nothing, 1],
    [eachOf(question, box), 0],
  ]);
};

/**
 * The fewest devices of these sets that are taken when no replica fits; 0 where requests tell too many amounts apart. `remember` may answer with
 * what was made of an equal question.
 */
export const fewestTaken = (
  sets: readonly Question[],
  remember: (question: Question, make: (question: Question) => Ways) => Ways,
): number => {
  const [first] = sets;
  if (first === undefined) return 0;
  const box = boxOf(first);
  if (box.cells > cellsMax) return 0;
  let offers = new Map([[nothing, 0]]);
  for (const set of sets) {
    const next = new Map<number, number>();
    for (const [offer, taken] of remember(set, (question) => waysOf(question, box)))
      for (const [before, sum] of offers) {
        const both = plus(box, before, offer);
        if (box.wholes.some((whole) => (both & (1 << whole)) !== 0)) continue;
        next.set(both, Math.min(next.get(both) ?? sum + taken, sum + taken));
      }
    offers = next;
  }
  return Math.min(...offers.values());
};
