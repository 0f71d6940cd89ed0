/** @module Products divided are exact, however large. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareProducts, mulDiv } from './mul-div.ts';

const whole = fc.oneof(fc.nat({ max: 1_000_000 }), fc.nat({ max: 2_000_000_000 }), fc.integer({ min: 0, max: 2 ** 40 }));

it('a product is divided as integers are', () => {
  fc.assert(
    fc.property(whole, whole, whole, (a, b, c) => {
      const exact = (BigInt(a) * BigInt(b)) / BigInt(c + 1);
      fc.pre(exact <= BigInt(Number.MAX_SAFE_INTEGER));
      expect(mulDiv(a, b, c + 1)).toBe(Number(exact));
    }),
  );
});

it('products are ordered as integers are', () => {
  fc.assert(
    fc.property(whole, whole, whole, whole, (a, b, c, d) => {
      const exact = BigInt(a) * BigInt(b) - BigInt(c) * BigInt(d);
      expect(Math.sign(compareProducts(a, b, c, d))).toBe(exact > 0n ? 1 : exact < 0n ? -1 : 0);
    }),
  );
});
