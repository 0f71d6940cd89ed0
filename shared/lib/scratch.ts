/** @module Memory of one function that is used again at each call, where thousands of numbers are needed for a moment. */

/** A list of at least `length` whole numbers, each time the same: it may neither be kept nor asked for twice at once. Its content is left over. */
export const createScratch = (): ((length: number) => Int32Array) => {
  let kept = new Int32Array(0);
  return (length) => {
    if (kept.length < length) kept = new Int32Array(length);
    return kept;
  };
};
