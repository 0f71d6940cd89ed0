/** @module Which spread constraint holds replicas back, by which of its limits and in which domains, in words. */
import { counted } from '../lib/counted.ts';
import { listed } from '../lib/listed.ts';
import { type Column, domainCounts, isLimited, leastMeasured, type Problem, unlimited } from './problem.ts';
import { usedOf } from './tally.ts';

/** Counts of each hard constraint's domains, made once a decision. */
export type Tally = { readonly sums: Column; readonly least: number; readonly used: number };

/** The tallies of the constraints at these counts. */
export const talliesOf = (problem: Problem, counts: Column): readonly Tally[] =>
  problem.spreads.map((spread) => {
    const sums = domainCounts(spread, counts);
    const least = leastMeasured(spread, sums);
    return { sums, least: least === unlimited ? 0 : least, used: usedOf(sums) };
  });

const noShare = ({ replicas }: Problem): string =>
  `maxShare of ${counted(replicas, 'replica')}, rounded down, is 0, so that none can be placed; raise maxShare or the replicas`;

/** Set where a constraint leaves no replica at all. */
export const shareless = (problem: Problem): string => {
  const spread = problem.replicas === 0 ? undefined : problem.spreads.find(({ hard, shareMax }) => hard && shareMax === 0);
  return spread === undefined ? '' : `; spread over ${spread.key}: ${noShare(problem)}`;
};

/** Set where a maximum of domains leaves room unused in others: what it is, and what would help. */
export const confined = (problem: Problem, counts: Column): string => {
  for (const spread of problem.spreads) {
    if (!spread.hard || !isLimited(spread)) continue;
    const [sums, room] = [domainCounts(spread, counts), domainCounts(spread, problem.max)];
    const used = spread.names.filter((_, domain) => (sums[domain] ?? 0) > 0);
    if (used.length < spread.maxDomains || !room.some((most, domain) => most > 0 && sums[domain] === 0)) continue;
    const verb = used.length === 1 ? 'is' : 'are';
    return `; spread over ${spread.key}: maxDomains is ${spread.maxDomains} and ${listed(used, 3)} ${verb} in use; raise maxDomains, or add room there`;
  }
  return '';
};

/** The constraint that holds a candidate at its count, and by which of its limits. */
type Block = { readonly index: number; readonly domain: number; readonly limit: 'maxDomains' | 'noShare' | 'maxShare' | 'maxSkew' };

const blockAt = (problem: Problem, at: number, tallies: readonly Tally[]): Block | undefined => {
  for (const [index, spread] of problem.spreads.entries()) {
    const domain = spread.of[at] ?? -1;
    const tally = tallies[index];
    if (!spread.hard || domain < 0 || tally === undefined) continue;
    const sum = tally.sums[domain] ?? 0;
    if (isLimited(spread) && sum === 0 && tally.used >= spread.maxDomains) return { index, domain, limit: 'maxDomains' };
    if (spread.shareMax === 0) return { index, domain, limit: 'noShare' };
    if (sum + 1 > spread.shareMax) return { index, domain, limit: 'maxShare' };
    if (sum + 1 - tally.least > spread.maxSkew) return { index, domain, limit: 'maxSkew' };
  }
  return undefined;
};

/** Domains that are named in a sentence. */
const domainsMax = 3;

/** The limit in words, with the domains that it holds. */
const blockText = (problem: Problem, { index, limit }: Block, domains: readonly number[], tallies: readonly Tally[]): string => {
  const spread = problem.spreads[index];
  if (spread === undefined) return '';
  const names = listed(
    domains.map((domain) => spread.names[domain] ?? ''),
    domainsMax,
  );
  const least = tallies[index]?.least ?? 0;
  const texts: Readonly<Record<Block['limit'], string>> = {
    maxDomains: `other domains are used, maxDomains is ${spread.maxDomains}`,
    noShare: noShare(problem),
    maxShare: `maxShare allows ${spread.shareMax} in ${names}`,
    maxSkew: `maxSkew ${spread.maxSkew} allows no more in ${names}, another domain has ${least}`,
  };
  return `spread over ${spread.key}: ${texts[limit]}`;
};

/** Why a candidate takes no more by a constraint of its domain; undefined when none holds it. */
export const spreadText = (problem: Problem, at: number, tallies: readonly Tally[]): string | undefined => {
  const block = blockAt(problem, at, tallies);
  return block === undefined ? undefined : blockText(problem, block, [block.domain], tallies);
};

/** The shares and skews that hold candidates at their counts, each once with the domains that it holds. */
export const heldText = (problem: Problem, counts: Column): string => {
  if (problem.spreads.length === 0) return '';
  const tallies = talliesOf(problem, counts);
  const held = new Map<string, { readonly block: Block; readonly domains: Set<number> }>();
  for (let at = 0; at < counts.length; at++) {
    const block = blockAt(problem, at, tallies);
    if (block?.limit !== 'maxShare' && block?.limit !== 'maxSkew') continue;
    const key = `${block.index} ${block.limit}`;
    const known = held.get(key);
    if (known === undefined) held.set(key, { block, domains: new Set([block.domain]) });
    else known.domains.add(block.domain);
  }
  return [...held.values()].map(({ block, domains }) => `; ${blockText(problem, block, [...domains], tallies)}`).join('');
};
