/** @module What a run of the failover bench counts. */
import { expect, test } from 'vitest';
import { measure } from './measure.ts';
import type { RequestRecord, Told, VerdictRecord } from './words.ts';

const nothing: Told = { verdicts: [], abstentions: [], slices: [], ready: [], requests: [] };
const struck = { atMs: 1_000, untilMs: 9_000, victim: 'v', isCutOff: true };
const death = (atMs: number, target = 'v'): VerdictRecord => ({ atMs, target, cause: 'Cluster', phase: 'Standing' });
const sent = (sentMs: number, to: string, outcome: RequestRecord['outcome']): RequestRecord => ({ sentMs, via: 'names', to, outcome });
const ready = new Map([
  ['v', 2],
  ['a', 4],
  ['b', 4],
]);
const told = (a: Partial<Told>, b: Partial<Told>, v: Partial<Told> = {}) =>
  new Map([
    ['v', { ...nothing, ...v }],
    ['a', { ...nothing, ...a }],
    ['b', { ...nothing, ...b }],
  ]);

test('the last site decides when a verdict, a write and the replicas were there', () => {
  const found = measure(
    told(
      { verdicts: [death(1_900)], slices: [{ atMs: 1_950, sources: ['a', 'b'] }], ready: [{ atMs: 7_500, ready: 5 }] },
      { verdicts: [death(2_000)], slices: [{ atMs: 2_100, sources: ['a', 'b'] }], ready: [{ atMs: 7_000, ready: 5 }] },
    ),
    ready,
    struck,
  );
  expect(found).toMatchObject({
    causes: ['Cluster'],
    verdictMs: 1_000,
    lastWriteMs: 1_100,
    replicasBackMs: 6_500,
    dead: ['a', 'b'],
    left: ['a', 'b'],
  });
});

test('one site that does not act is no success', () => {
  const found = measure(told({ verdicts: [death(1_900)], slices: [{ atMs: 1_950, sources: ['a'] }] }, {}), ready, struck);
  expect(found).toMatchObject({ verdictMs: undefined, lastWriteMs: undefined, replicasBackMs: undefined, dead: ['a'], left: ['a'] });
});

test('requests are counted by those who are not cut off themselves, until the fault is healed', () => {
  const found = measure(
    told(
      { requests: [sent(1_500, 'v', 'lost'), sent(1_600, 'b', 'ok')] },
      { requests: [sent(1_700, 'v', 'wrong'), sent(9_500, 'a', 'lost')] },
      {
        requests: [sent(1_500, 'a', 'lost')],
      },
    ),
    ready,
    struck,
  );
  expect(found).toMatchObject({ requests: 3, lost: 1, wrong: 1, lastBadMs: 700 });
});

test('the death of one that was not struck is false, but not what the one that is cut off thinks', () => {
  const count = (isCutOff: boolean): number =>
    measure(told({ verdicts: [death(1_900, 'b')] }, {}, { verdicts: [death(1_900, 'a')] }), ready, { ...struck, isCutOff }).falseDeaths;
  expect([count(true), count(false)]).toEqual([1, 2]);
});
