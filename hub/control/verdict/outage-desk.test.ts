/** @module What agents tell of outages of broker and hub is taken once, at its time of day, and only as it can have been. */
import { expect, test } from 'vitest';
import type { MeshShadows, Outage } from '../../../shared/wire/mesh.ts';
import { type ClusterRecord, strangerOf } from '../cluster/directory.ts';
import { takeOutages } from './outage-desk.ts';

const outage = (sinceMs: number, untilMs: number, cause: Outage['cause'] = 'Broker'): Outage => ({
  ...{ cause, sinceMs, untilMs, voters: ['a', 'b'], votes: 2, needed: 2, observers: 3 },
});
const told = (watchedMs: number, ...outages: Outage[]): MeshShadows => ({
  ...{ v: 1, from: 'a', bootId: 'a', seq: 1, sentMs: watchedMs, kind: 'shadows', watchedMs, rows: [], outages },
});
const fresh = (): ClusterRecord => strangerOf('a', 0);

test('an outage is told with its cause, since when, until when and who agreed', () => {
  expect(takeOutages(fresh(), told(60_000, outage(10_000, 19_000)), 100_000)).toEqual([
    {
      ...{ cause: 'Broker', phase: 'Cleared', since: '1970-01-01T00:00:50Z', at: '1970-01-01T00:00:59Z' },
      id: 'a/10000',
      ...{ votes: '2/2/3', voters: ['a', 'b'] },
      message:
        'from 1970-01-01T00:00:50Z until 1970-01-01T00:00:59Z the broker did not answer: the agents went on over datagrams, nothing moved; 2 of 3 observers agreed (a, b; 2 needed)',
    },
  ]);
});

test('an outage that is told again, also to the next hub, is no news', () => {
  const record = fresh();
  const [first] = takeOutages(record, told(60_000, outage(10_000, 19_000)), 100_000);
  expect(takeOutages(record, told(90_000, outage(10_000, 19_000)), 130_400)).toEqual([]);
  const next = fresh();
  const status = first === undefined ? {} : { verdictHistory: [first] };
  next.object = { apiVersion: 'hanse.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'a' }, spec: {}, status };
  expect(takeOutages(next, told(120_000, outage(10_000, 19_000), outage(100_000, 110_000)), 160_000)).toHaveLength(1);
});

test('an outage is told once, also where the machine of the agent slept or the clock of the hub was set between two tellings', () => {
  const record = fresh();
  const after = (watchedMs: number, nowMs: number, ...more: Outage[]) =>
    takeOutages(record, told(watchedMs, outage(10_000, 19_000), ...more), nowMs).length;
  expect([after(60_000, 100_000), after(90_000, 190_000), after(120_000, 900_000), after(150_000, 30_000)]).toEqual([1, 0, 0, 0]);
  expect([after(180_000, 960_000, outage(170_000, 175_000)), after(210_000, 5_000_000, outage(170_000, 175_000))]).toEqual([1, 0]);
});

test('who tells of outages that were not yet, or of ever more that have long been, is not believed', () => {
  const record = fresh();
  expect(takeOutages(record, told(60_000, outage(10_000, 61_000), outage(19_000, 10_000)), 100_000)).toEqual([]);
  expect(takeOutages(record, told(60_000, outage(40_000, 50_000)), 100_000)).toHaveLength(1);
  expect(takeOutages(record, told(60_000, outage(0, 9_000), outage(15_000, 25_000)), 100_000)).toEqual([]);
  expect(takeOutages(record, told(60_000, outage(0, 9_000, 'Hub')), 100_000)).toHaveLength(1);
});
