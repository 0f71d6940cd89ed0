/** @module Why each cluster got what it got, and what binds the whole. */
import type { ExplanationRow } from '../api/index.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { Candidate, Refused } from './filter.ts';
import type { Workload } from './model.ts';
import { domainCounts, type Problem, skewDomains, sumOf, type Violation } from './problem.ts';

type Because = { readonly reason: string; readonly message: string };
const nothing: Because = { reason: '', message: '' };

const refusalText = (refusals: Readonly<Record<string, number>>): string =>
  Object.entries(refusals)
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .map(([reason, nodes]) => `${reason} on ${nodes} node${nodes === 1 ? '' : 's'}`)
    .join(', ');

/** Counts of each constraint's domains, made once a decision. */
type Tally = { readonly sums: readonly number[]; readonly least: number };

const talliesOf = (problem: Problem, counts: readonly number[]): readonly Tally[] =>
  problem.spreads.map((spread, index) => {
    const sums = domainCounts(spread, counts);
    return { sums, least: Math.min(...skewDomains(spread, problem.allowed[index]).map((domain) => sums[domain] ?? 0)) };
  });

const spreadText = (problem: Problem, at: number, tallies: readonly Tally[]): string | undefined => {
  for (const [index, spread] of problem.spreads.entries()) {
    const domain = spread.of[at] ?? -1;
    const tally = tallies[index];
    if (!spread.hard || domain < 0 || tally === undefined) continue;
    const say = (text: string): string => `spread over ${spread.key}: ${text}`;
    if (problem.allowed[index]?.has(domain) === false) return say(`other domains are used, maxDomains is ${spread.maxDomains}`);
    const sum = tally.sums[domain] ?? 0;
    if (sum + 1 > spread.shareMax) return say(`maxShare allows ${spread.shareMax} in ${spread.domains[domain]}`);
    if (sum + 1 - tally.least > spread.maxSkew) {
      return say(`maxSkew ${spread.maxSkew} allows no more in ${spread.domains[domain]}, another domain has ${tally.least}`);
    }
  }
  return undefined;
};

/** What holds a candidate at its count. */
const because = (candidate: Candidate, problem: Problem, at: number, counts: readonly number[], tallies: readonly Tally[]): Because => {
  const got = counts[at] ?? 0;
  if (candidate.keepsOnly !== undefined) return candidate.keepsOnly;
  const blocked = spreadText(problem, at, tallies);
  if (blocked !== undefined) return { reason: 'spread', message: blocked };
  if (got >= candidate.max) return { reason: 'bounds', message: `bounds: at most ${candidate.max} here` };
  if (candidate.fits !== undefined && got >= candidate.current + candidate.fits) {
    const why = refusalText(candidate.refusals);
    return { reason: 'capacity', message: `no more replicas fit${why === '' ? '' : `: ${why}`}` };
  }
  return nothing;
};

/** A row for every cluster, sorted by name. */
export const explainRows = (
  policy: CompiledPolicy,
  workload: Workload,
  candidates: readonly Candidate[],
  refused: readonly Refused[],
  problem: Problem,
  counts: readonly number[],
): ExplanationRow[] => {
  const lastTier = Math.max(-1, ...candidates.map((candidate, at) => ((counts[at] ?? 0) > 0 ? candidate.tier : -1)));
  const tierOf = (tier: number | undefined): { tier?: string } => {
    const name = tier === undefined ? '' : (policy.tiers[tier]?.name ?? '');
    return name === '' ? {} : { tier: name };
  };
  const tallies = talliesOf(problem, counts);
  const rows = candidates.map((candidate, at): ExplanationRow => {
    const got = counts[at] ?? 0;
    const cause = because(candidate, problem, at, counts, tallies);
    const later = got === 0 && cause.reason === '' && candidate.tier > lastTier && lastTier >= 0;
    return {
      cluster: candidate.view.name,
      eligible: true,
      ...(later ? { reason: 'tier', message: 'the tiers before hold all replicas' } : cause),
      ...(candidate.fits === undefined ? {} : { fits: candidate.fits, exact: candidate.exact }),
      ...(Object.keys(candidate.refusals).length === 0 ? {} : { refusals: candidate.refusals }),
      ...tierOf(candidate.tier),
      before: candidate.current,
      got,
    };
  });
  const out = refused.map(
    ({ view, tier, reason, message }): ExplanationRow => ({
      cluster: view.name,
      eligible: false,
      reason,
      message,
      ...tierOf(tier),
      before: workload.current.get(view.name) ?? 0,
      got: 0,
    }),
  );
  return [...rows, ...out].sort((a, b) => (a.cluster < b.cluster ? -1 : a.cluster > b.cluster ? 1 : 0));
};

/** The terms that keep candidates from taking more, each once, most frequent first. */
const bindingTerms = (candidates: readonly Candidate[], problem: Problem, counts: readonly number[]): string => {
  const tallies = talliesOf(problem, counts);
  const terms = new Map<string, number>();
  candidates.forEach((candidate, at) => {
    const { reason } = because(candidate, problem, at, counts, tallies);
    if (reason !== '') terms.set(reason, (terms.get(reason) ?? 0) + 1);
  });
  return [...terms]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .map(([term, clusters]) => `${term} in ${clusters} cluster${clusters === 1 ? '' : 's'}`)
    .join(', ');
};

type Outcome = { readonly counts: readonly number[]; readonly faults: readonly Violation[]; readonly partial: boolean };

/** The outcome in a word and in words. */
export const summary = (
  policy: CompiledPolicy,
  candidates: readonly Candidate[],
  problem: Problem,
  outcome: Outcome,
  wanted: number,
): { readonly reason: string; readonly message: string } => {
  const placed = sumOf(outcome.counts);
  const missing = wanted - placed;
  const used = outcome.counts.filter((count) => count > 0).length;
  const keeps = placed > 0 ? `; the ${placed} that run stay` : '';
  if (problem.replicas > 0 && candidates.length === 0)
    return { reason: 'NoClusterFits', message: 'no cluster is eligible; see the explanation of each' };
  const fault = outcome.faults[0];
  if (fault !== undefined) {
    const reason = fault.term === 'bounds' ? 'BoundsUnsatisfiable' : 'SpreadUnsatisfiable';
    return { reason, message: `${outcome.faults.map(({ message }) => message).join('; ')}${keeps}` };
  }
  if (outcome.partial) {
    const asked = policy.gang ? 'gang: all replicas or none' : `minReplicas: ${policy.minReplicas} or none`;
    return {
      reason: 'AllOrNothing',
      message: `${asked}, and not as many fit (${bindingTerms(candidates, problem, outcome.counts) || 'capacity'})${keeps}`,
    };
  }
  if (missing > 0) {
    const terms = bindingTerms(candidates, problem, outcome.counts);
    return { reason: 'Unplaced', message: `${missing} of ${wanted} replicas unplaced${terms === '' ? '' : `: ${terms}`}` };
  }
  return { reason: 'Placed', message: `placed in ${used} cluster${used === 1 ? '' : 's'}` };
};
