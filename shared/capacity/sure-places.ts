/**
 * @module How many pods must go until places for others are sure. Whoever removes replicas of a workload chooses which, so that only what holds
 * whichever of them go counts.
 */
import type { PodShape } from './pod-shape.ts';
import type { NodeLot } from './room.ts';

/** Pods alike that may go; of several lots the first ones go first. */
export type Lot = {
  readonly shape: PodShape;
  readonly count: number;
  /** Nodes that some of them are seen on; the others may be anywhere. Absent = all may. */
  readonly seenOn?: readonly NodeLot[] | undefined;
};

/** One node as amounts see it, each by place in {@link Holdings.asked}. */
export type HeldNode = {
  /** It may run the shape, and nothing but amounts decides how often. */
  readonly isOpen: boolean;
  /** What is free and promised to nobody. */
  readonly free: readonly number[];
  /** What pods hold at most. */
  readonly used: readonly number[];
};

/** The nodes of a cluster for who reckons what pods free. */
export type Holdings = {
  /** What one replica takes of each resource; above zero, places of pods among them. */
  readonly asked: readonly number[];
  /** The nodes, once for every way in which what is on its way may be bound. */
  readonly ways: readonly (readonly HeldNode[])[];
  /** What one pod of the shape gives back when it goes, at least. */
  readonly freedBy: (pods: PodShape) => readonly number[];
  /** How many of a lot are on the node at this place, at most. */
  readonly mostOn: (lot: Lot, node: number) => number;
};

/** Amounts by place in `asked` that are reckoned with as one unit of what is freed; 0 = that resource is taken from what is free only. */
type Unit = readonly number[];

/** What is sure by one unit. */
export type Proof = {
  /** Units that one of each lot frees, whichever node it is on. */
  readonly worth: readonly number[];
  /** Units that must go for so many more replicas. */
  readonly neededFor: (replicas: number) => number;
};

/** Sizes of lots that are tried as units; others count as so many of these. */
const sizesMax = 8;

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/**
 * Units to try: the size of each lot; and what divides all of them and what is asked, which tells of large pods how many times a small one they
 * are worth: all amounts at once, and each alone.
 */
const unitsOf = (asked: readonly number[], freed: readonly (readonly number[])[]): Unit[] => {
  const sizes = [...new Map(freed.map((size) => [size.join(), size])).values()].slice(0, sizesMax);
  const divisor = asked.map((amount, at) => {
    const some = freed.flatMap((size) => ((size[at] ?? 0) > 0 ? [size[at] ?? 0] : []));
    return some.length === 0 ? 0 : some.reduce(greatestDivisor, amount);
  });
  const alone = divisor.map((_, only) => divisor.map((amount, at) => (at === only ? amount : 0)));
  const units = [...sizes, divisor.with(-1, 0), ...alone].filter((unit) => unit.some((amount) => amount > 0));
  return [...new Map(units.map((unit) => [unit.join(), unit])).values()];
};

/** Whole units in an amount. */
const unitsIn = (amounts: readonly number[], unit: Unit): number => {
  let most = Number.POSITIVE_INFINITY;
  for (let at = 0; at < unit.length; at++) {
    const size = unit[at] ?? 0;
    if (size > 0) most = Math.min(most, Math.floor(Math.max(0, amounts[at] ?? 0) / size));
  }
  return most;
};

/** How many replicas the free amounts of a node hold; with `unit` by the resources alone that it frees nothing of. */
const fitsIn = ({ free }: HeldNode, asked: readonly number[], unit?: Unit): number => {
  let most = Number.POSITIVE_INFINITY;
  for (let at = 0; at < asked.length; at++) {
    if (unit === undefined || unit[at] === 0) most = Math.min(most, Math.max(0, Math.floor((free[at] ?? 0) / (asked[at] ?? 1))));
  }
  return most;
};

/** Units that a node must lose before so many replicas fit; beyond every number where no units help. */
const unitsFor = ({ free }: HeldNode, asked: readonly number[], unit: Unit, replicas: number): number => {
  let most = 0;
  for (let at = 0; at < asked.length; at++) {
    const short = replicas * (asked[at] ?? 0) - (free[at] ?? 0);
    if (short > 0) most = Math.max(most, Math.ceil(short / (unit[at] ?? 0)));
  }
  return most;
};

/** Units of one more replica, at most, once one has come. */
const unitsEach = (asked: readonly number[], unit: Unit): number =>
  asked.reduce((most, amount, at) => ((unit[at] ?? 0) > 0 ? Math.max(most, Math.ceil(amount / (unit[at] ?? 1))) : most), 0);

/**
 * What nodes can lose at most for so many replicas, at `each` a replica: each node no more than what it holds beyond the loss for nothing.
 */
const lossBy = (each: number, spare: readonly number[]): ((replicas: number) => number) => {
  const whole = spare.reduce((sum, units) => sum + Math.floor(units / each), 0);
  const rests = spare.map((units) => units % each).sort((a, b) => b - a);
  return (replicas) =>
    each * Math.min(replicas, whole) + rests.slice(0, Math.max(0, replicas - whole)).reduce((sum, units) => sum + units, 0);
};

/**
 * What is sure on one binding of the nodes. A node may lose units and take no further replica as long as they are fewer than
 * {@link unitsFor} the next one: when more go than all nodes together can lose so, one of them takes a replica (the pigeonhole principle).
 */
const neededOn = (
  nodes: readonly HeldNode[],
  asked: readonly number[],
  unit: Unit,
  heldOn: (node: number, most: number) => number,
): Proof['neededFor'] => {
  let [held, lost, replicasMax] = [0, 0, Number.POSITIVE_INFINITY];
  const places: HeldNode[] = [];
  const spare: number[] = [];
  nodes.forEach((node, at) => {
    const most = heldOn(at, unitsIn(node.used, unit));
    if (most === 0) return;
    const fits = fitsIn(node, asked);
    const needed = node.isOpen ? unitsFor(node, asked, unit, fits + 1) : Number.POSITIVE_INFINITY;
    held += most;
    lost += Math.min(most, needed - 1);
    places.push(node);
    if (needed > most) return;
    spare.push(most - needed + 1);
    // Of what units do not free the node has enough for so many: beyond them it may lose all the rest for nothing.
    replicasMax = Math.min(replicasMax, fitsIn(node, asked, unit) - fits);
  });
  const further = lossBy(unitsEach(asked, unit), spare);
  const [only] = places;
  return (replicas) => {
    const isOne = places.length === 1 && only?.isOpen === true;
    const needed = isOne ? unitsFor(only, asked, unit, fitsIn(only, asked) + replicas) : lost + 1 + further(replicas - 1);
    return replicas > replicasMax || needed > held ? Number.POSITIVE_INFINITY : needed;
  };
};

const proofOf = (holdings: Holdings, unit: Unit, lots: readonly Lot[], freed: readonly (readonly number[])[]): Proof => {
  const worth = freed.map((size) => unitsIn(size, unit));
  const available = lots.reduce((sum, { count }, at) => sum + count * (worth[at] ?? 0), 0);
  /** Units that go from a node at most; no more than `most`, which its amounts allow. */
  const heldOn = (node: number, most: number): number => {
    const limit = Math.min(available, most);
    let units = 0;
    for (let at = 0; at < lots.length && units < limit; at++) {
      const lot = lots[at];
      if (lot !== undefined && (worth[at] ?? 0) > 0) units += holdings.mostOn(lot, node) * (worth[at] ?? 0);
    }
    return Math.min(units, limit);
  };
  const ways = available === 0 ? [] : holdings.ways.map((nodes) => neededOn(nodes, holdings.asked, unit, heldOn));
  return {
    worth,
    neededFor: (replicas) => (ways.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...ways.map((needed) => needed(replicas)))),
  };
};

/** What is sure by each unit that is worth a try. */
export const proofsOf = (holdings: Holdings, lots: readonly Lot[]): Proof[] => {
  const freed = lots.map((lot) => holdings.freedBy(lot.shape));
  return unitsOf(holdings.asked, freed).map((unit) => proofOf(holdings, unit, lots, freed));
};
