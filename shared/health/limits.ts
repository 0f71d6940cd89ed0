/** @module How much automation may remove: a share of the clusters and of their capacity in a window, and never the last ones. */
import type { Held, Member, MeshPolicy } from '../wire/mesh.ts';

/** A cluster that was removed: still out, or returned within the window. */
export type Removal = { readonly name: string; readonly atMs: number; readonly isOut: boolean };

/** What the question rests on. */
export type LimitFacts = {
  readonly members: readonly Member[];
  readonly removals: readonly Removal[];
  readonly policy: MeshPolicy;
  readonly nowMs: number;
};

/**
 * True of a cluster whose removal takes something away. One that has never told its capacity runs no replicas: its death takes no place under the
 * limit, and it is neither one of those of which the limit is a share nor a survivor.
 */
export const bearsLoad = ({ role, capacity }: Member): boolean => role === 'Cluster' && capacity > 0;

/** Clusters that may be out or removed within the window: the share, rounded down, but one always. */
export const clustersMaxOf = (clusters: number, percent: number): number => Math.max(1, Math.floor((clusters * percent) / 100));

/** What the hub removed by its own hearing counts as what the voters did; what a person drained does not. */
const givenUpIn = (clusters: readonly Member[]): readonly string[] =>
  clusters.flatMap(({ name, isLost, isDrained }) => (isLost === true && isDrained !== true ? [name] : []));

/**
 * Why `target` may not be removed now; undefined = it may. A removal counts while the cluster is out and until the window has passed,
 * whichever is later. Each voter asks before it votes, and each agent before it acts: a majority that kept the limit cannot be outvoted.
 */
export const heldBy = (target: string, { members, removals, policy, nowMs }: LimitFacts): Held | undefined => {
  if (!policy.automatic) return 'Manual';
  const clusters = members.filter(bearsLoad);
  const names = new Set(clusters.map(({ name }) => name));
  if (!names.has(target)) return undefined;
  const removed = removals.filter(({ atMs, isOut }) => isOut || nowMs - atMs < policy.windowMs).map(({ name }) => name);
  const counted = new Set([...removed, ...givenUpIn(clusters)].filter((name) => name !== target && names.has(name)));
  const lost = clusters.filter(({ isLost }) => isLost === true);
  const out = new Set([target, ...[...removals.filter(({ isOut }) => isOut), ...lost].map(({ name }) => name)]);
  if (clusters.filter(({ name }) => !out.has(name)).length < policy.survivorsMin) return 'Survivors';
  if (counted.size + 1 > clustersMaxOf(clusters.length, policy.clustersPercentMax)) return 'Clusters';
  const capacityOf = (isNamed: (name: string) => boolean): number =>
    clusters.reduce((sum, { name, capacity }) => sum + (isNamed(name) ? capacity : 0), 0);
  const capacity = capacityOf((name) => name === target || counted.has(name));
  // The first removal is let through even when one cluster is most of the federation: nothing else would ever fail over.
  if (counted.size > 0 && capacity * 100 > capacityOf(() => true) * policy.capacityPercentMax) return 'Capacity';
  return undefined;
};
