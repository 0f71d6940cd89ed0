/** @module What the hub thinks of a member, in each state that its records can be in. */
import { expect, test } from 'vitest';
import type { ClusterVerdict } from '../../../shared/api/index.ts';
import { strangerOf } from './directory.ts';
import type { HealthPhase } from './health.ts';
import { type Liveness, type LivenessFacts, livenessOf } from './liveness.ts';

type Facts = Partial<LivenessFacts>;

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
const textOf = (state: Liveness): string => {
  switch (state.is) {
    case 'Dead':
      return `Dead ${state.replicas}`;
    case 'Returning':
      return state.isWithoutGateway ? 'Returning without gateway' : 'Returning';
    default:
      return state.is;
  }
};

test.each<[string, HealthPhase, Facts, string]>([
  ['heard', 'Well', {}, 'Heard'],
  ['silent for a moment', 'Suspect', {}, 'Heard'],
  ['not heard by a hub that has just started', 'Unseen', {}, 'Unseen'],
  ['silent to a hub that hears nobody', 'Suspect', { isDoubted: true }, 'Doubtful'],
  ['lost to the hub', 'Lost', {}, 'Dead GivenUp'],
  ['back for the hub', 'Returning', {}, 'Returning'],

  ['silent for a moment, and running as the others say', 'Suspect', { observed: { ...observed, cause: 'Agent' } }, 'Heard'],
  ['silent for long, and running as the others say', 'Suspect', { observed: { ...observed, cause: 'Agent' }, isDoubted: true }, 'Doubtful'],
  ['lost, and then its API server answers: its agent is dead', 'Lost', { observed: { ...observed, cause: 'Agent' } }, 'Doubtful'],
  ['lost, and then found to be without a gateway only', 'Lost', { observed: { ...observed, cause: 'DataPlane' } }, 'Doubtful'],
  ['lost, and found dead after its gateway', 'Lost', { observed: { ...observed, cause: 'DataPlane' }, heldDeath }, 'Dead GivenUp'],
  ['not seen by this hub, and running as the others say', 'Unseen', { observed: { ...observed, cause: 'Agent' } }, 'Unseen'],
  ['found without a gateway', 'Well', { observed: { ...observed, cause: 'DataPlane' } }, 'Heard'],

  ['found dead by the others, before its replicas go', 'Suspect', { observed }, 'Dead Wait'],
  ['found dead by the others, though the hub hears it', 'Well', { observed }, 'Dead Wait'],
  ['found dead by the others, and held by the limit', 'Suspect', { observed, held: 'Clusters' }, 'Dead Held'],
  [
    'found dead by the others, and its replicas had their turn',
    'Suspect',
    { observed: { ...observed, isReplicasTurn: true } },
    'Dead GivenUp',
  ],

  ['lost but for a limit', 'Suspect', { held: 'Clusters', isDoubted: true }, 'Dead Held'],
  ['lost but for a limit, and heard a moment ago', 'Well', { held: 'Clusters' }, 'Heard'],
  ['held for dead by the others', 'Suspect', { heldDeath }, 'Dead Held'],
  ['held for dead by others who hear less than the hub', 'Well', { heldDeath }, 'Heard'],
  ['held for dead by the others, and lost to the hub', 'Lost', { heldDeath }, 'Dead GivenUp'],
  ['held to be without a gateway', 'Suspect', { heldDeath: { ...heldDeath, cause: 'DataPlane' } }, 'Heard'],
  ['held for dead as an earlier hub wrote, before this one has heard it', 'Unseen', written({ phase: 'Held' }), 'Dead Held'],
  ['held for dead as an earlier hub wrote, and heard by this one', 'Well', written({ phase: 'Held' }), 'Heard'],
  ['silent where nobody else watches it', 'Suspect', { held: 'NoWitness', isDoubted: true }, 'Unwitnessed'],
  ['found dead by the only other one', 'Suspect', { heldDeath: { ...heldDeath, obstacle: 'NoWitness' } }, 'Heard'],

  ['back, and held down', 'Well', { observed: { ...observed, phase: 'Returning' } }, 'Returning'],
  ['back from a death that a limit held', 'Well', { observed: { ...observed, phase: 'Returning' }, held: 'Clusters' }, 'Returning'],
  ['lost again while it was held down', 'Lost', { observed: { ...observed, phase: 'Returning' } }, 'Dead GivenUp'],
  ['held down, and the hub hears nobody', 'Suspect', { observed: { ...observed, phase: 'Returning' }, isDoubted: true }, 'Doubtful'],
  ['held down, and not seen by this hub', 'Unseen', { observed: { ...observed, phase: 'Returning' } }, 'Unseen'],
  [
    'back from a death but for its gateway',
    'Well',
    { observed: { ...observed, cause: 'DataPlane', wasDead: true } },
    'Returning without gateway',
  ],
])('a cluster that is %s (%s)', (_, phase, facts, wanted) => {
  const stranger = strangerOf('a', 0);
  expect(textOf(livenessOf({ ...stranger, health: { ...stranger.health, phase }, ...facts }))).toBe(wanted);
});
