/**
 * @module When replicas go from one cluster to another, in which order: as many of those that a cluster should no longer have stay as
 * replacements are not ready elsewhere; of a singleton the old one is gone before the new one comes. Pure.
 */
import { compareText } from '../../../shared/lib/compare-text.ts';

/** What is known of a workload's replicas in one cluster. */
export type Holding = {
  /** Replicas that it was last told to have; 0 = none, or withdrawn. */
  readonly told: number;
  /** An earlier run told it, and it has not answered since: `told` is a guess, it keeps what it has, and no other gives up anything for that. */
  readonly isGuess?: boolean;
  /** Its fence stopped it: how many it was told it does not say. */
  readonly isStopped?: boolean;
  /** Of those it said to be ready. */
  readonly ready: number;
  /** The most that may still run there, by what it was told and what it answered; none of what a fence has surely stopped. */
  readonly running: number;
  /** Not heard, lost, or held down: nothing is taken from it now. */
  readonly isOutOfReach: boolean;
};

/** What a handover is decided from. */
export type HandoverInput = {
  readonly isSingleton: boolean;
  /** Replicas leave by their number, ready or not, as a StatefulSet's do; of others those that are not ready leave first. */
  readonly isOrdinal: boolean;
  /** Replicas by cluster, from the Placement. */
  readonly wanted: ReadonlyMap<string, number>;
  /** Replicas that found no place. */
  readonly unplaced: number;
  readonly held: ReadonlyMap<string, Holding>;
  /** Replicas that may be missing meanwhile, of clusters in which stays what finds no place elsewhere: drained ones, and those that the policy left out. */
  readonly budgets: ReadonlyMap<string, number>;
  /** Clusters whose surplus has waited for long enough: what has a place elsewhere is waited for no longer. */
  readonly overdue: ReadonlySet<string>;
};

/** What it comes to. */
export type Handover = {
  /** Clusters that have more than they should until replacements are ready, and how many replicas they keep meanwhile. */
  readonly keep: ReadonlyMap<string, number>;
  /**
   * Clusters in which stays what finds no place elsewhere, and how many there are of it and of those that are wanted there; in the order of
   * their names. One that keeps more, until replacements are ready, is among `keep` as well.
   */
  readonly stay: ReadonlyMap<string, number>;
  /** Clusters that are told no more than they have: they wait for others to stop. */
  readonly wait: ReadonlySet<string>;
};

const nothing: Handover = { keep: new Map(), stay: new Map(), wait: new Set() };

/** Clusters that have more than they should. */
const leaving = ({ held, wanted }: HandoverInput): [string, Holding][] =>
  [...held].filter(([name, { told }]) => told > (wanted.get(name) ?? 0)).sort(([a], [b]) => compareText(a, b));

/**
 * Neither a drain nor a policy stops what has nowhere to go. It is sent anew, so that it runs again where a fence stopped it, once no other cluster may run it;
 * until then, and where it is not known what it was told, it is left as it is.
 */
const stayingAlone = (input: HandoverInput): Handover => {
  const { held, budgets, unplaced } = input;
  const staying = leaving(input).filter(([name, { isOutOfReach }]) => budgets.has(name) && !isOutOfReach);
  const [first] = staying;
  if (first === undefined) return nothing;
  const [name, { told, isGuess = false, isStopped = false }] = first;
  const isAlone = ![...held].some(([other, { running }]) => other !== name && running > 0);
  if (isAlone && (isStopped || !isGuess)) return { ...nothing, stay: new Map([[name, isGuess ? unplaced : Math.min(told, unplaced)]]) };
  return { ...nothing, keep: new Map(staying.map(([one, { told: replicas }]) => [one, replicas])) };
};

const oneAfterAnother = (input: HandoverInput): Handover => {
  const { held, wanted } = input;
  if (input.unplaced > 0 && wanted.size === 0) return stayingAlone(input);
  const isBlocked = [...held].some(([name, { running }]) => running > (wanted.get(name) ?? 0));
  if (!isBlocked) return nothing;
  const grows = [...wanted].filter(([name, replicas]) => replicas > (held.get(name)?.told ?? 0));
  return { ...nothing, wait: new Set(grows.map(([name]) => name)) };
};

/** A cluster that has more than it should. */
type Source = {
  readonly name: string;
  readonly told: number;
  readonly wanted: number;
  /** With so many, as many ready ones stay as are surely ready of those wanted. */
  readonly floor: number;
  /** Ready ones that are there beyond those. */
  readonly spare: number;
  /** Replicas that may be missing meanwhile; none but where what finds no place elsewhere stays. */
  readonly budget: number;
  readonly isGuess: boolean;
};

/** Those of `count` replicas that are surely ready once the others have gone. */
const surelyReady = ({ told, ready }: Holding, count: number, isOrdinal: boolean): number =>
  isOrdinal && count < told ? Math.max(0, count - (told - ready)) : Math.min(ready, count);

/** Sources in the order in which they keep: those that may leave nothing missing first, then by name. */
const sourcesOf = (input: HandoverInput): Source[] =>
  leaving(input)
    .filter(([, { isOutOfReach }]) => !isOutOfReach)
    .map(([name, holding]) => {
      const wanted = input.wanted.get(name) ?? 0;
      const { told, ready, isGuess = false } = holding;
      return {
        name,
        told,
        wanted,
        floor: input.isOrdinal ? Math.max(wanted, told - ready) : wanted,
        spare: ready - surelyReady(holding, wanted, input.isOrdinal),
        budget: input.budgets.get(name) ?? 0,
        isGuess,
      };
    })
    .sort((a, b) => a.budget - b.budget || compareText(a.name, b.name));

/** Replicas that the sources keep beyond what they should have: ready ones first, together no more than are missing elsewhere. */
const keptOf = (sources: readonly Source[], missing: number): { readonly kept: ReadonlyMap<string, number>; readonly left: number } => {
  const kept = new Map<string, number>();
  let left = missing;
  const keepOf = ({ name, budget, isGuess }: Source, most: number): void => {
    const count = Math.max(0, Math.min(most, left - budget));
    if (count === 0) return;
    kept.set(name, (kept.get(name) ?? 0) + count);
    // What may be there or not stands in for nothing that is.
    if (!isGuess) left -= count;
  };
  for (const source of sources) keepOf(source, source.spare);
  // What is not ready may become so before its replacement does.
  for (const source of sources) keepOf(source, source.told - source.wanted - (kept.get(source.name) ?? 0));
  return { kept, left };
};

/** Decides the order of one workload's move. */
export const decideHandover = (input: HandoverInput): Handover => {
  if (input.isSingleton) return oneAfterAnother(input);
  const sources = sourcesOf(input);
  if (sources.length === 0) return nothing;
  const missing = [...input.wanted].reduce((sum, [name, replicas]) => {
    const holding = input.held.get(name);
    return sum + replicas - (holding === undefined ? 0 : surelyReady(holding, replicas, input.isOrdinal));
  }, 0);
  const { kept, left } = keptOf(
    sources.filter(({ name }) => !input.overdue.has(name)),
    missing,
  );
  const keep = new Map<string, number>();
  const stay = new Map<string, number>();
  let homeless = input.unplaced;
  for (const { name, told, wanted, floor, isGuess } of sources.sort((a, b) => compareText(a.name, b.name))) {
    const surplus = kept.get(name) ?? 0;
    const here = surplus === 0 ? wanted : Math.min(told, floor + surplus);
    const budget = input.budgets.get(name);
    const lacking = homeless + (input.overdue.has(name) ? 0 : left);
    const isStaying = budget !== undefined && (surplus > 0 || lacking > budget);
    const staying = isStaying ? Math.min(told - here, homeless) : 0;
    homeless -= staying;
    if (surplus > 0) keep.set(name, here + staying);
    else if (isStaying && isGuess) keep.set(name, told);
    if (isStaying && !isGuess && (surplus === 0 || staying > 0)) stay.set(name, wanted + staying);
  }
  return { keep, stay, wait: new Set() };
};
