/** @module Rules of a drain's budget. */
import { expect, it } from 'vitest';
import { budgetOf } from './drain.ts';

it.each<readonly [string, Parameters<typeof budgetOf>[0], number, number]>([
  ['nothing may be missing unless it is said', {}, 10, 0],
  ['a number is a number', { maxUnavailable: 2 }, 10, 2],
  ['a share is rounded down', { maxUnavailable: '25%' }, 10, 2],
  ['all of them', { maxUnavailable: '100%' }, 3, 3],
])('%s', (_, drain, replicas, budget) => {
  expect(budgetOf(drain, replicas)).toBe(budget);
});
