/** @module What becomes of the hub's own hearing under what the observers agreed on. */
import { expect, test } from 'vitest';
import type { Cause } from '../../../shared/health/index.ts';
import { healthDefaults, onBeat, onTick, unseen } from '../cluster/health.ts';
import { isDoubtful, isSeenRunning, type Observed, observedOf, underVerdict } from './relation.ts';

const lost = onTick(onBeat(unseen(0), 0, { reachable: true }), healthDefaults.toleranceMs, { sinceMs: 0 }, healthDefaults);
const agreedOn = (cause: Cause): Observed => ({
  ...{ cause, phase: 'Standing', sinceMs: 5_000, message: '', votes: '2/2/3', voters: ['b', 'c'], epoch: 1, isReplicasTurn: false },
});

test.each<[Cause, string]>([
  ['Agent', 'Suspect'],
  ['Link', 'Suspect'],
  ['DataPlane', 'Suspect'],
  ['Silent', 'Lost'],
  ['APIServer', 'Lost'],
  ['Gray', 'Lost'],
])('replicas go by the hub’s silence unless the observers see the cluster run: %s, %s', (cause, phase) => {
  const observed = agreedOn(cause);
  expect([underVerdict(lost, { observed }).phase, isSeenRunning({ observed })]).toEqual([phase, phase === 'Suspect']);
});

test('that only the gateway is dead says that the cluster runs, also while something keeps that verdict from coming into force', () => {
  const { isReplicasTurn: _, ...agreed } = agreedOn('DataPlane');
  const held = { ...agreed, needed: 2, observers: 3, domains: 1, obstacle: 'OneDomain' } as const;
  expect(isSeenRunning({ heldDeath: { ...held, cause: 'DataPlane' } })).toBe(true);
  expect(isSeenRunning({ heldDeath: { ...held, cause: 'Cluster' } })).toBe(false);
});

test('a death of the whole that is held counts before the death of its gateway that is in force', () => {
  const heldDeath = { ...agreedOn('Cluster'), needed: 2, observers: 3, domains: 1, obstacle: 'OneDomain' } as const;
  const said = { observed: agreedOn('DataPlane'), heldDeath };
  expect([isSeenRunning(said), underVerdict(lost, said).phase]).toEqual([false, 'Lost']);
});

test.each<[string, Cause | undefined, lateMs: number, boolean]>([
  ['may speak yet while it had no time to come back', 'Agent', -1, false],
  ['is in doubt when it had, and others see it run', 'Agent', 0, true],
  ['is not when others hold it for dead', 'Cluster', 0, false],
  ['is not when nobody says anything of it', undefined, 0, false],
])('a cluster that was not heard since the hub began %s', (_, cause, lateMs, wanted) => {
  const said = { observed: cause === undefined ? undefined : agreedOn(cause) };
  expect(isDoubtful(unseen(1_000), said, 1_000 + healthDefaults.comebackMs + lateMs, healthDefaults)).toBe(wanted);
});

test.each<[string, readonly (readonly [Cause, 'Standing' | 'Returning' | 'Cleared'])[], 'Returning' | 'Well']>([
  [
    'takes no replicas while its gateway is dead',
    [
      ['Cluster', 'Standing'],
      ['DataPlane', 'Standing'],
    ],
    'Returning',
  ],
  [
    'nor while its gateway is held down',
    [
      ['Cluster', 'Returning'],
      ['DataPlane', 'Standing'],
      ['DataPlane', 'Returning'],
    ],
    'Returning',
  ],
  [
    'takes them when both are over',
    [
      ['Cluster', 'Standing'],
      ['DataPlane', 'Returning'],
      ['DataPlane', 'Cleared'],
    ],
    'Well',
  ],
])('a cluster that was dead and is back %s', (_, verdicts, wanted) => {
  const well = onBeat(unseen(0), 0, { reachable: true });
  const told = { target: 'a', sinceMs: 0, epoch: 1, voters: ['b', 'c'], domains: 2, needed: 2, observers: 3 };
  const observed = verdicts.reduce<Observed | undefined>(
    (before, [cause, phase]) => observedOf({ ...told, cause, phase } as never, '', 0, before),
    undefined,
  );
  expect(underVerdict(well, { observed }).phase).toBe(wanted);
});

test('a cluster of which only the gateway is dead keeps its replicas, and takes more', () => {
  expect(underVerdict(onBeat(unseen(0), 0, { reachable: true }), { observed: agreedOn('DataPlane') }).phase).toBe('Well');
});
