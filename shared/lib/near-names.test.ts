/** @module Which names somebody may have meant. */
import { expect, it } from 'vitest';
import { editDistance, nearNames } from './near-names.ts';

it.each([
  ['web', 'web', 0],
  ['webb', 'web', 1],
  ['wbe', 'web', 1],
  ['frontend', 'front-end', 1],
  ['kitten', 'sitting', 3],
  ['a', 'abcdef', 3],
])('from %s to %s it is %i letters, told up to one more than asked', (a, b, distance) => {
  expect(editDistance(a, b, 2)).toBe(distance);
});

it('names the nearest first, none that is further than a third of its letters, and no more than are asked for', () => {
  expect(nearNames('webb', ['api', 'web', 'webs', 'w', 'webb'], 3)).toEqual(['web', 'webs']);
  expect(nearNames('checkuot', ['checkout', 'checkouts', 'check'], 1)).toEqual(['checkout']);
  expect(nearNames('db', ['da', 'dc'], 3)).toEqual([]);
});
