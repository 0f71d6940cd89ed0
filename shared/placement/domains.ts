/** @module Domains of spread constraints: which clusters share a value of a label, and which domains are used under a maximum. */
import type { SpreadConstraint } from '../api/index.ts';
import type { Candidate } from './filter.ts';

/** One constraint over the candidates of a decision. */
export type Spread = {
  readonly key: string;
  readonly hard: boolean;
  readonly minDomains: number;
  readonly maxDomains: number;
  readonly maxSkew: number;
  /** Replicas that one domain may hold. */
  readonly shareMax: number;
  /** The values of the label, sorted. */
  readonly domains: readonly string[];
  /** Domain index of each candidate; -1 = the cluster has no such label (soft constraints only). */
  readonly of: readonly number[];
};

const unlimited = Number.MAX_SAFE_INTEGER;
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The constraint over these candidates; `replicas` is what `maxShare` is a percentage of. */
export const spreadOver = (rule: SpreadConstraint, candidates: readonly Candidate[], replicas: number): Spread => {
  const values = candidates.map((candidate) =>
    Object.hasOwn(candidate.view.labels, rule.topologyKey) ? candidate.view.labels[rule.topologyKey] : undefined,
  );
  const domains = [...new Set(values.filter((value) => value !== undefined))].sort(byText);
  const index = new Map(domains.map((domain, at) => [domain, at]));
  return {
    key: rule.topologyKey,
    hard: rule.whenUnsatisfiable !== 'ScheduleAnyway',
    minDomains: rule.minDomains ?? 0,
    maxDomains: rule.maxDomains ?? unlimited,
    maxSkew: rule.maxSkew ?? unlimited,
    shareMax: rule.maxShare === undefined ? unlimited : Math.floor((replicas * rule.maxShare) / 100),
    domains,
    of: values.map((value) => (value === undefined ? -1 : (index.get(value) ?? -1))),
  };
};

/** What a domain is chosen by. */
type DomainFacts = { readonly domain: number; inUse: boolean; rank: number; room: number };

/** Tier and PreferNoSchedule taints as one number: lower goes first. */
export const rankOf = (candidate: Candidate): number => candidate.tier * 1024 + Math.min(candidate.avoid, 1023);

const factsOf = (spread: Spread, candidates: readonly Candidate[], room: readonly number[], open: ReadonlySet<number>): DomainFacts[] => {
  const facts = spread.domains.map((_, domain): DomainFacts => ({ domain, inUse: false, rank: unlimited, room: 0 }));
  candidates.forEach((candidate, at) => {
    const entry = facts[spread.of[at] ?? -1];
    const free = room[at] ?? 0;
    if (entry === undefined || !open.has(at)) return;
    entry.room = Math.min(unlimited, entry.room + free);
    if (candidate.current > 0) entry.inUse = true;
    if (free > 0) entry.rank = Math.min(entry.rank, rankOf(candidate));
  });
  return facts;
};

/** Those in use first, then earlier tiers, then most room, then name. */
const byPreference = (a: DomainFacts, b: DomainFacts): number =>
  Number(b.inUse) - Number(a.inUse) || a.rank - b.rank || b.room - a.room || a.domain - b.domain;

/** Other constraints whose domains the choice should reach, and how many of them. */
const wanted = (spread: Spread, spreads: readonly Spread[]): { readonly other: Spread; readonly count: number }[] =>
  spreads
    .filter((other) => other !== spread && other.hard)
    .map((other) => {
      const all = Math.min(other.domains.length, other.maxDomains);
      return { other, count: other.maxSkew < unlimited ? all : Math.min(all, other.minDomains) };
    })
    .filter(({ count }) => count > 0);

const reached = (spread: Spread, other: Spread, domain: number, open: ReadonlySet<number>, room: readonly number[]): Set<number> => {
  const found = new Set<number>();
  spread.of.forEach((value, at) => {
    const there = other.of[at] ?? -1;
    if (value === domain && there >= 0 && open.has(at) && (room[at] ?? 0) > 0) found.add(there);
  });
  return found;
};

/** The domains used under the constraint's maximum; greedy by preference, keeping places for domains that other constraints need. */
const choose = (
  spread: Spread,
  spreads: readonly Spread[],
  candidates: readonly Candidate[],
  room: readonly number[],
  open: ReadonlySet<number>,
): Set<number> => {
  const order = factsOf(spread, candidates, room, open)
    .filter((facts) => facts.room > 0)
    .sort(byPreference);
  const needs = wanted(spread, spreads).map((need) => ({ ...need, have: new Set<number>() }));
  const chosen = new Set<number>();
  const left = [...order];
  while (chosen.size < spread.maxDomains && left.length > 0) {
    const places = spread.maxDomains - chosen.size;
    const pressed = needs.find((need) => need.count - need.have.size >= places && need.count > need.have.size);
    const helps = (domain: number): boolean =>
      pressed !== undefined && [...reached(spread, pressed.other, domain, open, room)].some((value) => !pressed.have.has(value));
    const helping = left.findIndex((facts) => helps(facts.domain));
    const [taken] = left.splice(Math.max(0, helping), 1);
    if (taken === undefined) break;
    chosen.add(taken.domain);
    for (const need of needs) for (const value of reached(spread, need.other, taken.domain, open, room)) need.have.add(value);
  }
  return chosen;
};

/** The outcome of all maxima: per constraint the domains that may be used, and the candidates that remain under the hard ones. */
export type Chosen = { readonly allowed: readonly (ReadonlySet<number> | undefined)[]; readonly open: ReadonlySet<number> };

/** Applies every maxDomains, the constraint with the fewest domains first. `room[i]` = most replicas of candidate i. */
export const chooseDomains = (spreads: readonly Spread[], candidates: readonly Candidate[], room: readonly number[]): Chosen => {
  const allowed: (ReadonlySet<number> | undefined)[] = spreads.map(() => undefined);
  let open: ReadonlySet<number> = new Set(candidates.keys());
  const order = [...spreads.keys()].sort((a, b) => (spreads[a]?.domains.length ?? 0) - (spreads[b]?.domains.length ?? 0) || a - b);
  for (const at of order) {
    const spread = spreads[at];
    if (spread === undefined || spread.maxDomains >= spread.domains.length) continue;
    const chosen = choose(spread, spreads, candidates, room, open);
    allowed[at] = chosen;
    if (spread.hard) open = new Set([...open].filter((candidate) => chosen.has(spread.of[candidate] ?? -1)));
  }
  return { allowed, open };
};
