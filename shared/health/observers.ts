/** @module Who watches whom: everybody everybody in small federations, else a few by rendezvous hash over several failure domains. */
import { hash32 } from '../lib/prng.ts';
import type { Member, Membership } from '../wire/mesh.ts';

/** Clusters up to which all watch all. */
export const allPairsMax = 20;
/** Observers of each target above that. */
export const observersMax = 7;

const byName = (a: Member, b: Member): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/**
 * Observers of `target`, sorted by name; every voter reckons the same from the same membership. Rendezvous hashing (Thaler and Ravishankar
 * 1998): each observer has its own rank for each target, so that a membership change moves few. No failure domain gets more than half of
 * the seats while others have members left. Witnesses without a cluster watch everything; the hub is one only where there are fewer than
 * three clusters, because its death must never matter otherwise.
 */
export const observersOf = (target: string, { members }: Pick<Membership, 'members'>, hub: string): readonly Member[] => {
  const others = members.filter(({ name }) => name !== target && name !== hub);
  const clusters = members.filter(({ role, name }) => role === 'Cluster' && name !== hub);
  const helper = others.length < 2 && target !== hub ? members.filter(({ name }) => name === hub) : [];
  if (clusters.length <= allPairsMax) return [...others, ...helper].sort(byName);
  const ranked = others
    .map((member) => ({ member, rank: hash32(`${target}/${member.name}`) }))
    .sort((a, b) => a.rank - b.rank || byName(a.member, b.member))
    .map(({ member }) => member);
  const perDomain = new Map<string, number>();
  const seats = Math.floor(observersMax / 2);
  const chosen = ranked.filter(({ domain }) => {
    const taken = perDomain.get(domain) ?? 0;
    perDomain.set(domain, taken + 1);
    return taken < seats;
  });
  const rest = ranked.filter((member) => !chosen.includes(member));
  return [...chosen, ...rest].slice(0, observersMax).sort(byName);
};
