/**
 * @module Memory of one function that is used again at each call, where many numbers are needed for a moment: a typed array of its own costs
 * about a microsecond, whatever is done with it.
 */

/** A list of at least `length` whole numbers, each time the same: it may neither be kept nor asked for twice at once. Its content is left over. */
export const createScratch = (): ((length: number) => Int32Array) => {
  let kept = new Int32Array(0);
  return (length) => {
    if (kept.length < length) kept = new Int32Array(length);
    return kept;
  };
};

/** Lengths for which a function keeps its memory; beyond it the memory is made anew. */
const lengthsMax = 64;

/** Numbers of exactly so many places, for each length each time the same, cleared: they may neither be kept nor asked for twice at once. */
export const createBlank = (): ((length: number) => Float64Array) => {
  const kept = new Map<number, Float64Array>();
  return (length) => {
    const known = kept.get(length);
    if (known !== undefined) return known.fill(0);
    if (kept.size >= lengthsMax) kept.clear();
    const made = new Float64Array(length);
    kept.set(length, made);
    return made;
  };
};

/** Several columns as of {@link createBlank}, of these lengths. */
export const createBlanks = (): ((lengths: readonly number[]) => readonly Float64Array[]) => {
  const blank = createBlank();
  return (lengths) => {
    const all = blank(lengths.reduce((sum, length) => sum + length, 0));
    let end = 0;
    return lengths.map((length) => {
      end += length;
      return all.subarray(end - length, end);
    });
  };
};
