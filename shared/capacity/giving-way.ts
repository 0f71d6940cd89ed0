/**
 * @module How many more replicas fit once pods that run are gone. Whoever removes replicas of a workload chooses which, so that only what
 * holds whichever of them go is told: where it may go wrong, more of them must go, or none at all.
 */
import type { PodShape } from './pod-shape.ts';
import type { ClusterRoom } from './room.ts';
import { type Lot, type Proof, proofsOf } from './sure-places.ts';

/** What comes of it that lots go. */
export type GivingWay = {
  /** Further replicas that are sure to fit, beyond those that fit now. */
  readonly most: number;
  /** How many of each lot must go for so many; of the last lots as few as can be. */
  readonly goneFor: (replicas: number) => readonly number[];
};

/** The most replicas, up to a limit, for which a test that grows harder holds. */
const mostFor = (limit: number, isSure: (replicas: number) => boolean): number => {
  let [sure, unsure] = [0, limit + 1];
  while (unsure - sure > 1) {
    const middle = Math.floor((sure + unsure) / 2);
    if (isSure(middle)) sure = middle;
    else unsure = middle;
  }
  return sure;
};

/** All go, and then of each, from the last, as many stay as leave it sure (kube-scheduler `default_preemption.go`, reprieve). */
const reprieved = (lots: readonly Lot[], proofs: readonly Proof[], replicas: number): readonly number[] => {
  const gone = lots.map(({ count }) => count);
  const needs = proofs.map(({ worth, neededFor }) => ({ worth, needed: neededFor(replicas) }));
  for (let lot = lots.length - 1; lot >= 0; lot--) {
    const fewest = needs.map(({ worth, needed }) => {
      const others = gone.reduce((sum, count, at) => (at === lot ? sum : sum + count * (worth[at] ?? 0)), 0);
      return others >= needed ? 0 : Math.ceil((needed - others) / (worth[lot] ?? 0));
    });
    gone[lot] = Math.min(gone[lot] ?? 0, ...fewest);
  }
  return gone;
};

/** True when a pod of `freed` gives back, where it is, at least what one of `shape` asks for, on a node that may run either. */
const isPlaceFor = (freed: PodShape, shape: PodShape): boolean => {
  const amounts = new Map(freed.requests);
  const isFree = shape.nodeTerms === undefined && Object.keys(shape.nodeSelector).length === 0;
  const isAlike = JSON.stringify([freed.nodeTerms, freed.nodeSelector]) === JSON.stringify([shape.nodeTerms, shape.nodeSelector]);
  return (isFree || isAlike) && shape.requests.every(([resource, amount]) => (amounts.get(resource) ?? 0) >= amount);
};

/** Where more than amounts decides: one for one, as far as each leaves a whole place. */
const oneForOne = (shape: PodShape, lots: readonly Lot[], limit: number): GivingWay => {
  const places = lots.map((lot) => (isPlaceFor(lot.shape, shape) ? lot.count : 0));
  return {
    most: Math.min(
      limit,
      places.reduce((sum, count) => sum + count, 0),
    ),
    goneFor: (replicas) => {
      let left = replicas;
      return places.map((count) => {
        const gone = Math.min(left, count);
        left -= gone;
        return gone;
      });
    },
  };
};

/** What fits beyond the replicas that fit now when pods go; at most `limit` are asked about. */
export const givingWay = (room: ClusterRoom, shape: PodShape, lots: readonly Lot[], limit: number): GivingWay => {
  const holdings = room.holdings?.(shape);
  if (holdings === undefined) return oneForOne(shape, lots, limit);
  const proofs = proofsOf(holdings, lots);
  const isSure = (proof: Proof, replicas: number): boolean =>
    lots.reduce((sum, { count }, at) => sum + count * (proof.worth[at] ?? 0), 0) >= proof.neededFor(replicas);
  return {
    most: proofs.reduce(
      (most, proof) =>
        Math.max(
          most,
          mostFor(limit, (replicas) => isSure(proof, replicas)),
        ),
      0,
    ),
    goneFor: (replicas) => reprieved(lots, proofs, replicas),
  };
};
