/**
 * @module What the hub thinks of one member: one state with named cases, out of its own hearing, what the observers agreed on, and what the limits
 * hold. Whoever asks about a silent cluster switches on it. Pure.
 */
import { isSeenRunning, underVerdict } from '../verdict/relation.ts';
import type { ClusterRecord } from './directory.ts';

/**
 * `Heard`: its agent beats, or is silent for less than a loss takes. `Unseen`: it has said nothing since this hub began, and may yet. `Doubtful`:
 * silent for as long as a loss takes, and not lost: nobody can tell, or others see it run. `Unwitnessed`: it would be lost if anybody but the hub
 * watched it. `Dead`: its replicas `Wait` for their turn, are `Held` where they are by a limit, or were `GivenUp` and go elsewhere. `Returning`: back
 * from a loss, heard, and held down; `isWithoutGateway` = until its gateway answers users again.
 */
export type Liveness =
  | { readonly is: 'Heard' | 'Unseen' | 'Doubtful' | 'Unwitnessed' }
  | { readonly is: 'Dead'; readonly replicas: 'Wait' | 'Held' | 'GivenUp' }
  | { readonly is: 'Returning'; readonly isWithoutGateway: boolean };

/** What it is told from. */
export type LivenessFacts = Pick<ClusterRecord, 'health'> &
  Partial<Pick<ClusterRecord, 'object' | 'observed' | 'heldDeath' | 'held' | 'isDoubted'>>;

const dead = (replicas: 'Wait' | 'Held' | 'GivenUp'): Liveness => ({ is: 'Dead', replicas });

/** Where there is no witness nobody can tell whose death it is. */
const isWitnessed = (obstacle: string | undefined): boolean => obstacle !== undefined && obstacle !== 'NoWitness';

/** A hub that has just started knows what is held of those that it has not heard by what was written. */
const wasHeld = ({ object, health }: LivenessFacts): boolean => {
  const verdict = object?.status?.verdict;
  return health.phase === 'Unseen' && verdict?.phase === 'Held' && verdict.cause === 'Cluster' && verdict.obstacle !== 'NoWitness';
};

/** The state of a member. What the observers agreed on goes first, then what is given up, what is held, and the hub's own hearing. */
export const livenessOf = (facts: LivenessFacts): Liveness => {
  const { health, observed, heldDeath, held, isDoubted = false } = facts;
  if (observed?.cause === 'Cluster' && observed.phase === 'Standing')
    return dead(observed.isReplicasTurn ? 'GivenUp' : held === undefined ? 'Wait' : 'Held');
  if (isSeenRunning(facts) && (isDoubted || health.phase === 'Lost')) return { is: 'Doubtful' };
  const { phase } = underVerdict(health, facts);
  if (phase === 'Lost' && held === undefined) return dead('GivenUp');
  const isSilent = health.phase !== 'Well' && health.phase !== 'Returning';
  const isAgreed = heldDeath?.cause === 'Cluster' && isWitnessed(heldDeath.obstacle);
  if ((isSilent && (isWitnessed(held) || isAgreed)) || wasHeld(facts)) return dead('Held');
  if (isSilent && held !== undefined) return { is: 'Unwitnessed' };
  if (isDoubted) return { is: 'Doubtful' };
  if (health.phase === 'Unseen') return { is: 'Unseen' };
  return phase === 'Returning' ? { is: 'Returning', isWithoutGateway: observed?.cause === 'DataPlane' } : { is: 'Heard' };
};

/** True where what was last said to be ready serves nobody. */
export const isDead = ({ is }: Liveness): boolean => is === 'Dead';

/** True while nothing is taken from the cluster because of a decision: it keeps what it has until it is heard, and not held down. */
export const keepsAll = ({ is }: Liveness): boolean => is !== 'Heard';

/**
 * True where the end of a deletion, and what is asked of all that serve, waits for the cluster: it answers, or may live with nobody to tell. Any
 * other, as one that this hub has never heard, executes what it was told when it is back.
 */
export const isWaitedFor = ({ is }: Liveness): boolean => is === 'Heard' || is === 'Doubtful' || is === 'Returning';

/** True of a silent cluster that is not given up: what was meant to leave it has its room there until it goes. */
export const isKeptBack = (state: Liveness): boolean => {
  switch (state.is) {
    case 'Doubtful':
    case 'Unwitnessed':
      return true;
    case 'Dead':
      return state.replicas !== 'GivenUp';
    default:
      return false;
  }
};
