/** @module Rules of `key=value`. */
import { expect, test } from 'vitest';
import { keyValue } from './key-value.ts';

test.each([
  ['a=b', ['a', 'b']],
  [' a = b ', ['a', 'b']],
  ['a=', ['a', '']],
  ['a=b=c', ['a', 'b=c']],
  ['=b', undefined],
  [' =b', undefined],
  ['a', undefined],
  ['', undefined],
])('%j is read as %j', (text, wanted) => {
  expect(keyValue(text)).toEqual(wanted);
});
