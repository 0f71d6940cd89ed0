/** @module Whether a cluster is taken for dead, also while something keeps its replicas there: what it last said to be ready serves nobody then. Pure. */
import { underVerdict } from '../verdict/relation.ts';
import type { ClusterRecord } from './directory.ts';

/** `Dead`: its replicas go elsewhere, or will in a moment. `Held`: they stay where they are for now, as its condition Ready says. */
export type Death = 'Dead' | 'Held';

/** What it is told from. */
type DeathFacts = Pick<ClusterRecord, 'object' | 'health' | 'observed' | 'heldDeath' | 'held'>;

/** Where there is no witness nobody can tell whose death it is. */
const isUnwitnessed = (obstacle: string | undefined): boolean => obstacle === 'NoWitness';

/** A hub that has just started knows what is held of those that it has not heard by what was written. */
const wasHeld = ({ object, health }: DeathFacts): boolean => {
  const verdict = object?.status?.verdict;
  return health.phase === 'Unseen' && verdict?.phase === 'Held' && verdict.cause === 'Cluster' && !isUnwitnessed(verdict.obstacle);
};

/**
 * The death of a cluster; undefined = it lives, or nobody can tell: not one whose agent alone is dead, nor one that a hub does not hear that hears
 * nobody.
 */
export const deathOf = (facts: DeathFacts): Death | undefined => {
  const { health, observed, heldDeath, held } = facts;
  const obstacle = held ?? (heldDeath?.cause === 'Cluster' ? heldDeath.obstacle : undefined);
  const isHeld = health.phase !== 'Well' && obstacle !== undefined && !isUnwitnessed(obstacle);
  if (isHeld || wasHeld(facts)) return 'Held';
  const isAgreed = observed?.cause === 'Cluster' && observed.phase === 'Standing';
  return isAgreed || underVerdict(health, facts).phase === 'Lost' ? 'Dead' : undefined;
};
