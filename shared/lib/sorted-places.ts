/** @module Places of columns in the order of two whole numbers each: packed into one number where they fit, so that nothing is called for a pair. */
import { createBlank } from './scratch.ts';

/** Above every integer that a number holds exactly. */
const exactMax = Number.MAX_SAFE_INTEGER;

/** The least number of a column, and how many there are from it to the greatest. */
type Range = { readonly least: number; readonly width: number };

const rangeOf = (column: Float64Array): Range => {
  let [least, most] = [exactMax, -exactMax];
  for (let at = 0; at < column.length; at++) {
    const value = column[at] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, width: most - least + 1 };
};

const keysFor = createBlank();

const sortPacked = (first: Float64Array, a: Range, second: Float64Array, b: Range): Int32Array => {
  const size = first.length;
  const keys = keysFor(size);
  for (let at = 0; at < size; at++) {
    keys[at] = (((first[at] as number) - a.least) * b.width + ((second[at] as number) - b.least)) * size + at;
  }
  keys.sort();
  const places = new Int32Array(size);
  for (let place = 0; place < size; place++) {
    const key = keys[place] as number;
    places[place] = key - Math.floor(key / size) * size;
  }
  return places;
};

/** The places of two columns of whole numbers: lower `first` before, then lower `second`, then the lower place. */
export const sortedPlaces = (first: Float64Array, second: Float64Array): Int32Array => {
  const [a, b] = [rangeOf(first), rangeOf(second)];
  if (a.width * b.width * first.length < exactMax) return sortPacked(first, a, second, b);
  const places = new Int32Array(first.length);
  for (let at = 0; at < places.length; at++) places[at] = at;
  return places.sort((x, y) => (first[x] as number) - (first[y] as number) || (second[x] as number) - (second[y] as number) || x - y);
};
