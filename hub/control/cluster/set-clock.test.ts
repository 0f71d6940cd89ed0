/** @module The clock of the hub's machine is set: no cluster becomes silent, and none returns, by it. */
import { describe, expect, test } from 'vitest';
import { timeText } from '../../../shared/lib/time-text.ts';
import type { Observed } from '../verdict/relation.ts';
import { type ClusterRecord, createDirectory, strangerOf } from './directory.ts';
import { healthDefaults, onBeat, onTick, unseen } from './health.ts';
import { createLedger } from './ledger.ts';
import { moveTimes, watchSetClock } from './set-clock.ts';

const observed: Observed = {
  cause: 'Cluster',
  phase: 'Returning',
  sinceMs: 0,
  message: '',
  votes: '',
  voters: [],
  epoch: 1,
  isReplicasTurn: false,
};

describe.each([3_600_000, -3_600_000])('a clock that is set by %d ms', (byMs) => {
  let setMs = 0;
  let passedMs = 0;
  const nowMs = (): number => 1_800_000_000_000 + passedMs + setMs;
  const api = { reachable: true } as const;
  const { toleranceMs, holdDownMs } = healthDefaults;
  const phaseAfter = (record: ClusterRecord, ms: number): string => {
    passedMs += ms;
    return onTick(record.health, nowMs(), { sinceMs: 0 }, healthDefaults).phase;
  };
  const set = (record: ClusterRecord): void => {
    const setBy = watchSetClock({ nowMs, monotonicMs: () => passedMs });
    setMs += byMs;
    moveTimes(record, setBy());
    expect(setBy()).toBe(0);
  };

  test('leaves the silence of a cluster as long as it was', () => {
    const record = strangerOf('eu', nowMs());
    record.health = onBeat(unseen(nowMs()), nowMs(), api);
    passedMs += 2_000;
    set(record);
    expect(phaseAfter(record, 1_000)).toBe('Well');
    expect(phaseAfter(record, toleranceMs)).toBe('Lost');
  });

  test('leaves the hold-down of a cluster that returned as long as it was', () => {
    const record = strangerOf('eu', nowMs());
    record.health = onBeat({ ...unseen(nowMs()), phase: 'Lost' }, nowMs(), api);
    passedMs += 1_000;
    set(record);
    record.health = onBeat(record.health, nowMs(), api);
    expect(phaseAfter(record, 1_000)).toBe('Returning');
    passedMs += holdDownMs;
    record.health = onBeat(record.health, nowMs(), api);
    expect(phaseAfter(record, 0)).toBe('Well');
  });

  test('leaves what is tolerated of a taint as long as it was', () => {
    const directory = createDirectory(createLedger(), { nowMs, monotonicMs: () => passedMs });
    const addedMs = Math.floor(nowMs() / 1_000) * 1_000;
    const taint = { key: 'upkeep', effect: 'NoExecute' as const, timeAdded: timeText(addedMs) };
    directory.of('eu').object = { apiVersion: 'hanse.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'eu' }, spec: { taints: [taint] } };
    const agoMs = (): number | undefined => {
      const put = directory.view('eu')?.taints.find(({ key }) => key === 'upkeep');
      return put?.sinceMs === undefined ? undefined : nowMs() - put.sinceMs;
    };
    const before = agoMs();
    expect(before).toBe(nowMs() - addedMs);
    setMs += byMs;
    expect(agoMs()).toBe(before);
    setMs += byMs;
    expect(agoMs()).toBe(before);
  });

  test('takes the times of a verdict along, which people are told', () => {
    const record = strangerOf('eu', nowMs());
    const sinceMs = nowMs();
    record.observed = { ...observed, sinceMs, heldUntilMs: sinceMs + 30_000 };
    record.heldDeath = { cause: 'Cluster', voters: [], domains: 2, needed: 2, observers: 2, obstacle: 'Manual', sinceMs };
    set(record);
    expect(record.heldDeath.sinceMs).toBe(sinceMs + byMs);
    expect(record.observed).toMatchObject({ sinceMs: sinceMs + byMs, heldUntilMs: sinceMs + byMs + 30_000 });
  });
});

test('a clock that is put right step by step is not set', () => {
  let offMs = 0;
  const setBy = watchSetClock({ nowMs: () => 1_000_000 + offMs, monotonicMs: () => 0 });
  offMs = 400;
  expect(setBy()).toBe(0);
});
