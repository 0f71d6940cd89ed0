/** @module What becomes of the hub's own hearing under what the observers agreed on. */
import { expect, test } from 'vitest';
import type { Cause } from '../../../shared/health/index.ts';
import { healthDefaults, onBeat, onTick, unseen } from '../cluster/health.ts';
import { isDoubtful, isSeenRunning, type Observed, underVerdict } from './relation.ts';

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
