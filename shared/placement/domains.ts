/** @module Which domains are used where a maximum binds: those in use first, then earlier tiers, then most room, then name. */
import { IndexHeap } from '../lib/index-heap.ts';
import { type Allowed, type Column, isLimited, type Problem, type Spread, unlimited } from './problem.ts';

/** What domains are chosen by, one value a domain. */
type DomainFacts = { readonly inUse: Uint8Array; readonly rank: Column; readonly room: Column };

/** Candidates that may still be used, 1 each; undefined = all. */
type Open = Uint8Array | undefined;

const isIn = (open: Open, candidate: number): boolean => open === undefined || open[candidate] === 1;

const factsOf = ({ max, rank: ranks, current }: Problem, spread: Spread, open: Open): DomainFacts => {
  const size = spread.names.length;
  const inUse = new Uint8Array(size);
  const rank = new Float64Array(size).fill(unlimited);
  const room = new Float64Array(size);
  for (let at = 0; at < max.length; at++) {
    const domain = spread.of[at] as number;
    const most = max[at] as number;
    if (domain < 0 || most <= 0 || !isIn(open, at)) continue;
    room[domain] = Math.min(unlimited, (room[domain] as number) + most);
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

const byDomain = ({ max }: Problem, spread: Spread, open: Open): ByDomain => {
  const counted = (at: number): boolean => (spread.of[at] as number) >= 0 && (max[at] as number) > 0 && isIn(open, at);
  const start = new Int32Array(spread.names.length + 1);
  for (let at = 0; at < max.length; at++)
    if (counted(at)) start[(spread.of[at] as number) + 1] = (start[(spread.of[at] as number) + 1] as number) + 1;
  for (let domain = 0; domain < spread.names.length; domain++)
    start[domain + 1] = (start[domain + 1] as number) + (start[domain] as number);
  const members = new Int32Array(start[spread.names.length] as number);
  const next = start.slice();
  for (let at = 0; at < max.length; at++) {
    if (!counted(at)) continue;
    const domain = spread.of[at] as number;
    members[next[domain] as number] = at;
    next[domain] = (next[domain] as number) + 1;
  }
  return { start, members };
};

/** Greedy by preference, keeping places for domains that other constraints need. */
const choose = (problem: Problem, spread: Spread, open: Open): Uint8Array => {
  const size = spread.names.length;
  const facts = factsOf(problem, spread, open);
  const before = byPreference(facts);
  const items = new Int32Array(size);
  let left = 0;
  for (let domain = 0; domain < size; domain++) if ((facts.room[domain] as number) > 0) items[left++] = domain;
  const waiting = items.slice(0, left);
  const queue = new IndexHeap(items, left, before);
  const chosen = new Uint8Array(size);
  const needs = needsOf(spread, problem);
  const inside = needs.length === 0 ? undefined : byDomain(problem, spread, open);
  const helps = (need: Need, domain: number): boolean => {
    for (let at = inside?.start[domain] ?? 0; at < (inside?.start[domain + 1] ?? 0); at++) {
      if (!need.have.has(need.other.of[inside?.members[at] ?? -1] ?? -1)) return true;
    }
    return false;
  };
  const take = (domain: number): void => {
    chosen[domain] = 1;
    for (const need of needs) {
      for (let at = inside?.start[domain] ?? 0; at < (inside?.start[domain + 1] ?? 0); at++) {
        need.have.add(need.other.of[inside?.members[at] ?? -1] ?? -1);
      }
    }
  };
  /** The most preferred domain that gives the need another one; -1 = none does. */
  const helping = (need: Need): number => {
    let best = -1;
    for (const domain of waiting) if (chosen[domain] !== 1 && (best < 0 || before(domain, best)) && helps(need, domain)) best = domain;
    return best;
  };
  for (let used = 0; used < spread.maxDomains && left > 0; used++, left--) {
    const places = spread.maxDomains - used;
    const pressed = needs.find((need) => need.count - need.have.size >= places && need.count > need.have.size);
    const wanted = pressed === undefined ? -1 : helping(pressed);
    while (chosen[queue.peek()] === 1) queue.pop();
    take(wanted >= 0 ? wanted : queue.pop());
  }
  return chosen;
};

/** Per constraint the domains that may be used, and whether each candidate is within all hard ones. */
export type Chosen = { readonly allowed: readonly Allowed[]; readonly isOpen: (candidate: number) => boolean };

const everyCandidate = (): boolean => true;

/** Applies every maximum, the constraint with the fewest domains first. */
export const chooseDomains = (problem: Problem): Chosen => {
  const { spreads } = problem;
  if (!spreads.some(isLimited)) return { allowed: spreads.map(() => undefined), isOpen: everyCandidate };
  const allowed: Allowed[] = spreads.map(() => undefined);
  let open: Open;
  const order = [...spreads.keys()].sort((a, b) => (spreads[a]?.eligible ?? 0) - (spreads[b]?.eligible ?? 0) || a - b);
  for (const at of order) {
    const spread = spreads[at];
    if (spread === undefined || !isLimited(spread)) continue;
    const chosen = choose(problem, spread, open);
    allowed[at] = chosen;
    if (!spread.hard) continue;
    const next = new Uint8Array(spread.of.length);
    for (let candidate = 0; candidate < next.length; candidate++) {
      const domain = spread.of[candidate] as number;
      if (domain >= 0 && chosen[domain] === 1 && isIn(open, candidate)) next[candidate] = 1;
    }
    open = next;
  }
  const mask = open;
  return { allowed, isOpen: mask === undefined ? everyCandidate : (candidate) => mask[candidate] === 1 };
};
