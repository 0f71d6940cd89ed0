/**
 * @module How many replicas find devices for several requests, or for one with alternatives, when each takes any devices it may: every choice of
 * the allocator's looked at, up to a limit, and beyond it as many as it takes at least to leave no room for one more.
 */
import { drawnBy } from './device-beside.ts';
import { apartBy } from './device-packing.ts';
import { type Question, questionOf, type Request, type State, startOf, withOne } from './device-question.ts';
import { type Range, unlimited } from './device-replicas.ts';
import { fewestTaken } from './device-spoiling.ts';
import type { DeviceStock } from './device-stock.ts';

/** Steps of the search for one node: a thousand nodes of which none is like another are searched in a second. */
const stepsMax = 2_000;
/** Combinations of alternatives of several requests. */
const combinationsMax = 256;
/** Searches that are remembered for a stock: most nodes and GPUs of a cluster are alike. */
const keptMax = 4_096;
const kept = new WeakMap<DeviceStock['byNode'], Map<string, unknown>>();

class StepsSpent extends Error {
  override name = 'StepsSpent';
}

/** A search of so many steps. */
const createSearch = ({ kinds, combinations }: Question) => {
  let steps = 0;
  /** Visits what one replica with these alternatives may leave; true ends it. */
  const each = (
    state: State,
    combination: Question['combinations'][number],
    visit: (state: State) => boolean,
    at = 0,
    missing = combination[0]?.count ?? 0,
    from = 0,
  ): boolean => {
    if (++steps > stepsMax) throw new StepsSpent();
    const one = combination[at];
    if (one === undefined) return visit(state);
    if (missing === 0) return each(state, combination, visit, at + 1, combination[at + 1]?.count ?? 0, 0);
    for (let place = from; place < kinds.length; place++) {
      const kind = kinds[place];
      const next = kind?.by[one.place] === true ? withOne(state, kind, place) : undefined;
      if (next !== undefined && each(next, combination, visit, at, missing - 1, place)) return true;
    }
    return false;
  };
  return {
    fitsOne: (state: State): boolean => combinations.some((combination) => each(state, combination, () => true)),
    /** What a replica may leave, by the first alternatives that are to be had. */
    after: (state: State): readonly State[] => {
      const next = new Map<string, State>();
      for (const combination of combinations) {
        each(state, combination, (one) => {
          next.set(one.taken.join(), one);
          return false;
        });
        if (next.size > 0) break;
      }
      return [...next.values()];
    },
  };
};

/** `otherwise` where the search takes too many steps. */
const unlessSpent = <T>(search: () => T, otherwise: T): T => {
  try {
    return search();
  } catch (error) {
    if (error instanceof StepsSpent) return otherwise;
    throw error;
  }
};

/** Every choice until no replica fits; undefined where there are too many. */
const rangeOf = (question: Question): Range | undefined => {
  const { after } = createSearch(question);
  const seen = new Map<string, Range>();
  const from = (state: State): Range => {
    const key = state.taken.join();
    const known = seen.get(key);
    if (known !== undefined) return known;
    const ranges = after(state).map(from);
    const range =
      ranges.length === 0
        ? { least: 0, most: 0 }
        : { least: 1 + Math.min(...ranges.map(({ least }) => least)), most: 1 + Math.max(...ranges.map((one) => one.most)) };
    seen.set(key, range);
    return range;
  };
  return unlessSpent<Range | undefined>(() => from(startOf(question)), undefined);
};

const remembered = <T>(stock: DeviceStock, name: string, question: Question, make: (question: Question) => T): T => {
  const known = kept.get(stock.byNode) ?? new Map<string, unknown>();
  kept.set(stock.byNode, known);
  const { kinds, left, combinations } = question;
  const told = kinds.map(({ count, by, takes }) => `${count}:${by.map(Number).join('')}:${takes.join(';')}`);
  const wanted = combinations.map((combination) => combination.map(({ place, count }) => `${place}x${count}`).join('+'));
  const key = `${name} ${left.join()}|${told.join('|')}|${wanted.join('|')}`;
  if (known.has(key)) return known.get(key) as T;
  const made = make(question);
  if (known.size >= keptMax) known.clear();
  known.set(key, made);
  return made;
};

/**
 * Replicas on one node until none fits. Where there are more choices than are looked at: as many as hold the fewest devices that leave no room for
 * one more, one at least if that was seen to fit.
 */
export const replicasOf = (stock: DeviceStock, requests: readonly Request[], contended: ReadonlySet<string>): Range => {
  if (requests.reduce((product, request) => product * request.length, 1) > combinationsMax) return { least: 0, most: unlimited };
  const wanted = requests.flat();
  const combinations = requests.reduce<Question['combinations']>(
    (before, request) => before.flatMap((some) => request.map((one) => [...some, { place: wanted.indexOf(one), count: one.count }])),
    [[]],
  );
  const devices = [...new Set(wanted.flatMap(({ free }) => [...free]))];
  const whole = questionOf(stock, devices, wanted, contended, combinations);
  const range = remembered(stock, 'range', whole, rangeOf);
  if (range !== undefined) return range;
  const sets = apartBy(devices, (device) => drawnBy(device, contended));
  const spoiled = fewestTaken(
    sets.map((set) => questionOf(stock, set, wanted, contended, combinations)),
    (question, make) => remembered(stock, 'ways', question, make),
  );
  const ofOne = Math.max(...combinations.map((combination) => combination.reduce((sum, { count }) => sum + count, 0)));
  const fitsOne = (): boolean => unlessSpent(() => createSearch(whole).fitsOne(startOf(whole)), false);
  const least = Math.ceil(spoiled / ofOne);
  return { least: least === 0 && fitsOne() ? 1 : least, most: unlimited };
};
