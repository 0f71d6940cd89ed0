/** @module When a cluster is taken for dead. */
import { expect, test } from 'vitest';
import type { ClusterVerdict } from '../../../shared/api/index.ts';
import { deathOf } from './death.ts';
import { strangerOf } from './directory.ts';
import type { HealthPhase } from './health.ts';

type Facts = Partial<Parameters<typeof deathOf>[0]>;

const agreed = { sinceMs: 0, message: '', votes: '2/2/2', voters: ['b', 'c'] };
const observed = { ...agreed, cause: 'Cluster', phase: 'Standing', epoch: 1, isReplicasTurn: false } as const;
const heldDeath = { ...agreed, domains: 2, needed: 2, observers: 2, cause: 'Cluster', obstacle: 'Clusters' } as const;
const written = (verdict: Partial<ClusterVerdict>): Facts => ({
  object: {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'a' },
    spec: {},
    status: { verdict: { cause: 'Cluster', message: '', since: '2030-01-01T00:00:00Z', ...verdict } },
  },
});

test.each<[string, HealthPhase, Facts, string | undefined]>([
  ['heard', 'Well', {}, undefined],
  ['silent for a moment, or to a hub that hears nobody', 'Suspect', {}, undefined],
  ['not heard by a hub that has just started', 'Unseen', {}, undefined],
  ['lost to the hub', 'Lost', {}, 'Dead'],
  ['lost to the hub, and running as the others say: its agent is dead', 'Lost', { observed: { ...observed, cause: 'Agent' } }, undefined],
  ['found dead by the others, before its replicas go', 'Well', { observed }, 'Dead'],
  ['back, and held down', 'Well', { observed: { ...observed, phase: 'Returning' } }, undefined],
  ['found without a gateway', 'Well', { observed: { ...observed, cause: 'DataPlane' } }, undefined],
  ['lost but for a limit', 'Suspect', { held: 'Clusters' }, 'Held'],
  ['found dead by the others, and the limit holds its replicas', 'Suspect', { heldDeath }, 'Held'],
  ['found dead by others who hear less than the hub, and held', 'Well', { heldDeath }, undefined],
  ['found without a gateway, and held', 'Suspect', { heldDeath: { ...heldDeath, cause: 'DataPlane' } }, undefined],
  ['silent where nobody else watches it', 'Suspect', { held: 'NoWitness' }, undefined],
  ['found dead by the only other one', 'Suspect', { heldDeath: { ...heldDeath, obstacle: 'NoWitness' } }, undefined],
  ['held for dead as an earlier hub wrote, before this one has heard anybody', 'Unseen', written({ phase: 'Held' }), 'Held'],
  ['held for dead as an earlier hub wrote, and heard by this one', 'Well', written({ phase: 'Held' }), undefined],
])('a cluster that is %s', (_, phase, facts, wanted) => {
  const stranger = strangerOf('a', 0);
  expect(deathOf({ ...stranger, health: { ...stranger.health, phase }, ...facts })).toBe(wanted);
});
