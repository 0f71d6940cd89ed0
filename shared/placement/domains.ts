/** @module Which domains are used where a maximum binds: those in use first, then earlier tiers, then most room, then name. */
import { type Allowed, isLimited, type Problem, type Spread, unlimited } from './problem.ts';

/** What a domain is chosen by. */
type DomainFacts = { readonly domain: number; readonly members: number[]; inUse: boolean; rank: number; room: number };

const factsOf = (problem: Problem, spread: Spread, open: Allowed): DomainFacts[] => {
  const facts = spread.names.map((_, domain): DomainFacts => ({ domain, members: [], inUse: false, rank: unlimited, room: 0 }));
  for (let at = 0; at < problem.max.length; at++) {
    const entry = facts[spread.of[at] ?? -1];
    const most = problem.max[at] ?? 0;
    if (entry === undefined || most <= 0 || open?.has(at) === false) continue;
    entry.members.push(at);
    entry.room = Math.min(unlimited, entry.room + most);
    entry.rank = Math.min(entry.rank, problem.rank[at] ?? 0);
    if ((problem.current[at] ?? 0) > 0) entry.inUse = true;
  }
  return facts;
};

const byPreference = (a: DomainFacts, b: DomainFacts): number =>
  Number(b.inUse) - Number(a.inUse) || a.rank - b.rank || b.room - a.room || a.domain - b.domain;

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

/** Greedy by preference, keeping places for domains that other constraints need. */
const choose = (problem: Problem, spread: Spread, open: Allowed): Set<number> => {
  const left = factsOf(problem, spread, open)
    .filter(({ room }) => room > 0)
    .sort(byPreference);
  const needs = needsOf(spread, problem);
  const chosen = new Set<number>();
  while (chosen.size < spread.maxDomains && left.length > 0) {
    const places = spread.maxDomains - chosen.size;
    const pressed = needs.find((need) => need.count - need.have.size >= places && need.count > need.have.size);
    const helping =
      pressed === undefined ? -1 : left.findIndex(({ members }) => members.some((at) => !pressed.have.has(pressed.other.of[at] ?? -1)));
    const taken = left.splice(Math.max(0, helping), 1)[0];
    if (taken === undefined) break;
    chosen.add(taken.domain);
    for (const need of needs) for (const at of taken.members) need.have.add(need.other.of[at] ?? -1);
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
  let open: Allowed;
  const order = [...spreads.keys()].sort((a, b) => (spreads[a]?.eligible ?? 0) - (spreads[b]?.eligible ?? 0) || a - b);
  for (const at of order) {
    const spread = spreads[at];
    if (spread === undefined || !isLimited(spread)) continue;
    const chosen = choose(problem, spread, open);
    allowed[at] = chosen;
    if (!spread.hard) continue;
    const next = new Set<number>();
    for (let candidate = 0; candidate < spread.of.length; candidate++) {
      if (open?.has(candidate) !== false && chosen.has(spread.of[candidate] ?? -1)) next.add(candidate);
    }
    open = next;
  }
  return { allowed, isOpen: (candidate) => open?.has(candidate) !== false };
};
