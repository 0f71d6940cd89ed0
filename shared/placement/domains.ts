/** @module Which domains are used where a maximum binds: those in use first, then earlier tiers, then most room, then name. */
import { IndexHeap } from '../lib/index-heap.ts';
import { createBlank, createBlanks, createScratch } from '../lib/scratch.ts';
import { type Allowed, type Column, isLimited, nothingIn, type Problem, type Spread, unlimited } from './problem.ts';

/** What domains are chosen by, one value a domain. */
type DomainFacts = { readonly inUse: Column; readonly rank: Column; readonly room: Column };

/** Candidates that may still be used, 1 each; undefined = all. */
type Open = Uint8Array | undefined;

const isIn = (open: Open, candidate: number): boolean => open === undefined || open[candidate] === 1;

const inUseOf = createBlank();
const rankOf = createBlank();
const roomOf = createBlank();

const factsOf = ({ max, room: rooms, rank: ranks, current }: Problem, spread: Spread, open: Open): DomainFacts => {
  const size = spread.names.length;
  const inUse = inUseOf(size);
  const rank = rankOf(size).fill(unlimited);
  const room = roomOf(size);
  for (let at = 0; at < max.length; at++) {
    const domain = spread.of[at] as number;
    if (domain < 0 || (max[at] as number) <= 0 || !isIn(open, at)) continue;
    room[domain] = Math.min(unlimited, (room[domain] as number) + (rooms[at] as number));
    if ((ranks[at] as number) < (rank[domain] as number)) rank[domain] = ranks[at] as number;
    if ((current[at] as number) > 0) inUse[domain] = 1;
  }
  return { inUse, rank, room };
};

const byPreference =
  ({ inUse, rank, room }: DomainFacts) =>
  (a: number, b: number): boolean =>
    ((inUse[b] as number) - (inUse[a] as number) ||
      (rank[a] as number) - (rank[b] as number) ||
      (room[b] as number) - (room[a] as number) ||
      a - b) < 0;

/** Domains of another constraint that the choice should reach. */
type Need = { readonly other: Spread; readonly count: number; readonly have: Set<number> };

const needsOf = (spread: Spread, { spreads, replicas }: Problem): Need[] =>
  spreads
    .filter((other) => other !== spread && other.hard)
    .map((other) => {
      const all = Math.min(other.eligible, other.maxDomains);
      // So many domains are needed to hold all replicas under the share of one.
      const shares = other.shareMax === unlimited ? 0 : Math.ceil(replicas / Math.max(1, other.shareMax));
      const least = Math.min(all, Math.max(other.minDomains, shares));
      return { other, count: other.maxSkew < unlimited ? all : least, have: new Set<number>() };
    })
    .filter(({ count }) => count > 0);

/** Candidates by domain: those of domain d are `members[start[d]]` up to `members[start[d + 1]]`. */
type ByDomain = { readonly start: Int32Array; readonly members: Int32Array };

const noDomains: ByDomain = { start: new Int32Array(0), members: new Int32Array(0) };

const startsOf = createScratch();
const membersOf = createScratch();

const byDomain = ({ max }: Problem, spread: Spread, open: Open): ByDomain => {
  const { of } = spread;
  const domains = spread.names.length;
  const counted = (at: number): boolean => (of[at] as number) >= 0 && (max[at] as number) > 0 && isIn(open, at);
  // One place further on while members are put in: each start moves up to that of the next domain.
  const start = startsOf(domains + 2).fill(0, 0, domains + 2);
  for (let at = 0; at < max.length; at++) if (counted(at)) start[(of[at] as number) + 2] = (start[(of[at] as number) + 2] as number) + 1;
  for (let domain = 2; domain <= domains; domain++) start[domain] = (start[domain] as number) + (start[domain - 1] as number);
  const members = membersOf(max.length);
  for (let at = 0; at < max.length; at++) {
    if (!counted(at)) continue;
    const next = (of[at] as number) + 1;
    const place = start[next] as number;
    members[place] = at;
    start[next] = place + 1;
  }
  return { start, members };
};

/** True when a candidate in the domain gives the need another one. */
const helps = ({ start, members }: ByDomain, { have, other }: Need, domain: number): boolean => {
  for (let index = start[domain] as number; index < (start[domain + 1] as number); index++)
    if (!have.has(other.of[members[index] as number] as number)) return true;
  return false;
};

/** Counts what the domain gives the need. One that has enough is not looked at again. */
const meet = ({ start, members }: ByDomain, { have, other, count }: Need, domain: number): void => {
  for (let index = start[domain] as number; index < (start[domain + 1] as number) && have.size < count; index++)
    have.add(other.of[members[index] as number] as number);
};

const heldFor = createBlanks();

/** What the domains taken so far can hold together under the shares of all hard constraints. */
class Cover {
  readonly #problem: Problem;
  readonly #shared: readonly { readonly spread: Spread; readonly held: Column }[];
  readonly #inside: ByDomain;
  #total = 0;

  constructor(problem: Problem, inside: ByDomain) {
    this.#problem = problem;
    this.#inside = inside;
    const shared = problem.spreads.filter(({ hard, shareMax }) => hard && shareMax < unlimited);
    const blank = heldFor(shared.map(({ names }) => names.length));
    this.#shared = shared.map((spread, at) => ({ spread, held: blank[at] ?? nothingIn(0) }));
  }

  get isWhole(): boolean {
    return this.#total >= this.#problem.replicas;
  }

  /** Adds what the domain can hold beside the others; false when that is nothing. */
  add(domain: number): boolean {
    const { start, members } = this.#inside;
    const before = this.#total;
    for (let index = start[domain] ?? 0; index < (start[domain + 1] ?? 0) && !this.isWhole; index++) {
      const at = members[index] as number;
      let room = this.#problem.max[at] as number;
      for (const { spread, held } of this.#shared) room = Math.min(room, spread.shareMax - (held[spread.of[at] as number] ?? 0));
      if (room <= 0) continue;
      this.#total += room;
      for (const { spread, held } of this.#shared) held[spread.of[at] as number] = (held[spread.of[at] as number] ?? 0) + room;
    }
    return this.#total > before;
  }
}

/** Domains still to be taken, the most preferred first, and which of them a choice may pass over for now. */
class Preferred {
  readonly #queue: IndexHeap;
  readonly #chosen: Uint8Array;
  /** Passed over, the most preferred first. */
  readonly #passed: number[] = [];

  constructor(queue: IndexHeap, chosen: Uint8Array) {
    this.#queue = queue;
    this.#chosen = chosen;
  }

  /** The first that `isWanted`; the first of all when none is. Asks for each domain once. */
  next(isWanted: (domain: number) => boolean): number {
    for (let domain = this.#queue.pop(); domain >= 0; domain = this.#queue.pop()) {
      if (this.#chosen[domain] === 1) continue;
      if (isWanted(domain)) return domain;
      this.#passed.push(domain);
    }
    return this.first();
  }

  /** The first of all that are left; -1 = none. */
  first(): number {
    for (let domain = this.#passed.shift(); domain !== undefined; domain = this.#passed.shift())
      if (this.#chosen[domain] !== 1) return domain;
    while (this.#chosen[this.#queue.peek()] === 1) this.#queue.pop();
    return this.#queue.pop();
  }
}

/** How domains are chosen: by preference alone, or first by preference those that hold something beside the ones before. */
export type Choice = 'preferred' | 'covering';

const itemsOf = createScratch();

/** Greedy by preference, keeping places for domains that other constraints need. */
const choose = (problem: Problem, spread: Spread, open: Open, how: Choice): Uint8Array => {
  const size = spread.names.length;
  const facts = factsOf(problem, spread, open);
  const before = byPreference(facts);
  const items = itemsOf(size);
  let left = 0;
  for (let domain = 0; domain < size; domain++) if ((facts.room[domain] as number) > 0) items[left++] = domain;
  const chosen = new Uint8Array(size);
  const preferred = new Preferred(new IndexHeap(items, left, before), chosen);
  const needs = needsOf(spread, problem);
  const inside = needs.length === 0 && how === 'preferred' ? noDomains : byDomain(problem, spread, open);
  const cover = how === 'covering' ? new Cover(problem, inside) : undefined;
  /** The most preferred domain that gives the need another one; -1 = none does. */
  const helping = (need: Need): number => {
    let best = -1;
    for (let domain = 0; domain < size; domain++) {
      const isWaiting = (facts.room[domain] as number) > 0 && chosen[domain] !== 1;
      if (isWaiting && (best < 0 || before(domain, best)) && helps(inside, need, domain)) best = domain;
    }
    return best;
  };
  for (let used = 0; used < spread.maxDomains && left > 0; used++, left--) {
    const places = spread.maxDomains - used;
    const pressed = needs.find((need) => need.count - need.have.size >= places && need.count > need.have.size);
    const wanted = pressed === undefined ? -1 : helping(pressed);
    const isCovering = wanted < 0 && cover !== undefined && !cover.isWhole;
    const domain = wanted >= 0 ? wanted : isCovering ? preferred.next((one) => cover.add(one)) : preferred.first();
    if (domain < 0) break;
    if (wanted >= 0) cover?.add(domain);
    chosen[domain] = 1;
    for (const need of needs) meet(inside, need, domain);
  }
  return chosen;
};

/** Per constraint the domains that may be used, and whether each candidate is within all hard ones. */
export type Chosen = { readonly allowed: readonly Allowed[]; readonly isOpen: (candidate: number) => boolean };

const everyCandidate = (): boolean => true;

/** Applies every maximum, the constraint with the fewest domains first. */
export const chooseDomains = (problem: Problem, how: Choice = 'preferred'): Chosen => {
  const { spreads } = problem;
  if (!spreads.some(isLimited)) return { allowed: spreads.map(() => undefined), isOpen: everyCandidate };
  const allowed: Allowed[] = spreads.map(() => undefined);
  let open: Open;
  const order = [...spreads.keys()].sort((a, b) => (spreads[a]?.eligible ?? 0) - (spreads[b]?.eligible ?? 0) || a - b);
  for (const at of order) {
    const spread = spreads[at];
    if (spread === undefined || !isLimited(spread)) continue;
    const chosen = choose(problem, spread, open, how);
    allowed[at] = chosen;
    if (!spread.hard) continue;
    open ??= new Uint8Array(spread.of.length).fill(1);
    for (let candidate = 0; candidate < open.length; candidate++) {
      const domain = spread.of[candidate] as number;
      if (domain < 0 || chosen[domain] !== 1) open[candidate] = 0;
    }
  }
  const mask = open;
  return { allowed, isOpen: mask === undefined ? everyCandidate : (candidate) => mask[candidate] === 1 };
};
