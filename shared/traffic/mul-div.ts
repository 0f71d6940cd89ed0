/** @module A product divided, rounded down, exact for all safe integers: fast where the product is small, which it nearly always is. */

/** Below this the quotient of two doubles, rounded down, is that of the integers: its error is less than the distance to the next one. */
const productMax = 2 ** 52;

/** ⌊a·b/c⌋ for whole a, b ≥ 0 and c > 0. */
export const mulDiv = (a: number, b: number, c: number): number => {
  const product = a * b;
  return product < productMax ? Math.floor(product / c) : Number((BigInt(a) * BigInt(b)) / BigInt(c));
};

/** Order of a·b and c·d. */
export const compareProducts = (a: number, b: number, c: number, d: number): number => {
  const [left, right] = [a * b, c * d];
  return left < productMax && right < productMax ? left - right : Number(BigInt(a) * BigInt(b) - BigInt(c) * BigInt(d));
};
