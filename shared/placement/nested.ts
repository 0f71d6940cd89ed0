/**
 * @module The best division under hard constraints whose domains nest (provider, region, cluster): an exact choice of domains by dynamic
 * programming over the tree they form, then seats in order of preference that never leave the exact optimum. Under fixed domains and skew
 * levels the divisions form a laminar polymatroid, on which that greedy is exact (facts `capacity.md` §4.1).
 */
import { compareSeats, type Line } from './line.ts';
import { type Column, isLimited, type Problem, type Spread, sumOf, unlimited } from './problem.ts';

/** Work beyond these is not begun: the caller keeps what it has. */
const levelsMax = 4_096;
const statesMax = 4_000;
const mergesMax = 2_000_000;
const frontMax = 8;
const seatStepsMax = 20_000_000;

/** A domain with candidates that have room; the root has level -1. */
type Node = {
  readonly level: number;
  readonly domain: number;
  readonly children: Node[];
  readonly candidates: number[];
};

/** The constraints from the coarsest to the finest, and the tree of their domains; undefined when two of them cross. */
type Tree = { readonly levels: readonly Spread[]; readonly root: Node };

const treeOf = (problem: Problem): Tree | undefined => {
  const levels = problem.spreads.filter(({ hard }) => hard).sort((a, b) => a.eligible - b.eligible);
  const root: Node = { level: -1, domain: -1, children: [], candidates: [] };
  const nodes = levels.map(() => new Map<number, { node: Node; parent: Node }>());
  for (let at = 0; at < problem.max.length; at++) {
    if ((problem.max[at] ?? 0) <= 0) continue;
    let parent = root;
    for (let level = 0; level < levels.length; level++) {
      const domain = levels[level]?.of[at] ?? -1;
      const known = nodes[level]?.get(domain);
      if (known !== undefined && known.parent !== parent) return undefined;
      const node = known?.node ?? { level, domain, children: [], candidates: [] };
      if (known === undefined) {
        parent.children.push(node);
        nodes[level]?.set(domain, { node, parent });
      }
      parent = node;
    }
    parent.candidates.push(at);
  }
  return { levels, root };
};

/** One way to use domains of a subtree: what it can and must hold at least, and present replicas it can keep. */
type Way = {
  readonly upper: number;
  readonly lower: number;
  readonly kept: number;
  /** Seats that must be new. */
  readonly fresh: number;
  /** Used nodes: this one, and those of the ways it is made of. */
  readonly node: Node | undefined;
  readonly parts: readonly Way[];
};

/** Present replicas that stay when a way holds all it can. */
const keptOf = (way: Way): number => Math.min(way.kept, way.upper - way.fresh);

/** Ways by how many domains of each counted level they use (mixed radix). */
type Ways = Map<number, Way[]>;

const nothingUsed: Way = { upper: 0, lower: 0, kept: 0, fresh: 0, node: undefined, parts: [] };

const isDominated = (way: Way, other: Way): boolean =>
  other.upper >= way.upper && other.lower <= way.lower && other.kept >= way.kept && other.fresh <= way.fresh;

const addWay = (ways: Ways, state: number, way: Way): void => {
  const front = ways.get(state);
  if (front === undefined) {
    ways.set(state, [way]);
    return;
  }
  if (front.some((other) => isDominated(way, other))) return;
  const left = front.filter((other) => !isDominated(other, way));
  left.push(way);
  if (left.length > frontMax)
    left.sort((a, b) => b.upper - a.upper || a.lower - b.lower || b.kept - a.kept || a.fresh - b.fresh).length = frontMax;
  ways.set(state, left);
};

/** How many domains of each level are counted, and how counts add up. */
type Counting = {
  readonly caps: readonly number[];
  readonly steps: readonly number[];
  readonly exact: readonly boolean[];
  readonly states: number;
};

const countingOf = (levels: readonly Spread[]): Counting => {
  const caps = levels.map((spread) => (isLimited(spread) ? spread.maxDomains : Math.min(spread.minDomains, spread.eligible)));
  const steps: number[] = [];
  let states = 1;
  for (const cap of caps) {
    steps.push(states);
    states *= cap + 1;
  }
  return { caps, steps, exact: levels.map(isLimited), states };
};

const digit = (counting: Counting, state: number, level: number): number =>
  Math.floor(state / (counting.steps[level] ?? 1)) % ((counting.caps[level] ?? 0) + 1);

/** Sum of two counts; undefined when a maximum is passed. Where only a minimum counts, more than it is the same as it. */
const addStates = (counting: Counting, a: number, b: number): number | undefined => {
  let sum = 0;
  for (let level = 0; level < counting.caps.length; level++) {
    const cap = counting.caps[level] ?? 0;
    const count = digit(counting, a, level) + digit(counting, b, level);
    if (count > cap && counting.exact[level] === true) return undefined;
    sum += Math.min(cap, count) * (counting.steps[level] ?? 1);
  }
  return sum;
};

/** The choice of domains under fixed skew levels (`floors[level]`, undefined = no skew). */
class Choice {
  readonly #problem: Problem;
  readonly #tree: Tree;
  readonly #counting: Counting;
  readonly #floors: readonly (number | undefined)[];
  #merges = 0;

  constructor(problem: Problem, tree: Tree, counting: Counting, floors: readonly (number | undefined)[]) {
    this.#problem = problem;
    this.#tree = tree;
    this.#counting = counting;
    this.#floors = floors;
  }

  bounds(level: number): { readonly least: number; readonly most: number; readonly mayBeUnused: boolean } {
    const spread = this.#tree.levels[level];
    if (spread === undefined) return { least: 0, most: this.#problem.replicas, mayBeUnused: true };
    const floor = this.#floors[level];
    const most = Math.min(spread.shareMax, floor === undefined ? unlimited : floor + spread.maxSkew, this.#problem.replicas);
    return { least: Math.max(1, floor ?? 0), most, mayBeUnused: isLimited(spread) || (floor ?? 0) === 0 };
  }

  #merge(ways: Ways, other: Ways): Ways {
    const merged: Ways = new Map();
    for (const [a, lefts] of ways) {
      for (const [b, rights] of other) {
        const state = addStates(this.#counting, a, b);
        if (state === undefined) continue;
        for (const left of lefts) {
          for (const right of rights) {
            this.#merges += 1;
            addWay(merged, state, {
              upper: Math.min(this.#problem.replicas, left.upper + right.upper),
              lower: left.lower + right.lower,
              kept: left.kept + right.kept,
              fresh: left.fresh + right.fresh,
              node: undefined,
              parts: right === nothingUsed ? (left.parts.length === 0 ? [] : [left]) : [left, right],
            });
          }
        }
      }
    }
    return merged;
  }

  /** All ways to use a node's subtree; undefined when there are too many. */
  #ways(node: Node): Ways | undefined {
    const { replicas, min, max, current } = this.#problem;
    let [upper, lower, kept, fresh] = [0, 0, 0, 0];
    for (const at of node.candidates) {
      upper = Math.min(replicas, upper + (max[at] ?? 0));
      lower += min[at] ?? 0;
      kept += current[at] ?? 0;
      fresh += Math.max(0, (min[at] ?? 0) - (current[at] ?? 0));
    }
    let ways: Ways = new Map([[0, [{ upper, lower, kept, fresh, node: undefined, parts: [] }]]]);
    let canBeUnused = lower === 0;
    for (const child of node.children) {
      const inner = this.#ways(child);
      if (inner === undefined) return undefined;
      if (inner.get(0)?.includes(nothingUsed) !== true) canBeUnused = false;
      ways = this.#merge(ways, inner);
      if (this.#merges > mergesMax) return undefined;
    }
    if (node.level < 0) return ways;
    const { least, most, mayBeUnused } = this.bounds(node.level);
    const used: Ways = new Map();
    const one = Math.min(1, this.#counting.caps[node.level] ?? 0) * (this.#counting.steps[node.level] ?? 1);
    for (const [state, front] of ways) {
      const counted = addStates(this.#counting, state, one);
      if (counted === undefined || (this.#counting.exact[node.level] === true && (this.#counting.caps[node.level] ?? 0) < 1)) continue;
      for (const way of front) {
        const bound = { upper: Math.min(most, way.upper), lower: Math.max(least, way.lower) };
        if (bound.lower > bound.upper) continue;
        const held = Math.min(way.kept, bound.upper - way.fresh);
        addWay(used, counted, { ...bound, kept: held, fresh: Math.max(way.fresh, bound.lower - held), node, parts: [way] });
      }
    }
    const mustBeUsed = this.#tree.levels[node.level]?.mustUse?.[node.domain] === 1;
    if (mayBeUnused && canBeUnused && !mustBeUsed) used.set(0, [...(used.get(0) ?? []), nothingUsed]);
    return used;
  }

  /** The way that places most, then keeps most; undefined when none holds. */
  best(): Way | undefined {
    let best: Way | undefined;
    for (const [state, front] of this.#ways(this.#tree.root) ?? []) {
      const isReached = this.#tree.levels.every(
        (spread, level) => digit(this.#counting, state, level) >= Math.min(spread.minDomains, this.#counting.caps[level] ?? 0),
      );
      if (!isReached) continue;
      for (const way of front) {
        if (way.lower > this.#problem.replicas) continue;
        if (best === undefined || way.upper > best.upper || (way.upper === best.upper && keptOf(way) > keptOf(best))) best = way;
      }
    }
    return best;
  }
}

const usedNodes = (way: Way): Set<Node> => {
  const used = new Set<Node>();
  const open = [way];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.node !== undefined) used.add(next.node);
    open.push(...next.parts);
  }
  return used;
};

/** A node while seats are given. `need` = seats that must still go into it. */
type Slot = { readonly parent: Slot | undefined; readonly least: number; readonly most: number; has: number; need: number; inner: number };

/** Seats in the order of the line, each only if what must follow still fits. */
const seatWithin = (problem: Problem, tree: Tree, choice: Choice, way: Way, line: Line): Column | undefined => {
  const used = usedNodes(way);
  const total = Math.min(problem.replicas, way.upper);
  const slotOf = new Array<Slot | undefined>(problem.max.length).fill(undefined);
  const build = (node: Node, parent: Slot | undefined): Slot => {
    const { least, most } = node.level < 0 ? { least: 0, most: total } : choice.bounds(node.level);
    const slot: Slot = { parent, least, most, has: 0, need: 0, inner: 0 };
    for (const at of node.candidates) {
      slotOf[at] = slot;
      slot.inner += problem.min[at] ?? 0;
    }
    for (const child of node.children) if (used.has(child)) slot.inner += build(child, slot).need;
    slot.need = Math.max(slot.least, slot.inner);
    return slot;
  };
  build(tree.root, undefined);
  const counts = new Float64Array(problem.max.length);
  const open = [...counts.keys()].filter((at) => slotOf[at] !== undefined && (problem.max[at] ?? 0) > 0);
  if (open.length * total > seatStepsMax) return undefined;
  const mayTake = (at: number, left: number): boolean => {
    let relief = (counts[at] ?? 0) < (problem.min[at] ?? 0) ? 1 : 0;
    for (let slot = slotOf[at]; slot !== undefined; slot = slot.parent) {
      const need = Math.max(slot.least - slot.has - 1, slot.inner - relief, 0);
      if (slot.has + 1 + need > slot.most) return false;
      relief = slot.need - need;
      if (slot.parent === undefined && need > left - 1) return false;
    }
    return true;
  };
  const take = (at: number): void => {
    let relief = (counts[at] ?? 0) < (problem.min[at] ?? 0) ? 1 : 0;
    counts[at] = (counts[at] ?? 0) + 1;
    for (let slot = slotOf[at]; slot !== undefined; slot = slot.parent) {
      slot.has += 1;
      slot.inner -= relief;
      const need = Math.max(slot.least - slot.has, slot.inner, 0);
      relief = slot.need - need;
      slot.need = need;
    }
  };
  for (let left = total; left > 0; left--) {
    let best = -1;
    for (const at of open) {
      if ((counts[at] ?? 0) >= (problem.max[at] ?? 0)) continue;
      if ((best < 0 || compareSeats(line, counts, at, best) < 0) && mayTake(at, left)) best = at;
    }
    if (best < 0) break;
    take(best);
  }
  return counts;
};

/** Skew levels to try, one list a combination, the highest first; undefined when there are too many. */
const floorsOf = (problem: Problem, tree: Tree): (number | undefined)[][] | undefined => {
  let lists: (number | undefined)[][] = [[]];
  for (const spread of tree.levels) {
    let choices: (number | undefined)[] = [undefined];
    if (spread.maxSkew < unlimited) {
      const rooms = spread.names.map(() => 0);
      for (let at = 0; at < problem.max.length; at++) {
        const domain = spread.of[at] ?? -1;
        rooms[domain] = Math.min(problem.replicas, (rooms[domain] ?? 0) + (problem.max[at] ?? 0));
      }
      const eligible = rooms.filter((_, domain) => (spread.sizes[domain] ?? 0) > 0);
      const highest = isLimited(spread)
        ? eligible.reduce((a, b) => Math.max(a, b), 0)
        : Math.min(
            eligible.reduce((a, b) => Math.min(a, b), problem.replicas),
            Math.floor(problem.replicas / Math.max(1, eligible.length)),
          );
      if (highest >= levelsMax) return undefined;
      choices = Array.from({ length: highest + 1 }, (_, at) => highest - at);
    }
    if (lists.length * choices.length > levelsMax) return undefined;
    lists = lists.flatMap((list) => choices.map((floor) => [...list, floor]));
  }
  return lists;
};

/**
 * A division that places as many replicas as any under the hard constraints. Answers undefined when their domains cross or there is too much
 * to try; counts of 0 when nothing can hold.
 */
export const divideNested = (problem: Problem, line: Line, bound: number): Column | undefined => {
  const tree = treeOf(problem);
  if (tree === undefined) return undefined;
  const counting = countingOf(tree.levels);
  const floors = floorsOf(problem, tree);
  if (floors === undefined || counting.states > statesMax) return undefined;
  const none = new Float64Array(problem.max.length);
  if (sumOf(problem.min) > problem.replicas || tree.levels.some(({ minDomains, eligible }) => minDomains > eligible)) return none;
  let best: { readonly choice: Choice; readonly way: Way } | undefined;
  for (const list of floors) {
    const choice = new Choice(problem, tree, counting, list);
    const way = choice.best();
    if (way === undefined) continue;
    const isBetter = best === undefined || way.upper > best.way.upper || (way.upper === best.way.upper && keptOf(way) > keptOf(best.way));
    if (isBetter) best = { choice, way };
    if (way.upper >= bound && keptOf(way) >= Math.min(bound, sumOf(problem.current))) break;
  }
  return best === undefined ? none : seatWithin(problem, tree, best.choice, best.way, line);
};
