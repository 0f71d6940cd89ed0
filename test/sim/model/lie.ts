/** @module What an agent that lies says: ballots of its own present life, with a vote in them against one that is well. */
import type { Watch } from '../../../shared/health/index.ts';
import type { MeshBallot } from '../../../shared/wire/mesh.ts';

/** A number that no honest ballot reaches. */
const lieSeq = 1_000_000;
/** Decisions that each lie tells of, more than the one before. */
const lieEpochStep = 9_000;

const evidence = { direct: 'lost', broker: 'lost', helpers: 'lost', gateway: 'lost', apiServer: 'none' } as const;

/** Who lies, and about whom. */
export type Slander = { readonly liar: string; readonly bootId: string; readonly victim: string };

/**
 * The lie of this count, from 1 on. Of this life of the agent nothing but lies is believed from the first one on: they have higher numbers than
 * what its detector says. So they ask what that asks, or it would never learn that those are well whom the others have cleared before it.
 */
export const lieOf = ({ liar, bootId, victim }: Slander, count: number, standing: ReturnType<Watch['standing']>): MeshBallot => {
  const open = standing.flatMap(({ target, cause }) => (cause === 'Isolated' || target === victim ? [] : [target]));
  return {
    v: 1,
    from: liar,
    bootId,
    seq: lieSeq + count,
    sentMs: 0,
    kind: 'ballot',
    epoch: count * lieEpochStep,
    votes: [{ target: victim, opinion: 'Cluster', silentMs: 9_000, evidence }],
    ...(open.length === 0 ? {} : { open }),
  };
};
