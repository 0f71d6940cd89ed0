/** @module Which clusters may take replicas of a workload, how many at most, and why others may not. */
import type { ExplanationScore } from '../api/index.ts';
import { type FitResult, type PodShape, plainShape, taintText } from '../capacity/index.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { OtherWorkload, Workload } from './model.ts';
import { type Neighbours, neighboursOf } from './neighbours.ts';
import { evictionAt, type Prepared, type Refusal, type Standing } from './prepare.ts';
import { type DemandPlan, demandOf } from './requires.ts';

/** A cluster that is out; `at` is its place among the prepared. */
export type Refused = Refusal & { readonly at: number };

/** Clusters that may take or keep replicas, as columns in name order, and those that may not. */
export type Candidates = {
  readonly prepared: Prepared;
  /** Places among the prepared clusters. */
  readonly at: number[];
  /** Present replicas. */
  readonly current: number[];
  /** What was counted; undefined when nothing is. */
  readonly fits: (FitResult | undefined)[];
  /** What one replica asks for here; undefined when nothing is counted. */
  readonly shapes: (PodShape | undefined)[];
  /** Set where a cluster keeps what runs and takes no more. */
  readonly holds: (Refusal | undefined)[];
  readonly score: number[];
  /** Scores that come of where other workloads are. */
  readonly nearScores: (readonly ExplanationScore[])[];
  readonly refused: Refused[];
  /** When a toleration ends, ms since the epoch. */
  recheckAtMs: number | undefined;
};

/** What a decision asks of every cluster. */
type Question = {
  readonly policy: CompiledPolicy;
  readonly workload: Workload;
  readonly nowMs: number;
  readonly plan: DemandPlan | undefined;
  readonly counts: boolean;
  /** The workload runs nowhere yet. */
  readonly isNew: boolean;
  readonly kind: string;
  readonly neighbours: Neighbours | undefined;
};

const unreported: Refusal = { reason: 'report', message: 'the cluster has not reported its capacity yet' };
const noScores: readonly ExplanationScore[] = [];
const noShape = plainShape({});

/** Driven out by a taint now; tells when that is still to come. */
const driven = (standing: Standing, question: Question, into: Candidates): Refusal | undefined => {
  for (const taint of standing.driving) {
    const atMs = evictionAt(taint, question.policy) ?? 0;
    if (atMs <= question.nowMs) return { reason: 'taint', message: `taint ${taintText(taint)} is not tolerated` };
    into.recheckAtMs = Math.min(into.recheckAtMs ?? atMs, atMs);
  }
  return undefined;
};

/** What keeps new replicas out; those that run may stay. */
const barrier = (standing: Standing, question: Question): Refusal | undefined => {
  const { served } = standing.view;
  if (served !== undefined && !served.has(question.kind)) {
    const { apiVersion, kind } = question.workload.ref;
    return { reason: 'api', message: `the cluster does not serve ${kind} of ${apiVersion}` };
  }
  return standing.blocked ?? question.neighbours?.refusal(standing);
};

/** Columns under way: long enough for every cluster, cut to `size` in the end. */
type Filling = Candidates & { size: number };

const judge = (at: number, standing: Standing, question: Question, into: Filling): void => {
  const { view } = standing;
  const present = question.isNew ? undefined : question.workload.current.get(view.name);
  const isPresent = present !== undefined;
  const out = standing.refused ?? (standing.driving.length === 0 ? undefined : driven(standing, question, into));
  if (out !== undefined) {
    into.refused.push({ at, ...out });
    return;
  }
  let hold = barrier(standing, question);
  // A kind that the member served when the object came is no reason to withdraw it.
  if (isPresent && hold?.reason === 'api') hold = undefined;
  let shape: PodShape | undefined;
  let fit: FitResult | undefined;
  if (hold === undefined || isPresent) {
    // Asked for once: a room is looked up anew each time.
    const room = question.plan === undefined ? undefined : view.room;
    const facts = question.plan === undefined ? undefined : (view.facts ?? room?.report);
    const demand = facts === undefined ? undefined : question.plan?.inCluster(facts);
    if (demand === undefined) {
      if (question.plan !== undefined && (question.counts || question.policy.requires !== undefined)) hold ??= unreported;
    } else if ('reason' in demand) hold ??= demand;
    else if (question.counts) {
      shape = demand.shape;
      fit = room?.fit(shape);
    }
  }
  if (hold !== undefined && !isPresent) {
    into.refused.push({ at, ...hold });
    return;
  }
  const near = question.neighbours === undefined ? noScores : question.neighbours.scores(standing);
  const place = into.size++;
  into.at[place] = at;
  into.current[place] = present ?? 0;
  into.fits[place] = fit;
  into.shapes[place] = shape;
  into.holds[place] = hold;
  into.nearScores[place] = near;
  let { score } = standing;
  for (const entry of near) score += entry.score;
  into.score[place] = score;
};

/** Judges every cluster. */
export const candidatesOf = (
  policy: CompiledPolicy,
  prepared: Prepared,
  workload: Workload,
  others: readonly OtherWorkload[],
  nowMs: number,
): Candidates => {
  const { ref, shape } = workload;
  const counts = workload.replicas !== undefined && shape !== undefined;
  const isAsked = counts || policy.requires !== undefined;
  const question: Question = {
    policy,
    workload,
    nowMs,
    plan: isAsked ? demandOf(policy.requires, shape ?? noShape, ref.namespace) : undefined,
    counts,
    isNew: workload.current.size === 0,
    kind: `${ref.apiVersion}/${ref.kind}`,
    neighbours: neighboursOf(policy, prepared, workload, others),
  };
  const { standings } = prepared;
  const column = <T>(): T[] => new Array<T>(standings.length);
  const into: Filling = {
    prepared,
    size: 0,
    at: column(),
    current: column(),
    fits: column(),
    shapes: column(),
    holds: column(),
    score: column(),
    nearScores: column(),
    refused: [],
    recheckAtMs: undefined,
  };
  for (let at = 0; at < standings.length; at++) {
    const standing = standings[at];
    if (standing !== undefined) judge(at, standing, question, into);
  }
  const { at, current, fits, shapes, holds, score, nearScores, size } = into;
  if (size < standings.length) for (const one of [at, current, fits, shapes, holds, score, nearScores]) one.length = size;
  dropWeightless(policy, into);
  return into;
};

/** A weight of 0 leaves a cluster out, unless every weight that matched is 0: then all count the same (facts `karmada.md` §2.7). */
const dropWeightless = (policy: CompiledPolicy, into: Candidates): void => {
  if (policy.strategy !== 'Weighted' || policy.weights === undefined) return;
  const weightAt = (place: number): number => into.prepared.standings[place]?.weight ?? 0;
  if (into.at.every((place) => weightAt(place) === 0)) return;
  const stays = into.at.map((place) => weightAt(place) > 0);
  if (stays.every(Boolean)) return;
  into.at.forEach((at, index) => {
    if (stays[index] !== true) into.refused.push({ at, reason: 'weight', message: 'the weight of the cluster is 0' });
  });
  const columns: unknown[][] = [into.at, into.current, into.fits, into.shapes, into.holds, into.score, into.nearScores];
  for (const column of columns) {
    const left = column.filter((_, index) => stays[index] === true);
    column.length = 0;
    column.push(...left);
  }
};

/** The cluster of a candidate. */
export const standingAt = (candidates: Candidates, candidate: number): Standing | undefined =>
  candidates.prepared.standings[candidates.at[candidate] ?? -1];
