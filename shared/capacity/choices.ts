/**
 * @module Whether it matters on which nodes pods on their way are bound: the one rule of every ledger for when a count beside them is exact.
 */
import type { PodShape } from './pod-shape.ts';
import { bearsOnPods } from './thin-cluster.ts';
import type { Binding } from './ways.ts';

/** How two shapes stand to each other in one cluster. */
export type Meeting = {
  /** False when no node may run both. */
  readonly shareNodes: (one: PodShape, other: PodShape) => boolean;
  /** True when the shape may see a difference between nodes that are alike in all that scores look at. */
  readonly tellsApart: (shape: PodShape) => boolean;
};

/** Choices that are open: pods were assumed, and which of several nodes they are on is not known. */
export type OpenChoices = {
  /** Pods of the shape had this choice, as far as it is known where those before them are. */
  readonly note: (shape: PodShape, choice: Binding['choice']) => void;
  /** True when the shape's count is the same however the choices end. */
  readonly isSure: (shape: PodShape) => boolean;
  /** True when it is noted already that pods of the shape had unlike nodes to choose from. */
  readonly isNoted: (shape: PodShape) => boolean;
};

/** Shapes that are remembered; of more, no count is sure. */
const shapesMax = 256;

/** Equal for shapes whose pods leave the same room for each other wherever they are. */
const alikeOf = ({ key, numaSingleNode }: PodShape): string => (numaSingleNode === true ? `${key}|` : key);

/** Replicas that meet under several rules, or that the first one draws, come to rest in more ways than one. */
const restsInOneWay = ({ demand: { affinity, antiAffinity, spread, claims, vgpus } }: PodShape): boolean =>
  affinity.length + claims.length + vgpus.length === 0 && antiAffinity.length + spread.length <= 1;

/** True when pods of `there` may bear on the shape in another way than by what they take of a node both may run on. */
const minds = (shape: PodShape, there: PodShape): boolean =>
  bearsOnPods(shape.demand) || there.demand.antiAffinity.length > 0 || (shape.demand.claims.length > 0 && there.demand.claims.length > 0);

/** No choice is open yet. */
export const createOpenChoices = ({ shareNodes, tellsApart }: Meeting): OpenChoices => {
  const noted = new Map<string, { readonly shape: PodShape; choice: Binding['choice'] }>();
  /** By {@link alikeOf}; until something else is noted. */
  const sure = new Map<string, boolean>();
  let isTooMany = false;
  const bearsOn = (there: PodShape, choice: Binding['choice'], shape: PodShape): boolean => {
    if (alikeOf(there) === alikeOf(shape) && restsInOneWay(shape)) return false;
    if (choice === 'alike' && !tellsApart(shape)) return false;
    return minds(shape, there) || shareNodes(there, shape);
  };
  const isFree = (shape: PodShape): boolean => {
    for (const { shape: there, choice } of noted.values()) if (bearsOn(there, choice, shape)) return false;
    return true;
  };
  const isSure = (shape: PodShape): boolean => {
    if (isTooMany || noted.size === 0) return !isTooMany;
    const alike = alikeOf(shape);
    const known = sure.get(alike) ?? isFree(shape);
    if (sure.size >= shapesMax) sure.clear();
    sure.set(alike, known);
    return known;
  };
  return {
    note: (shape, told) => {
      // What was open before and bears on these pods leaves open where they are, and how many find a node.
      const choice = isSure(shape) ? told : 'unlike';
      if (choice === 'none') return;
      const key = alikeOf(shape);
      const known = noted.get(key);
      if (known?.choice === choice) return;
      sure.clear();
      if (known === undefined && noted.size >= shapesMax) isTooMany = true;
      else if (known === undefined) noted.set(key, { shape, choice });
      else if (choice === 'unlike') known.choice = choice;
    },
    isNoted: (shape) => noted.get(alikeOf(shape))?.choice === 'unlike',
    isSure,
  };
};
