/** @module For what a test has made sure is there. */

/** @throws Error always. */
export const never = (): never => {
  throw new Error('not reached');
};
