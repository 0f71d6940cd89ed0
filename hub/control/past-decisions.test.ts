/** @module Decisions of the past, over a real journal: what makes one, what each changed, which one held when. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Placement, PlacementStatus } from '../../shared/api/index.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import type { SqliteJournal } from '../store/index.ts';
import { openScratch, scratchDirectory } from '../store/testing/scratch.ts';
import { type PastWrites, pastDecisions } from './past-decisions.ts';

const key = 'hanse.dev/placements/shop/web-deployment';
const startMs = Date.parse('2030-01-01T00:00:00Z');
let nowMs = startMs;
let journal: SqliteJournal;
let remove: () => void;
beforeEach(() => {
  nowMs = startMs;
  const scratch = scratchDirectory();
  remove = scratch.remove;
  journal = openScratch(scratch.directory, { nowMs: () => nowMs });
});
afterEach(async () => {
  await journal.close();
  remove();
});

const placement = (clusters: Readonly<Record<string, number>>, status: PlacementStatus): Placement => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Placement',
  metadata: { name: 'web-deployment', namespace: 'shop', uid: 'u' },
  spec: {
    workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
    policy: 'shop/web',
    clusters: Object.entries(clusters).map(([name, replicas]) => ({ name, replicas })),
  },
  status,
});

let revision = 0;
const write = async (object: Placement, op: 'put' | 'delete' = 'put'): Promise<number> => {
  const result = await journal.commit([{ op, key, expected: revision, object: object as unknown as KubeObject, by: 'system:hanse' }]);
  if (!result.ok) throw new Error(result.why);
  const [made = 0] = result.revisions;
  revision = op === 'put' ? made : 0;
  return made;
};
const second = (at: number): void => {
  nowMs = startMs + at * 1_000;
};
const ask = (spec: object) => pastDecisions(journal.history, 'shop', { placement: 'web-deployment', ...spec }, async () => undefined);
const row = (cluster: string, eligible: boolean, message: string) => ({ cluster, eligible, reason: '', message, before: 0, got: 0 });

describe('decisions of the past', () => {
  beforeEach(() => {
    revision = 0;
  });

  test('are told newest first, each with what it changed and why', async () => {
    await write(placement({ aws: 2 }, { decidedAt: 'a', replicas: 2, unplaced: 0, reason: 'Placed', explanation: [row('idc', true, '')] }));
    second(60);
    const grown = placement(
      { aws: 2, gcp: 2 },
      { decidedAt: 'b', replicas: 5, unplaced: 1, reason: 'Unplaced', explanation: [row('idc', false, 'taint maintenance:NoSchedule')] },
    );
    await write(grown);
    second(120);
    await write(
      placement({ gcp: 4 }, { decidedAt: 'c', replicas: 5, unplaced: 1, reason: 'Unplaced', explanation: [row('aws', false, 'lost')] }),
    );
    const { decisions, more } = await ask({});
    expect(more).toBeUndefined();
    expect(decisions.map(({ time, changes }) => [time, changes])).toEqual([
      ['2030-01-01T00:02:00Z', ['aws 2 -> gone: lost', 'gcp 2 -> 4']],
      [
        '2030-01-01T00:01:00Z',
        [
          'replicas wanted 2 -> 5',
          'gcp new 2',
          'unplaced 0 -> 1',
          'outcome Placed -> Unplaced',
          'idc refused: taint maintenance:NoSchedule',
        ],
      ],
      ['2030-01-01T00:00:00Z', ['aws new 2']],
    ]);
  });

  test('what clusters answer to a decision is written beside it and makes no new one', async () => {
    const first = placement({ aws: 2 }, { decidedAt: 'a', reason: 'Placed' });
    const made = await write(first);
    second(5);
    const applied = { type: 'Applied', status: 'True' as const, reason: 'Applied', message: '', lastTransitionTime: '' };
    await write({ ...first, status: { ...first.status, conditions: [applied] } });
    const { decisions, placement: whole } = await ask({ whole: true });
    expect(decisions.map(({ revision: at, time }) => [at, time])).toEqual([[made, '2030-01-01T00:00:00Z']]);
    expect(whole?.status?.conditions).toHaveLength(1);
  });

  test('the one that held at a time, or at a revision, is found with its explanation', async () => {
    const made = await write(placement({ aws: 1 }, { decidedAt: 'a', explanation: [row('aws', true, 'first')] }));
    second(60);
    await write(placement({ aws: 2 }, { decidedAt: 'b', explanation: [row('aws', true, 'second')] }));
    for (const moment of [{ revision: made }, { time: '2030-01-01T00:00:00Z' }, { time: '2030-01-01T00:00:59Z' }]) {
      const { decisions, placement: whole } = await ask({ ...moment, limit: 1, whole: true });
      expect(decisions[0]?.revision, JSON.stringify(moment)).toBe(made);
      expect(whole?.status?.explanation?.[0]?.message).toBe('first');
    }
    expect((await ask({ time: '2029-12-31T00:00:00Z' })).decisions).toEqual([]);
  });

  test('tell a round of the rebalancer once, with what it moved and why, though its explanation is written after it', async () => {
    const status = { decidedAt: 'a', reason: 'Placed', message: 'placed in 2 clusters' };
    await write(placement({ aws: 3, idc: 1 }, status));
    second(30);
    const rebalanced = '1 from aws to idc (returns to tier idc)';
    const moved = placement({ aws: 2, idc: 2 }, { ...status, decidedAt: 'b', rebalanced });
    const made = await write(moved);
    await write({ ...moved, status: { ...moved.status, explanation: [row('aws', true, '')] } });
    const { decisions } = await ask({});
    expect(decisions.map(({ revision, changes }) => [revision, changes.filter((text) => text.startsWith('rebalanced'))])).toEqual([
      [made, [`rebalanced: ${rebalanced}`]],
      [expect.any(Number), []],
    ]);
  });

  test('outlive the object, and one that is made anew begins anew', async () => {
    const first = placement({ aws: 1 }, { decidedAt: 'a', reason: 'Placed' });
    await write(first);
    second(1);
    await write(first, 'delete');
    second(2);
    await write({ ...first, metadata: { ...first.metadata, uid: 'v' } });
    const { decisions } = await ask({});
    expect(decisions.map(({ reason, changes }) => [reason, changes])).toEqual([
      ['Placed', ['aws new 1']],
      ['Deleted', []],
      ['Placed', ['aws new 1']],
    ]);
  });

  test('a limit cuts the list and says so; the last one told still knows what it changed', async () => {
    for (let at = 1; at <= 4; at++) {
      second(at);
      await write(placement({ aws: at }, { decidedAt: String(at) }));
    }
    const { decisions, more } = await ask({ limit: 2 });
    expect([decisions.map(({ changes }) => changes), more]).toEqual([[['aws 3 -> 4'], ['aws 2 -> 3']], true]);
  });

  test('the search ends at a named number of writes and says that there may be more', async () => {
    const first = placement({ aws: 1 }, {});
    const endless: PastWrites = ({ limit, before }) =>
      Array.from({ length: limit }, (_, at) => ({
        revision: (before?.revision ?? 1e6) - at - 1,
        atMs: startMs,
        op: 'put' as const,
        object: first as unknown as KubeObject,
      }));
    const { decisions, more } = await pastDecisions(endless, 'shop', { placement: 'web-deployment' }, async () => undefined);
    expect([decisions.length, more]).toEqual([1, true]);
  });
});
