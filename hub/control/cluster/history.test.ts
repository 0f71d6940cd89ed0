/** @module A Cluster's history: verdicts and outages have their own room, and a history that nothing was added to stays as it is. */
import { expect, test } from 'vitest';
import type { ClusterStatus, ClusterVerdict, PastOutage, PastVerdict } from '../../../shared/api/index.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import { historyOf } from './history.ts';

const verdict = (seconds: number): PastVerdict => ({
  cause: seconds % 2 === 0 ? 'Gray' : 'Cluster',
  phase: 'Standing',
  at: timeText(seconds * 1_000),
});
const outage = (id: number, seconds: number): PastOutage => ({
  ...{ cause: 'Broker', phase: 'Cleared', id: `boot/${id}`, since: timeText(0), at: timeText(seconds * 1_000) },
  ...{ votes: '2/2/3', voters: ['a', 'b'], message: 'the broker did not answer' },
});
/** What the history says of the verdict that is the newest in it. */
const newest: ClusterVerdict = { cause: 'Gray', message: '', since: timeText(0), by: 'Observers', phase: 'Standing' };
const after = (old: ClusterStatus, told: readonly PastOutage[], now: ClusterVerdict = newest): ClusterStatus =>
  historyOf(old, { verdict: now }, told, 100_000);
const causesIn = ({ verdictHistory = [] }: ClusterStatus): string => verdictHistory.map(({ cause }) => cause.slice(0, 1)).join('');

test('outages push no verdict on the cluster out, and verdicts no outage', () => {
  const old = { verdictHistory: Array.from({ length: 20 }, (_, index) => verdict(40 - 2 * index)) };
  const told = [1, 2, 3, 4, 5].map((id) => outage(id, 50 + id));
  const full = after(old, told);
  expect(causesIn(full)).toBe(`BBBBB${'G'.repeat(20)}`);
  const dead = after(full, [], { ...newest, cause: 'Cluster' });
  expect(causesIn(dead)).toBe(`CBBBBB${'G'.repeat(19)}`);
});

test('of outages the last five that were told are kept, each at its time, also where several ended in the same second', () => {
  const old = { verdictHistory: [verdict(60), verdict(20)] };
  const first = after(old, [outage(1, 10), outage(2, 30), outage(3, 30), outage(4, 30)]);
  expect(causesIn(first)).toBe('GBBBGB');
  const told = [2, 3, 4, 5, 6].map((id) => outage(id, id < 5 ? 30 : 60));
  const later = after(first, told);
  expect(causesIn(later)).toBe('BBGBBBG');
  expect(after(later, told)).toEqual(later);
  expect(after(later, [])).toEqual(later);
});

test('a verdict on the cluster is none of its outages, whatever its cause', () => {
  const standing = after({}, [], { ...newest, cause: 'Broker' });
  expect(standing.verdictHistory).toMatchObject([{ cause: 'Broker', phase: 'Standing' }]);
  expect(after(standing, [], { ...newest, cause: 'Broker' })).toEqual(standing);
  expect(historyOf(standing, {}, [], 100_000).verdictHistory?.[0]).toMatchObject({ cause: 'Broker', phase: 'Cleared' });
});
