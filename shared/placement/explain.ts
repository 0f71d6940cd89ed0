/** @module Why each cluster got what it got, and what binds the whole. */
import type { ExplanationRow } from '../api/index.ts';
import type { FitResult } from '../capacity/index.ts';
import { type Candidates, fitAt, holdAt, refusedOf, standingAt } from './candidates.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { Workload } from './model.ts';
import type { Refusal } from './prepare.ts';
import { type Amount, amountText } from './pricing.ts';
import { type Column, domainCounts, isLimited, leastMeasured, type Problem, sumOf, unlimited, type Violation } from './problem.ts';
import { usedOf } from './tally.ts';

const nothing: Refusal = { reason: '', message: '' };

const byCount = ([a, n]: readonly [string, number], [b, m]: readonly [string, number]): number => m - n || (a < b ? -1 : a > b ? 1 : 0);

const refusalText = (refusals: Readonly<Record<string, number>>): string =>
  Object.entries(refusals)
    .sort(byCount)
    .map(([reason, nodes]) => `${reason} on ${nodes} node${nodes === 1 ? '' : 's'}`)
    .join(', ');

/** Counts of each hard constraint's domains, made once a decision. */
type Tally = { readonly sums: Column; readonly least: number; readonly used: number };

const talliesOf = (problem: Problem, counts: Column): readonly Tally[] =>
  problem.spreads.map((spread) => {
    const sums = domainCounts(spread, counts);
    const least = leastMeasured(spread, sums);
    return { sums, least: least === unlimited ? 0 : least, used: usedOf(sums) };
  });

const spreadText = (problem: Problem, at: number, tallies: readonly Tally[]): string | undefined => {
  for (const [index, spread] of problem.spreads.entries()) {
    const domain = spread.of[at] ?? -1;
    const tally = tallies[index];
    if (!spread.hard || domain < 0 || tally === undefined) continue;
    const say = (text: string): string => `spread over ${spread.key}: ${text}`;
    const sum = tally.sums[domain] ?? 0;
    if (isLimited(spread) && sum === 0 && tally.used >= spread.maxDomains) {
      return say(`other domains are used, maxDomains is ${spread.maxDomains}`);
    }
    if (sum + 1 > spread.shareMax) return say(`maxShare allows ${spread.shareMax} in ${spread.names[domain]}`);
    if (sum + 1 - tally.least > spread.maxSkew) {
      return say(`maxSkew ${spread.maxSkew} allows no more in ${spread.names[domain]}, another domain has ${tally.least}`);
    }
  }
  return undefined;
};

/** What holds a candidate at its count. */
const because = (candidates: Candidates, problem: Problem, at: number, counts: Column, tallies: readonly Tally[]): Refusal => {
  const got = counts[at] ?? 0;
  const hold = holdAt(candidates, at);
  if (hold !== undefined) return { ...hold, message: `${hold.message}; what runs stays` };
  const blocked = problem.spreads.length === 0 ? undefined : spreadText(problem, at, tallies);
  if (blocked !== undefined) return { reason: 'spread', message: blocked };
  const most = standingAt(candidates, at)?.max ?? unlimited;
  if (got >= most) return { reason: 'bounds', message: `bounds: at most ${most} here` };
  const fit = fitAt(candidates, at);
  if (fit !== undefined && got >= (candidates.current[at] ?? 0) + fit.count) {
    const why = refusalText(fit.refusals);
    return { reason: 'capacity', message: `no more replicas fit${why === '' ? '' : `: ${why}`}` };
  }
  return nothing;
};

/** What a row needs besides the division. */
export type ExplainInput = {
  readonly policy: CompiledPolicy;
  readonly workload: Workload;
  readonly candidates: Candidates;
  readonly problem: Problem;
  readonly counts: Column;
  /** By candidate; undefined = no cluster has prices. */
  readonly prices: readonly (Amount | undefined)[] | undefined;
};

const byCluster = (a: ExplanationRow, b: ExplanationRow): number => (a.cluster < b.cluster ? -1 : a.cluster > b.cluster ? 1 : 0);

type Writable<T> = { -readonly [field in keyof T]: T[field] };

const bounds = new WeakMap<FitResult['refusals'], string | undefined>();

/** What most nodes that take no replica are short of; the same fit is told for many decisions. */
const boundOf = (refusals: FitResult['refusals']): string | undefined => {
  if (bounds.has(refusals)) return bounds.get(refusals);
  const bound = Object.entries(refusals).sort(byCount)[0]?.[0];
  bounds.set(refusals, bound);
  return bound;
};

const addFit = (row: Writable<ExplanationRow>, fit: FitResult | undefined): void => {
  if (fit === undefined) return;
  row.fits = fit.count;
  row.exact = fit.exact;
  const bound = boundOf(fit.refusals);
  if (bound === undefined) return;
  row.refusals = fit.refusals;
  row.bound = bound;
};

/** A row for every cluster, sorted by name. */
export const explainRows = (input: ExplainInput): ExplanationRow[] => {
  const { policy, workload, candidates, problem, counts } = input;
  const placed = sumOf(counts);
  const tallies = talliesOf(problem, counts);
  const tierOf = (tier: number): { tier?: string } => {
    const name = policy.tiers[tier]?.name ?? '';
    return name === '' ? {} : { tier: name };
  };
  let lastTier = -1;
  counts.forEach((count, at) => {
    if (count > 0) lastTier = Math.max(lastTier, standingAt(candidates, at)?.tier ?? -1);
  });
  const rows: ExplanationRow[] = [];
  for (let at = 0; at < counts.length; at++) {
    const standing = standingAt(candidates, at);
    if (standing === undefined) continue;
    const got = counts[at] ?? 0;
    const cause = because(candidates, problem, at, counts, tallies);
    const isLater = got === 0 && cause.reason === '' && standing.tier > lastTier && lastTier >= 0;
    const { reason, message } = isLater ? { reason: 'tier', message: 'the tiers before hold all replicas' } : cause;
    // Field by field: a row is made for each cluster of each decision.
    const row: Writable<ExplanationRow> = {
      cluster: standing.view.name,
      eligible: true,
      reason,
      message,
      before: candidates.current[at] ?? 0,
      got,
    };
    addFit(row, fitAt(candidates, at));
    Object.assign(row, tierOf(standing.tier));
    const near = candidates.nearScores.get(candidates.roster.at[at] ?? -1) ?? [];
    if (standing.scores.length + near.length > 0) row.scores = [...standing.scores, ...near];
    const price = input.prices?.[at];
    if (price !== undefined) row.price = amountText(price);
    if (placed > 0 && workload.replicas !== undefined) row.share = Math.floor((got * 100) / placed);
    rows.push(row);
  }
  const out = refusedOf(candidates, workload).flatMap(({ at, reason, message }): ExplanationRow[] => {
    const standing = candidates.prepared.standings[at];
    if (standing === undefined) return [];
    const before = workload.current.get(standing.view.name) ?? 0;
    return [{ cluster: standing.view.name, eligible: false, reason, message, ...tierOf(standing.tier), before, got: 0 }];
  });
  return [...rows, ...out].sort(byCluster);
};

/** The terms that keep candidates from taking more, each once, most frequent first. */
export const bindingTerms = (candidates: Candidates, workload: Workload, problem: Problem, counts: Column): string => {
  const tallies = talliesOf(problem, counts);
  const terms = new Map<string, number>();
  const add = (reason: string): void => {
    if (reason !== '') terms.set(reason, (terms.get(reason) ?? 0) + 1);
  };
  for (let at = 0; at < counts.length; at++) add(because(candidates, problem, at, counts, tallies).reason);
  // Only when no cluster is left do the terms that refused them bind.
  if (counts.length === 0) for (const { reason } of refusedOf(candidates, workload)) add(reason);
  return [...terms]
    .sort(byCount)
    .map(([term, clusters]) => `${term} in ${clusters} cluster${clusters === 1 ? '' : 's'}`)
    .join(', ');
};

/** How a decision ended. */
export type Outcome = {
  readonly counts: Column;
  /** Replicas asked for. */
  readonly wanted: number;
  readonly faults: readonly Violation[];
  readonly partial: boolean;
};

/** The outcome in a word and in words, and the terms that bind. */
export const summary = (
  policy: CompiledPolicy,
  workload: Workload,
  candidates: Candidates,
  problem: Problem,
  outcome: Outcome,
): { readonly reason: string; readonly message: string; readonly binding: string } => {
  const { wanted } = outcome;
  const placed = sumOf(outcome.counts);
  const missing = wanted - placed;
  const keeps = placed > 0 ? `; the ${placed} that run stay` : '';
  if (problem.replicas > 0 && problem.max.length === 0) {
    const binding = bindingTerms(candidates, workload, problem, outcome.counts);
    const why = binding === '' ? '' : ` (${binding})`;
    return { reason: 'NoClusterFits', message: `no cluster is eligible${why}; see the explanation of each`, binding };
  }
  const fault = outcome.faults[0];
  if (fault !== undefined) {
    const reason = fault.term === 'bounds' ? 'BoundsUnsatisfiable' : 'SpreadUnsatisfiable';
    const message = outcome.faults.map((entry) => entry.message).join('; ');
    return { reason, message: `${message}${keeps}`, binding: message };
  }
  if (!outcome.partial && missing <= 0) {
    const used = usedOf(outcome.counts);
    return { reason: 'Placed', message: `placed in ${used} cluster${used === 1 ? '' : 's'}`, binding: '' };
  }
  const binding = bindingTerms(candidates, workload, problem, outcome.counts);
  if (outcome.partial) {
    const asked = policy.gang ? 'gang: all replicas or none' : `minReplicas: ${policy.minReplicas} or none`;
    return {
      reason: 'AllOrNothing',
      message: `${asked}, and not as many fit (${binding || 'capacity'})${keeps}`,
      binding: binding || 'capacity',
    };
  }
  return { reason: 'Unplaced', message: `${missing} of ${wanted} replicas unplaced${binding === '' ? '' : `: ${binding}`}`, binding };
};
