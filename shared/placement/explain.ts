/** @module Why each cluster got what it got, and what binds the whole. */
import { ExplanationKeeper, type ExplanationScore, type KeptExplanation, type ToldRow } from '../api/index.ts';
import type { FitResult } from '../capacity/index.ts';
import { counted } from '../lib/counted.ts';
import { type Candidates, fitAt, holdAt, partAt, type Refused, refusedOf, roomAt, standingAt } from './candidates.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { ClusterView, Workload } from './model.ts';
import { partReason, partText } from './part-limits.ts';
import type { Refusal, Standing } from './prepare.ts';
import { type Amount, amountText, currencyOf } from './pricing.ts';
import { type Column, type Problem, sumOf, unlimited, type Violation, violations } from './problem.ts';
import { boundOf, byCount, type Filled, filledAt, isFull, refusalText, shortText } from './shortage.ts';
import { confined, heldText, shareless, spreadText, type Tally, talliesOf } from './spread-text.ts';
import { usedOf } from './tally.ts';
import { indexedText, isKeptWhole, notDivided } from './undivided.ts';
import { weightlessText } from './weightless.ts';

const nothing: Refusal = { reason: '', message: '' };
const laterTier: Refusal = { reason: 'tier', message: 'the tiers before hold all replicas' };
/** Of Duplicated: what may take a copy and gets none is in another tier. */
const otherTier: Refusal = {
  reason: 'tier',
  message: 'copies go to the first tier that holds a whole one, or else to the first with room',
};

/** What holds a candidate at its count. */
const because = (
  policy: CompiledPolicy,
  candidates: Candidates,
  problem: Problem,
  at: number,
  counts: Column,
  tallies: readonly Tally[],
): Refusal => {
  const got = counts[at] ?? 0;
  const hold = holdAt(candidates, at);
  if (hold !== undefined) return { ...hold, message: `${hold.message}; what runs stays` };
  const blocked = problem.spreads.length === 0 ? undefined : spreadText(problem, at, tallies);
  if (blocked !== undefined) return isKeptWhole(policy) ? notDivided : { reason: 'spread', message: blocked };
  const most = standingAt(candidates, at)?.max ?? unlimited;
  if (got >= most) return { reason: 'bounds', message: `bounds: at most ${most} here` };
  const part = partAt(candidates, at);
  if (part !== undefined && got >= part) return { reason: partReason, message: partText(part) };
  if (isFull(candidates, at, got)) {
    const why = refusalText(filledAt(candidates, at)?.refusals ?? {});
    return { reason: 'capacity', message: `no more replicas fit${why === '' ? '' : `: ${why}`}` };
  }
  return nothing;
};

/** How a decision ended. */
export type Outcome = {
  readonly counts: Column;
  /** What could be had: more than the counts where that is not enough of what is all or nothing. */
  readonly reached: Column;
  /** Replicas asked for. */
  readonly wanted: number;
  readonly faults: readonly Violation[];
  readonly partial: boolean;
};

/** What a row needs besides the division. */
export type ExplainInput = {
  readonly policy: CompiledPolicy;
  readonly workload: Workload;
  readonly candidates: Candidates;
  readonly problem: Problem;
  readonly outcome: Outcome;
  /** By candidate; undefined = no cluster has prices. */
  readonly prices: readonly (Amount | undefined)[] | undefined;
};

type Row = { -readonly [field in keyof ToldRow]: ToldRow[field] };

/** All that a row may say, so that one row serves all clusters. */
const emptyRow = (): Row => ({
  cluster: '',
  eligible: false,
  reason: '',
  message: '',
  fits: undefined,
  exact: undefined,
  refusals: undefined,
  bound: undefined,
  tier: undefined,
  scores: undefined,
  price: undefined,
  share: undefined,
  before: 0,
  got: 0,
});

const setFit = (row: Row, fit: FitResult | undefined, room: number | undefined, full?: Filled): void => {
  row.fits = room;
  row.exact = fit?.exact;
  row.bound = fit === undefined ? undefined : (full?.bound ?? boundOf(fit.refusals));
  row.refusals = row.bound === undefined ? undefined : (full?.refusals ?? fit?.refusals);
};

/** Why clusters that would take more get nothing new; undefined when they may. */
const stoppedBy = ({ gang }: CompiledPolicy, { faults: [fault], partial }: Outcome): Refusal | undefined => {
  if (fault !== undefined) return { reason: fault.term, message: `${fault.message}; nothing new is placed` };
  return partial ? { reason: gang ? 'gang' : 'minReplicas', message: 'all or nothing: not enough can be placed in all' } : undefined;
};

/** The last tier that holds replicas; -1 = none does. */
const lastTierOf = ({ roster }: Candidates, counts: Column): number => {
  let last = -1;
  for (let at = 0; at < counts.length; at++) if ((counts[at] as number) > 0) last = Math.max(last, roster.tier[at] as number);
  return last;
};

const scoresAt = (candidates: Candidates, at: number, own: readonly ExplanationScore[]): readonly ExplanationScore[] | undefined => {
  const near = candidates.nearScores.get(candidates.roster.at[at] ?? -1);
  if (near !== undefined) return [...own, ...near];
  return own.length === 0 ? undefined : own;
};

/** True where Cheapest cannot compare the prices of a candidate with the others. */
const isForeign = ({ policy, candidates }: ExplainInput, at: number): boolean => {
  const view = standingAt(candidates, at)?.view;
  const prices = candidates.answers?.prices;
  if (policy.strategy !== 'Cheapest' || prices?.isMixed !== true || view?.pricing === undefined) return false;
  return currencyOf(view) !== prices.currency;
};

const currencyText = (view: ClusterView): string => currencyOf(view) || 'no currency';

/** Says of every cluster, in name order, why it got what it got. */
export const explain = (input: ExplainInput): KeptExplanation => {
  const { policy, workload, candidates, problem, outcome, prices } = input;
  const { counts, reached } = outcome;
  const { standings } = candidates.prepared;
  const placed = workload.replicas === undefined ? 0 : sumOf(counts);
  const tallies = talliesOf(problem, reached);
  const lastTier = lastTierOf(candidates, counts);
  const stopped = stoppedBy(policy, outcome);
  const keeper = new ExplanationKeeper();
  const row = emptyRow();
  const say = (place: number, eligible: boolean, { reason, message }: Refusal): void => {
    const { view, tier } = standings[place] as Standing;
    row.cluster = view.name;
    row.eligible = eligible;
    row.reason = reason;
    row.message = message;
    row.tier = policy.tiers[tier]?.name || undefined;
  };
  const tellCandidate = (at: number): void => {
    const place = candidates.roster.at[at] as number;
    const { tier, scores, view } = standings[place] as Standing;
    const got = counts[at] as number;
    const cause = because(policy, candidates, problem, at, reached, tallies);
    const foreign = isForeign(input, at) ? `its prices are in ${currencyText(view)} and not compared: it counts as without a price` : '';
    const isCopied = policy.strategy === 'Duplicated' && policy.tiers.length > 0;
    const isSpared = got === 0 && lastTier >= 0 && (isCopied || tier > lastTier);
    const spared = isCopied ? otherTier : laterTier;
    const told = cause.reason === '' ? (stopped ?? (isSpared ? spared : cause)) : cause;
    say(place, true, foreign === '' ? told : { ...told, message: [told.message, foreign].filter((text) => text !== '').join('; ') });
    row.before = candidates.current[at] ?? 0;
    row.got = got;
    const room = roomAt(candidates, at);
    // Where it takes no more for now, no room that there is may be added to.
    if (holdAt(candidates, at) === undefined) {
      const full = isFull(candidates, at, reached[at] ?? 0) ? filledAt(candidates, at) : undefined;
      setFit(row, fitAt(candidates, at), room, full);
    } else setFit(row, undefined, room === undefined ? undefined : 0);
    row.scores = scoresAt(candidates, at, scores);
    const price = prices?.[at];
    row.price = price === undefined ? undefined : amountText(price);
    row.share = placed > 0 ? Math.floor((got * 100) / placed) : undefined;
    keeper.add(row);
  };
  const tellRefused = ({ at: place, ...why }: Refused): void => {
    say(place, false, why);
    row.before = workload.current.get(row.cluster) ?? 0;
    row.got = 0;
    setFit(row, undefined, undefined);
    row.scores = row.price = row.share = undefined;
    keeper.add(row);
  };
  const refused = refusedOf(candidates, workload);
  let next = 0;
  for (let at = 0; at < counts.length; at++) {
    for (let out = refused[next]; out !== undefined && out.at < (candidates.roster.at[at] as number); out = refused[++next])
      tellRefused(out);
    tellCandidate(at);
  }
  for (const out of refused.slice(next)) tellRefused(out);
  return keeper.end();
};

/** The terms that keep candidates from taking more, each once, most frequent first. */
const bindingTerms = (policy: CompiledPolicy, candidates: Candidates, workload: Workload, problem: Problem, counts: Column): string => {
  const tallies = talliesOf(problem, counts);
  const terms = new Map<string, number>();
  const short = new Map<string, number>();
  const add = (to: Map<string, number>, reason = ''): void => {
    if (reason !== '') to.set(reason, (to.get(reason) ?? 0) + 1);
  };
  for (let at = 0; at < counts.length; at++) {
    const { reason } = because(policy, candidates, problem, at, counts, tallies);
    add(terms, reason);
    if (reason === 'capacity') add(short, filledAt(candidates, at)?.bound);
  }
  // Only when no cluster is left do the terms that refused them bind.
  if (counts.length === 0) for (const { reason } of refusedOf(candidates, workload)) add(terms, reason);
  return [...terms]
    .sort(byCount)
    .map(([term, clusters]) => `${term} in ${counted(clusters, 'cluster')}${term === 'capacity' ? shortText(short) : ''}`)
    .join(', ');
};

/** Why nothing is placed of what is all or nothing. */
const allOrNothing = (policy: CompiledPolicy, problem: Problem, { reached }: Outcome, binding: string): string => {
  const { gang, minReplicas } = policy;
  if (!gang && minReplicas > problem.replicas) {
    const asked = counted(problem.replicas, 'replica');
    return `minReplicas: ${minReplicas} or none, and the workload asks for ${asked}; lower minReplicas, or raise the replicas`;
  }
  const tallies = talliesOf(problem, reached);
  const blocked =
    problem.spreads.length === 0 || isKeptWhole(policy) ? [] : [...reached.keys()].flatMap((at) => spreadText(problem, at, tallies) ?? []);
  const asked = gang ? 'gang: all replicas or none' : `minReplicas: ${minReplicas} or none`;
  return `${asked}, and not as many fit (${[binding, ...blocked.slice(0, 1)].join('; ')})`;
};

/** How a decision is told. */
export type Summary = { readonly reason: string; readonly message: string; readonly binding: string };

/** What replicas that stay for the loss of a cluster break; '' when nothing. */
const borneText = (problem: Problem, { counts, faults }: Outcome): string => {
  const borne = problem.isBereft && faults.length === 0 ? violations(problem, counts) : [];
  return borne.length === 0 ? '' : `nothing that runs stops for a lost cluster (${borne.map(({ message }) => message).join('; ')})`;
};

/** The outcome in a word and in words, and the terms that bind. */
export const summary = (
  policy: CompiledPolicy,
  workload: Workload,
  candidates: Candidates,
  problem: Problem,
  outcome: Outcome,
): Summary => {
  const made = outcomeText(policy, workload, candidates, problem, outcome);
  const unkept = [weightlessText(policy, () => candidates.prepared.standings), borneText(problem, outcome)].filter((text) => text !== '');
  const told = unkept.length === 0 ? made : { ...made, message: [made.message, ...unkept].join('; ') };
  return isKeptWhole(policy) && told.reason !== 'NoClusterFits' ? { ...told, message: `${told.message}; ${indexedText}` } : told;
};

const outcomeText = (policy: CompiledPolicy, workload: Workload, candidates: Candidates, problem: Problem, outcome: Outcome): Summary => {
  const { wanted } = outcome;
  const placed = sumOf(outcome.counts);
  const missing = wanted - placed;
  const keeps = placed > 0 ? `; the ${placed} that run stay` : '';
  if (problem.replicas > 0 && problem.max.length === 0) {
    const binding = bindingTerms(policy, candidates, workload, problem, outcome.counts);
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
    const message = problem.replicas === 0 ? 'no replicas are asked for' : `placed in ${counted(used, 'cluster')}`;
    return { reason: 'Placed', message, binding: '' };
  }
  const binding = bindingTerms(policy, candidates, workload, problem, outcome.reached);
  if (outcome.partial) {
    const why = binding || 'capacity';
    return { reason: 'AllOrNothing', message: `${allOrNothing(policy, problem, outcome, why)}${keeps}`, binding: why };
  }
  const message = `${missing} of ${wanted} replicas unplaced${binding === '' ? '' : `: ${binding}`}${shareless(problem)}${isKeptWhole(policy) ? '' : `${heldText(problem, outcome.reached)}${confined(problem, outcome.counts)}`}`;
  return { reason: 'Unplaced', message, binding };
};
