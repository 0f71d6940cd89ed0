/**
 * @module Which pods go so that others fit. As kube-scheduler has it (`default_preemption.go`): each of the others gets a node of its own choice,
 * and of the pods of lower rank there all go but those that can stay beside it, the lowest first. Where nobody knows on which nodes pods are, or
 * more than amounts decides, one goes for one that asks for no more.
 */
import type { Holdings } from './holdings.ts';
import type { PodShape } from './pod-shape.ts';
import type { ClusterRoom } from './room.ts';

/** Pods of a workload on one node: those that are bound, the ones of them that are ready, and of these the ones that were chosen to go. */
export type PodsOnNode = { readonly bound: number; readonly ready: number; readonly leaving: number };

/** Pods alike that may go. Lots come in the order in which they go. */
export type Lot = {
  readonly shape: PodShape;
  readonly count: number;
  /** By the name of the node; undefined = not known. */
  readonly on?: ReadonlyMap<string, PodsOnNode> | undefined;
  /** Those that go can be chosen: they leave the node that they are to leave. Of others any may go. */
  readonly isChosen: boolean;
  /** The lowest rank goes first. */
  readonly rank: number;
  /** What else is lost when one of them goes. */
  readonly loss: number;
};

/** A place for one more. */
export type MadePlace = {
  /** Undefined = that of the one that goes, whichever node it is on. */
  readonly node: string | undefined;
  /** How many of each lot go for it, and how many of these leave the node; the others are those that go before any that is chosen. */
  readonly gone: readonly { readonly lot: number; readonly count: number; readonly leave: number }[];
};

/** So many go for one at the most where they cannot be chosen and leave other nodes as well: nearly all would come back. */
const goneMax = 64;

/** True when a pod of `freed` gives back, where it is, at least what one of `shape` asks for, on a node that may run either. */
const isPlaceFor = (freed: PodShape, shape: PodShape): boolean => {
  const amounts = new Map(freed.requests);
  const isFree = shape.nodeTerms === undefined && Object.keys(shape.nodeSelector).length === 0;
  const isAlike = JSON.stringify([freed.nodeTerms, freed.nodeSelector]) === JSON.stringify([shape.nodeTerms, shape.nodeSelector]);
  return (isFree || isAlike) && shape.requests.every(([resource, amount]) => (amounts.get(resource) ?? 0) >= amount);
};

/** What a place costs, by what comes first: the rank of the highest that goes, what is lost besides, how many go, their ranks. */
type Cost = readonly [rank: number, loss: number, count: number, ranks: number];

const isLess = (a: Cost, b: Cost): boolean => {
  for (let at = 0; at < a.length; at++) {
    const [one, other] = [a[at] ?? 0, b[at] ?? 0];
    if (one !== other) return one < other;
  }
  return false;
};

type Priced = { readonly place: MadePlace; readonly cost: Cost };

/** Pods of one lot on one node; `left` of them have not gone, `leaving` were on their way out before. */
type Here = { readonly lot: number; readonly all: number; readonly leaving: number; left: number };

/** What has gone so far. */
type Tally = { readonly lots: readonly Lot[]; readonly gone: number[] };

const priced = ({ lots, gone }: Tally, place: MadePlace): Priced => {
  let [rank, loss, count, ranks] = [Number.NEGATIVE_INFINITY, 0, 0, 0];
  for (const one of place.gone) {
    const lot = lots[one.lot];
    if (lot === undefined) continue;
    rank = Math.max(rank, lot.rank);
    loss += gone[one.lot] === 0 ? lot.loss : 0;
    count += one.count;
    ranks += one.count * lot.rank;
  }
  return { place, cost: [rank, loss, count, ranks] };
};

/** Those that go before any that is chosen: they are bound nowhere, or are not ready (controller_utils.go, ActivePodsWithRanks). */
const earlyOf = ({ count, on }: Lot): number => {
  let ready = 0;
  for (const pods of on?.values() ?? []) ready += pods.ready - pods.leaving;
  return Math.max(0, count - ready);
};

/** All of them are on one node, so that it does not matter which of them go. */
const areOnOne = ({ on, count }: Lot): boolean => on?.size === 1 && [...on.values()].every(({ bound }) => bound >= count);

/** In a cluster of one node everything is there; of what is on one node nobody has to choose. */
const located = (lot: Lot, { nodes }: Holdings): Lot => {
  const [only, ...others] = nodes;
  if (only !== undefined && others.length === 0) {
    const bound = Math.max(lot.count, lot.on?.get(only.name)?.bound ?? 0);
    return { ...lot, isChosen: false, on: new Map([[only.name, { bound, ready: bound, leaving: 0 }]]) };
  }
  return areOnOne(lot) ? { ...lot, isChosen: false } : lot;
};

/** How many replicas of what is asked the amounts hold. */
const fitsIn = (free: readonly number[], asked: readonly number[]): number => {
  let most = Number.POSITIVE_INFINITY;
  for (let at = 0; at < asked.length; at++) most = Math.min(most, Math.floor((free[at] ?? 0) / (asked[at] ?? 1)));
  return Math.max(0, most);
};

const add = (free: number[], amounts: readonly number[], times: number): void => {
  for (let at = 0; at < free.length; at++) free[at] = (free[at] ?? 0) + (amounts[at] ?? 0) * times;
};

/** How many pods that hold so much may stay beside one that takes `asked` of what is free with all of them gone. */
const mayStay = (free: readonly number[], asked: readonly number[], held: readonly number[]): number => {
  let most = Number.POSITIVE_INFINITY;
  for (let at = 0; at < asked.length; at++) {
    const amount = held[at] ?? 0;
    if (amount > 0) most = Math.min(most, Math.floor(((free[at] ?? 0) - (asked[at] ?? 0)) / amount));
  }
  return most;
};

/** A node that may run the shape, with what may go there; `free` is without what fits there now. */
type OpenNode = { readonly name: string; readonly free: number[]; readonly here: Here[] };

/** The places that nodes of known amounts can give. */
class NodePlaces {
  readonly #tally: Tally;
  readonly #asked: readonly number[];
  readonly #freed: readonly (readonly number[])[];
  readonly #early: readonly number[];
  readonly #nodes: readonly OpenNode[];
  #best: (Priced | undefined)[];

  constructor(tally: Tally, holdings: Holdings, isOfNodes: (lot: number) => boolean) {
    const { lots } = tally;
    this.#tally = tally;
    this.#asked = holdings.asked;
    this.#freed = lots.map(({ shape }) => holdings.freedBy(shape));
    this.#early = lots.map((lot) => (lot.isChosen ? earlyOf(lot) : 0));
    const byName = new Map<string, Here[]>();
    lots.forEach(({ on, isChosen }, lot) => {
      if (!isOfNodes(lot) || this.#freed[lot]?.some((amount, at) => amount > 0 && at < holdings.asked.length - 1) !== true) return;
      for (const [name, { bound, ready, leaving: told }] of on ?? []) {
        const [all, leaving] = isChosen ? [ready, told] : [bound, 0];
        const here = byName.get(name) ?? [];
        byName.set(name, here);
        if (all > 0) here.push({ lot, all, leaving, left: all - leaving });
      }
    });
    this.#nodes = holdings.nodes.flatMap(({ name, isOpen, free }): OpenNode[] => {
      const here = byName.get(name);
      if (!isOpen || here === undefined || here.length === 0) return [];
      const left = [...free];
      add(left, holdings.asked, -fitsIn(free, holdings.asked));
      for (const { lot, leaving } of here) add(left, this.#freed[lot] ?? [], leaving);
      return [{ name, free: left, here }];
    });
    this.#best = this.#nodes.map((node) => this.#placeOn(node));
  }

  /** How many of the lot go in all so that `more` of those here do; beyond every number where that is too many. */
  #goneFor({ lot, all, leaving, left }: Here, more: number): number {
    const { lots, gone } = this.#tally;
    const [{ count, isChosen } = { count: 0, isChosen: false }, before = 0] = [lots[lot], gone[lot]];
    if (isChosen) return more + (before === 0 ? (this.#early[lot] ?? 0) : 0);
    const going = Math.max(0, count - all + (all - leaving - left) + more - before);
    return going > goneMax ? Number.POSITIVE_INFINITY : going;
  }

  #placeOn({ name, free: now, here }: OpenNode): Priced | undefined {
    const { lots, gone } = this.#tally;
    const free = [...now];
    const going = here.map(({ lot, left }) => {
      const [{ count, isChosen } = { count: 0, isChosen: false }, before = 0] = [lots[lot], gone[lot]];
      const early = before === 0 ? (this.#early[lot] ?? 0) : 0;
      return isChosen ? Math.max(0, Math.min(left, count - before - early)) : left;
    });
    here.forEach(({ lot }, at) => {
      add(free, this.#freed[lot] ?? [], going[at] ?? 0);
    });
    if (fitsIn(free, this.#asked) === 0) return undefined;
    for (let at = here.length - 1; at >= 0; at--) {
      const held = this.#freed[here[at]?.lot ?? -1] ?? [];
      const stay = Math.max(0, Math.min(going[at] ?? 0, mayStay(free, this.#asked, held)));
      going[at] = (going[at] ?? 0) - stay;
      add(free, held, -stay);
    }
    const all = here.flatMap((one, at) => {
      const more = going[at] ?? 0;
      return more === 0 ? [] : [{ lot: one.lot, count: this.#goneFor(one, more), leave: more }];
    });
    return all.some(({ count }) => count === Number.POSITIVE_INFINITY) ? undefined : priced(this.#tally, { node: name, gone: all });
  }

  best(): Priced | undefined {
    let best: Priced | undefined;
    for (const one of this.#best) if (one !== undefined && (best === undefined || isLess(one.cost, best.cost))) best = one;
    return best;
  }

  /** The place is taken: what goes for it is in the tally. */
  take({ node, gone }: MadePlace): void {
    const at = this.#nodes.findIndex(({ name }) => name === node);
    const taken = this.#nodes[at];
    if (taken !== undefined) {
      for (const one of taken.here) {
        const leave = gone.find(({ lot }) => lot === one.lot)?.leave ?? 0;
        one.left -= leave;
        add(taken.free, this.#freed[one.lot] ?? [], leave);
      }
      add(taken.free, this.#asked, -1);
    }
    // Only where lots are on other nodes as well may what has gone change what others cost.
    const changed = new Set(gone.map(({ lot }) => lot));
    this.#best = this.#best.map((known, other) => {
      const open = this.#nodes[other];
      return open !== undefined && (other === at || open.here.some(({ lot }) => changed.has(lot))) ? this.#placeOn(open) : known;
    });
  }
}

/** The cheapest place of one that goes, whichever node it is on. */
const anywhere = (tally: Tally, open: readonly number[]): Priced | undefined => {
  let best: Priced | undefined;
  for (const lot of open) {
    if ((tally.lots[lot]?.count ?? 0) <= (tally.gone[lot] ?? 0)) continue;
    const one = priced(tally, { node: undefined, gone: [{ lot, count: 1, leave: 0 }] });
    if (best === undefined || isLess(one.cost, best.cost)) best = one;
  }
  return best;
};

/**
 * Places for further replicas beyond those that fit now, at most `limit`: each is sure with what goes for it and for those before it. Of equal
 * ones the first node, and the first lot.
 */
export const placesMade = (room: ClusterRoom, shape: PodShape, given: readonly Lot[], limit: number): readonly MadePlace[] => {
  const holdings = room.holdings?.(shape);
  const lots = holdings === undefined ? given : given.map((lot) => located(lot, holdings));
  const tally: Tally = { lots, gone: lots.map(() => 0) };
  const isOfNodes = (at: number): boolean => {
    const lot = lots[at];
    if (holdings === undefined || lot?.on === undefined) return false;
    return lot.isChosen || areOnOne(lot) || !isPlaceFor(lot.shape, shape);
  };
  const ofNodes = holdings === undefined ? undefined : new NodePlaces(tally, holdings, isOfNodes);
  const oneForOne = lots.flatMap((lot, at) => (!isOfNodes(at) && isPlaceFor(lot.shape, shape) ? [at] : []));
  const places: MadePlace[] = [];
  while (places.length < limit) {
    const [node, other] = [ofNodes?.best(), anywhere(tally, oneForOne)];
    const next = node === undefined || (other !== undefined && isLess(other.cost, node.cost)) ? other : node;
    if (next === undefined) break;
    places.push(next.place);
    for (const { lot, count } of next.place.gone) tally.gone[lot] = (tally.gone[lot] ?? 0) + count;
    if (next === node) ofNodes?.take(next.place);
  }
  return places;
};
