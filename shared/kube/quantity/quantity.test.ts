/** @module The rules of quantity. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addQuantity,
  compareQuantity,
  parseQuantity,
  type Quantity,
  quantityFormatText,
  quantityMebibytesFloor,
  quantityMilli,
  quantityOf,
  quantityUnits,
  subtractQuantity,
} from './index.ts';

const read = (text: string | number): Quantity => {
  const parsed = parseQuantity(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.message}`);
  return parsed.value;
};

describe('quantities', () => {
  it.each([
    ['0', '0'],
    ['0Gi', '0'],
    ['1.5', '1500m'],
    ['1.5Gi', '1536Mi'],
    ['0.5Gi', '512Mi'],
    ['0.1000', '100m'],
    ['0.5k', '500'],
    ['1e3', '1e3'],
    ['1000', '1k'],
    ['1048576', '1048576'],
    ['1024Ki', '1Mi'],
    ['8Mi', '8Mi'],
    ['2000m', '2'],
    ['100n', '100n'],
    ['0.1n', '1n'],
    ['-1Gi', '-1Gi'],
    ['12e6', '12e6'],
    ['1200e6', '1200e6'],
    ['12000000000e0', '12e9'],
    ['.5', '500m'],
    ['1.', '1.'],
    ['9223372036854775807', '9223372036854775807'],
    ['18446744073709551616', '18446744073709551616'],
    ['100Ei', '9223372036854775807'],
    ['0.5Ki', '512'],
    ['1.1Ki', '1126400m'],
  ])('%s is printed %s', (written, printed) => {
    expect(read(written).text).toBe(printed);
  });

  it('reads JSON numbers', () => {
    expect(read(1.5).text).toBe('1500m');
    expect(read(2).text).toBe('2');
    expect(read(1e21).nanos).toBe(10n ** 30n);
  });

  it.each(['', 'lots', '1 Gi', '1,5', '--1', '1.2.3', 'Gi', '+', '1e5x', '9'.repeat(600)])(
    '%j is refused with the expected shape',
    (text) => {
      expect(parseQuantity(text)).toEqual({ ok: false, message: quantityFormatText });
    },
  );

  it.each(['1e', '1KM', '1ii', '1e99999', '1e999999999999999999999'])('%j is refused for its suffix', (text) => {
    expect(parseQuantity(text)).toEqual({ ok: false, message: "unable to parse quantity's suffix" });
  });

  it('is exact beyond 2^53', () => {
    const sum = addQuantity(read('9007199254740993'), read('1m'));
    expect(sum.text).toBe('9007199254740993001m');
    expect(compareQuantity(sum, read('9007199254740993'))).toBe(1);
  });

  it('gives milli rounded up and MiB rounded down', () => {
    expect(quantityMilli(read('1.0001'))).toBe(1001n);
    expect(quantityUnits(read('1.1'))).toBe(2n);
    expect(quantityMebibytesFloor(read('1.9Mi'))).toBe(1n);
    expect(quantityMebibytesFloor(read('-1'))).toBe(-1n);
  });

  it('printing and reading again changes nothing', () => {
    const suffix = fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'e3', 'e-3', 'E6');
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), fc.option(fc.nat(999)), suffix, (whole, fraction, unit) => {
        const quantity = read(`${whole}${fraction === null ? '' : `.${fraction}`}${unit}`);
        expect(read(quantity.text).nanos).toBe(quantity.nanos);
        expect(read(quantity.text).text).toBe(quantity.text);
      }),
    );
  });

  it('adding and subtracting are each other’s inverse', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), (a, b) => {
        const [x, y] = [quantityOf(a), quantityOf(b)];
        expect(subtractQuantity(addQuantity(x, y), y).nanos).toBe(x.nanos);
      }),
    );
  });

  it('any text is answered, never thrown at', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof parseQuantity(text).ok === 'boolean'));
  });
});
