/**
 * @module Who may have how many replicas of a divided Job: what a cluster was given of its completions stays its own, and only what nobody has
 * goes to clusters without a part. Pure.
 */
import { counted } from '../lib/counted.ts';
import type { Refusal } from './prepare.ts';

/** The completions of a divided Job. */
export type JobParts = {
  readonly completions: number;
  /** What was given of them, by cluster; a lost or drained one is remembered until another has its part. */
  readonly given: ReadonlyMap<string, number>;
};

/** A candidate, as far as parts go. */
export type PartHolder = {
  readonly at: number;
  readonly name: string;
  /** Replicas of the Job are there now, by decision: `replicas` of them. */
  readonly isPresent: boolean;
  readonly replicas: number;
  /** It takes more, and some of them would run. */
  readonly hasRoom: boolean;
};

/** What each candidate may have, by its place. */
export type PartLimits = {
  readonly most: ReadonlyMap<number, number>;
  /** Where a part is under way at least one goes on, however few may run at once: a part that is taken away is lost with all that it has done. */
  readonly underWay: ReadonlySet<number>;
  /** Those that have a part and take no more, so that what is left goes to others. */
  readonly held: ReadonlyMap<number, Refusal>;
  /** Those that get none: nothing is left. */
  readonly out: ReadonlyMap<number, Refusal>;
  /** Replicas that all of them may have together: more at once than completions would wait for nothing. */
  readonly sum: number;
};

/** Why a part keeps a cluster at what it has. */
export const partReason = 'part';

/** `its part of the Job is 6 completions`. */
export const partText = (completions: number): string => `its part of the Job is ${counted(completions, 'completion')}`;

/**
 * The limits. A part counts as given where its cluster has replicas, or had some and can run them again; what is left of the completions goes to
 * those without a part.
 */
export const partLimits = ({ completions, given }: JobParts, candidates: readonly PartHolder[]): PartLimits => {
  const holders = candidates.filter(({ name, isPresent, hasRoom }) => given.has(name) && (isPresent || hasRoom));
  const partOf = ({ name }: PartHolder): number => given.get(name) ?? 0;
  const left = Math.max(0, completions - holders.reduce((sum, holder) => sum + partOf(holder), 0));
  const [most, held, out] = [new Map<number, number>(), new Map<number, Refusal>(), new Map<number, Refusal>()];
  let sum = left;
  for (const holder of holders) {
    const isHeld = left > 0 && holder.isPresent;
    most.set(holder.at, partOf(holder));
    if (isHeld)
      held.set(holder.at, { reason: partReason, message: `${partText(partOf(holder))}, and others wait for a cluster without one` });
    sum += isHeld ? holder.replicas : partOf(holder);
  }
  for (const { at } of candidates) {
    if (most.has(at)) continue;
    most.set(at, left);
    if (left === 0) out.set(at, { reason: partReason, message: `all ${completions} completions of the Job are given to other clusters` });
  }
  const underWay = new Set(holders.flatMap((holder) => (holder.isPresent && partOf(holder) > 0 ? [holder.at] : [])));
  return { most, underWay, held, out, sum };
};
