/**
 * @module How the verdict of the observers and the hub's own hearing become one judgement. The observers go before: they are many, look
 * at the cluster from outside and know which thing died. The hub's silence of ten seconds decides where they have no majority for anything
 * that tells an agent's death from a cluster's. Pure.
 */
import type { Agreed, Cause, Obstacle, Verdict } from '../../../shared/health/index.ts';
import { type Health, type HealthOptions, isInDoubt } from '../cluster/health.ts';

/** What the observers have agreed on, as the hub counted their votes; times since the epoch. */
export type Observed = {
  readonly cause: Cause;
  readonly phase: 'Standing' | 'Returning';
  readonly sinceMs: number;
  readonly message: string;
  readonly votes: string;
  readonly voters: readonly string[];
  readonly epoch: number;
  /** The policy's longer timer has passed: replicas may go elsewhere. */
  readonly isReplicasTurn: boolean;
  /** Its gateway is dead, and before that all of it was: what is back of it takes no replicas before users reach it again. */
  readonly wasDead?: boolean;
  /** When `Returning`: until when it is held down if it stays well; absent while too few see it well. */
  readonly heldUntilMs?: number | undefined;
};

/** A death that the observers agree on and that something keeps from coming into force; nothing goes by it. */
export type HeldDeath = Agreed & Pick<Observed, 'sinceMs'> & { readonly obstacle: Obstacle };

/** What the observers say of a cluster: what they agreed on, and a death that something holds. */
export type Said = { readonly observed?: Observed | undefined; readonly heldDeath?: HeldDeath | undefined };

/** What the Cluster says of a verdict; nothing when it is over. A turn of the replicas that has come lasts as long as the cause. */
export const observedOf = (verdict: Verdict, message: string, sinceMs: number, before: Observed | undefined): Observed | undefined => {
  const { cause, phase, voters, needed, observers, epoch } = verdict;
  if (phase === 'Cleared') return undefined;
  const isReplicasTurn = before?.cause === 'Cluster' && before.isReplicasTurn && cause === 'Cluster' && phase === 'Standing';
  const wasDead = cause === 'DataPlane' && (before?.cause === 'Cluster' || before?.wasDead === true);
  const votes = `${voters.length}/${needed}/${observers}`;
  return { cause, phase, sinceMs, message, votes, voters, epoch, isReplicasTurn, ...(wasDead ? { wasDead } : {}) };
};

/** Health as it counts, under what the observers agreed on. */
export const underVerdict = (health: Health, said: Said): Health => {
  const { observed } = said;
  if (observed === undefined) return health;
  switch (observed.cause) {
    case 'Cluster': {
      // What died again while it was held down is not back, though no majority has said so yet, or can.
      if (observed.phase === 'Returning' && health.phase === 'Lost') return health;
      const phase = observed.phase === 'Returning' ? 'Returning' : observed.isReplicasTurn ? 'Lost' : 'Suspect';
      return { ...health, phase, sinceMs: observed.sinceMs };
    }
    default:
      if (observed.wasDead === true && (health.phase === 'Well' || health.phase === 'Suspect'))
        return { ...health, phase: 'Returning', sinceMs: observed.sinceMs };
      // The cluster runs, whatever the hub does not hear: nothing new goes there, nothing is taken away.
      return isSeenRunning(said) && health.phase === 'Lost' ? { ...health, phase: 'Suspect', sinceMs: observed.sinceMs } : health;
  }
};

const runningCauses: readonly (Cause | undefined)[] = ['Agent', 'Link', 'DataPlane'];

/**
 * True when the observers say that the cluster runs, be it without a gateway that answers users: what the hub does not hear of it is then no loss.
 * What they agree on, and something holds, is newer than what is in force, and tells that as well.
 */
export const isSeenRunning = ({ observed, heldDeath }: Said): boolean => runningCauses.includes((heldDeath ?? observed)?.cause);

/**
 * True when nothing tells the hub whether a cluster lives that it does not hear. One that was not heard since the hub began may speak yet; when it
 * had time for that, and others see it run, it is silent as well.
 */
export const isDoubtful = (health: Health, said: Said, nowMs: number, options: HealthOptions): boolean =>
  health.phase === 'Unseen' ? isSeenRunning(said) && nowMs - health.sinceMs >= options.comebackMs : isInDoubt(health, nowMs, options);
