/** @module What agents tell of outages of broker and hub is taken once, at its time of day, and only as it can have been. */
import { expect, test } from 'vitest';
import type { ClusterStatus, PastOutage } from '../../../shared/api/index.ts';
import type { MeshOutage, MeshShadows } from '../../../shared/wire/mesh.ts';
import { type ClusterRecord, strangerOf } from '../cluster/directory.ts';
import { createOutageDesk } from './outage-desk.ts';

const outage = (sinceMs: number, untilMs: number, cause: MeshOutage['cause'] = 'Broker'): MeshOutage => ({
  ...{ cause, sinceMs, untilMs, voters: ['a', 'b'], votes: 2, needed: 2, observers: 3 },
});
const told = (watchedMs: number, outages: readonly MeshOutage[], bootId = 'boot'): MeshShadows => ({
  ...{ v: 1, from: 'a', bootId, seq: 1, sentMs: watchedMs, kind: 'shadows', watchedMs, rows: [], outages },
});
const recordOf = (verdictHistory: readonly PastOutage[] = [], bootId = 'boot'): ClusterRecord => {
  const agent = { publicKey: 'A', sealingKey: 'A', joinedAt: '1970-01-01T00:00:00Z', bootId };
  const status: ClusterStatus = { agent, verdictHistory };
  return {
    ...strangerOf('a', 0),
    object: { apiVersion: 'hanse.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'a' }, spec: {}, status },
  };
};
/** A hub's desk with a record; `dayMs` = its time of day, where that is not as long since as its own clock. */
const deskOf = (record = recordOf()) => {
  const desk = createOutageDesk();
  const take = (ms: number, message: MeshShadows, dayMs = ms) => desk.take(record, message, { nowMs: dayMs, monotonicMs: ms });
  return { take, record };
};

test('an outage is told with its cause, since when, until when and who agreed', () => {
  expect(deskOf().take(100_000, told(60_000, [outage(10_000, 19_000)]))).toEqual([
    {
      ...{ cause: 'Broker', phase: 'Cleared', since: '1970-01-01T00:00:50Z', at: '1970-01-01T00:00:59Z' },
      id: 'boot/10000',
      ...{ votes: '2/2/3', voters: ['a', 'b'] },
      message:
        'from 1970-01-01T00:00:50Z until 1970-01-01T00:00:59Z the broker did not answer: the agents went on over datagrams, nothing moved; 2 of 3 observers agreed (a, b; 2 needed)',
    },
  ]);
});

test('an outage that is told again, also to the next hub, is no news', () => {
  const { take, record } = deskOf();
  take(100_000, told(60_000, [outage(10_000, 19_000)]));
  expect(take(130_400, told(90_000, [outage(10_000, 19_000)]))).toEqual([]);
  const next = deskOf(recordOf(record.outages));
  expect(next.take(160_000, told(120_000, [outage(10_000, 19_000), outage(100_000, 110_000)]))).toHaveLength(1);
});

test.each([
  ['an hour ahead', 3_600_000],
  ['an hour back', -3_600_000],
])('where the clock of the hub was set %s between two tellings an outage is told once, and a later one is told', (_, byMs) => {
  const dayMs = 10 * 3_600_000;
  const first = outage(10_000, 19_000);
  const { take } = deskOf();
  expect(take(60_000, told(60_000, [first]), dayMs)).toHaveLength(1);
  expect(take(90_000, told(90_000, [first]), dayMs + byMs)).toEqual([]);
  expect(take(120_000, told(120_000, [first, outage(100_000, 110_000)]), dayMs + byMs)).toHaveLength(1);
});

test('an outage that was not yet, or began before one that is known, is not believed', () => {
  const { take } = deskOf();
  expect(take(100_000, told(60_000, [outage(10_000, 61_000), outage(19_000, 10_000)]))).toEqual([]);
  expect(take(100_000, told(60_000, [outage(40_000, 50_000)]))).toHaveLength(1);
  expect(take(100_000, told(60_000, [outage(0, 9_000), outage(15_000, 25_000)]))).toEqual([]);
  expect(take(100_000, told(60_000, [outage(0, 9_000, 'Hub')]))).toHaveLength(1);
});

test('who invents outages is believed five, and five more ten minutes later', () => {
  const { take } = deskOf();
  const taken = (fromMs: number): number => {
    const several = (ms: number): MeshOutage[] => [1, 2, 3, 4, 5].map((at) => outage(ms + at, ms + at));
    const messages = Array.from({ length: 50 }, (_, index) => fromMs + index * 10);
    return messages.reduce((sum, ms) => sum + take(ms, told(ms + 10, several(ms))).length, 0);
  };
  expect([taken(100_000), taken(200_000), taken(701_000)]).toEqual([5, 0, 5]);
});

test('what an earlier start of the agent has told, brought later, is not believed', () => {
  const { take } = deskOf(recordOf([], 'next'));
  expect(take(100_000, told(60_000, [outage(10_000, 19_000)]))).toEqual([]);
});
