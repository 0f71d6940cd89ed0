/**
 * @module When replicas go from one cluster to another, in which order: what a cluster should no longer have stays until its replacement is
 * ready elsewhere; of a singleton the old one is gone before the new one comes. Pure.
 */

/** What is known of a workload's replicas in one cluster. */
export type Holding = {
  /** Replicas that it was last told to have; 0 = none, or withdrawn. */
  readonly told: number;
  /** Of those it said to be ready. */
  readonly ready: number;
  /** The most that may still run there, by what it was told and what it answered. */
  readonly running: number;
  /** Not heard, or lost: what it has it keeps, and nobody knows what that is. */
  readonly isUnheard: boolean;
};

/** What a handover is decided from. */
export type HandoverInput = {
  readonly isSingleton: boolean;
  /** Replicas by cluster, from the Placement. */
  readonly wanted: ReadonlyMap<string, number>;
  /** Replicas that found no place. */
  readonly unplaced: number;
  readonly held: ReadonlyMap<string, Holding>;
  /** Clusters that are drained, with the replicas that may be missing meanwhile; what finds no place elsewhere stays there. */
  readonly drained: ReadonlyMap<string, number>;
  /** The surplus has waited for long enough. */
  readonly isOverdue: boolean;
  /** A singleton may begin elsewhere although this cluster is not heard: it has stopped by itself. */
  readonly isFenced: (cluster: string) => boolean;
};

/** What it comes to. */
export type Handover = {
  /** Clusters that keep what they were told, and how many that is at the least. */
  readonly keep: ReadonlyMap<string, number>;
  /** Drained clusters in which stays what finds no place elsewhere, and how many that is; in the order of their names. */
  readonly stay: ReadonlyMap<string, number>;
  /** Clusters that are told no more than they have: they wait for others to stop. */
  readonly wait: ReadonlySet<string>;
};

const nothing: Handover = { keep: new Map(), stay: new Map(), wait: new Set() };

/** Clusters that have more than they should. */
const leaving = ({ held, wanted }: HandoverInput): [string, Holding][] =>
  [...held].filter(([name, { told }]) => told > (wanted.get(name) ?? 0)).sort(([a], [b]) => (a < b ? -1 : 1));

const oneAfterAnother = (input: HandoverInput): Handover => {
  // A drain does not stop what has nowhere to go.
  if (input.unplaced > 0 && input.wanted.size === 0) {
    const staying = leaving(input).filter(([name, { isUnheard }]) => input.drained.has(name) && !isUnheard);
    return { ...nothing, keep: new Map(staying.map(([name, { told }]) => [name, told])) };
  }
  const isBlocked = [...input.held].some(
    ([name, { running, isUnheard }]) => running > (input.wanted.get(name) ?? 0) && !(isUnheard && input.isFenced(name)),
  );
  if (!isBlocked) return nothing;
  const grows = [...input.wanted].filter(([name, replicas]) => replicas > (input.held.get(name)?.told ?? 0));
  return { ...nothing, wait: new Set(grows.map(([name]) => name)) };
};

/** Decides the order of one workload's move. */
export const decideHandover = (input: HandoverInput): Handover => {
  if (input.isSingleton) return oneAfterAnother(input);
  if (input.isOverdue) return nothing;
  const { wanted, held, unplaced, drained } = input;
  const surplus = leaving(input).filter(([, { isUnheard }]) => !isUnheard);
  if (surplus.length === 0) return nothing;
  const missing = [...wanted].reduce((sum, [name, replicas]) => sum + Math.max(0, replicas - (held.get(name)?.ready ?? 0)), 0);
  const keep = new Map<string, number>();
  const stay = new Map<string, number>();
  let homeless = unplaced;
  for (const [name, { told }] of surplus) {
    const budget = drained.get(name);
    if (missing > (budget ?? 0)) keep.set(name, told);
    else if (budget !== undefined && missing + homeless > budget) {
      const staying = Math.min(told, homeless);
      stay.set(name, staying);
      homeless -= staying;
    }
  }
  return { keep, stay, wait: new Set() };
};
