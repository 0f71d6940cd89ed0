/** @module A repeated flag of labels. */
import { expect, it } from 'vitest';
import { collectLabel } from './label-flag.ts';

it('gathers labels, the last of a key holds, and one that is none is refused', () => {
  expect(collectLabel('a=2', collectLabel('b=x=y', { a: '1' }))).toEqual({ a: '2', b: 'x=y' });
  expect(() => collectLabel('=x', {})).toThrow('write it as key=value');
});
