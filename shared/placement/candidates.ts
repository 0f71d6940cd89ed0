/** @module Which clusters may take replicas of a workload, how many at most, and why others may not. */
import type { ExplanationScore } from '../api/index.ts';
import { type FitResult, type PodShape, plainShape, taintText } from '../capacity/index.ts';
import { createScratch } from '../lib/scratch.ts';
import { type Answers, refusalIn, shapeAmong, unable } from './answers.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { answersOf } from './fleet.ts';
import type { OtherWorkload, Workload } from './model.ts';
import { type Neighbours, neighboursOf } from './neighbours.ts';
import { type PartLimits, partLimits } from './part-limits.ts';
import { evictionAt, gate, gatesOf, isServed, type Prepared, type Refusal, type Standing } from './prepare.ts';
import { type Column, nothingIn } from './problem.ts';
import { type DemandPlan, demandOf } from './requires.ts';
import { columnFrom, type Roster, rosterOf } from './roster.ts';
import { notKeptText } from './weightless.ts';

/** A cluster that is out; `at` is its place among the prepared. */
export type Refused = Refusal & { readonly at: number };

/** Clusters that may take or keep replicas, in name order, and what keeps the others out. */
export type Candidates = {
  readonly prepared: Prepared;
  /** The kind asked about, as `apps/v1/Deployment`. */
  readonly kind: string;
  readonly roster: Roster;
  /** Present replicas of each candidate. */
  readonly current: Column;
  /** Replicas of each candidate that run there without being meant to. */
  readonly lingering: Column;
  /** Replicas of each candidate that none of its nodes can take: no more come to them. */
  readonly nodeless: Column;
  /** What each cluster answered; undefined when nothing was asked. */
  readonly answers: Answers | undefined;
  /** Set where a cluster keeps what runs and takes no more, by its place among the prepared. */
  readonly holds: ReadonlyMap<number, Refusal>;
  /** What parts of a divided Job allow, by place; undefined = it is none. */
  readonly parts: PartLimits | undefined;
  readonly score: Column;
  /** Scores that come of where other workloads are, by place; absent = none. */
  readonly nearScores: ReadonlyMap<number, readonly ExplanationScore[]>;
  /** Why clusters are out that the policy alone would let in, by place. */
  readonly kept: ReadonlyMap<number, Refusal>;
  /** When a toleration ends, ms since the epoch. */
  readonly recheckAtMs: number | undefined;
};

/** What a decision asks of every cluster. */
type Question = {
  readonly policy: CompiledPolicy;
  readonly workload: Workload;
  readonly nowMs: number;
  readonly kind: string;
  readonly neighbours: Neighbours | undefined;
};

/** What came of it: the first `size` places of `at` are candidates; it is used again by the next decision. */
type Sieve = {
  readonly at: Int32Array;
  size: number;
  readonly holds: Map<number, Refusal>;
  readonly kept: Map<number, Refusal>;
  recheckAtMs: number | undefined;
};

const noShape = plainShape({});
const nowhere: ReadonlyMap<string, number> = new Map();
const placesFor = createScratch();

/** Driven out by a taint now; tells when that is still to come. */
const driven = (standing: Standing, question: Question, into: Sieve): Refusal | undefined => {
  for (const taint of standing.driving) {
    const atMs = evictionAt(taint, question.policy) ?? 0;
    if (atMs <= question.nowMs) return { reason: 'taint', message: `taint ${taintText(taint)} is not tolerated` };
    into.recheckAtMs = Math.min(into.recheckAtMs ?? atMs, atMs);
  }
  return undefined;
};

const unserved = ({ ref: { apiVersion, kind } }: Pick<Workload, 'ref'>): Refusal => ({
  reason: 'api',
  message: `the cluster does not serve ${kind} of ${apiVersion}`,
});

const misfit = ({ view }: Standing, { misfits }: Workload): Refusal | undefined => {
  const message = misfits?.(view.labels);
  return message === undefined ? undefined : { reason: 'override', message };
};

/** What keeps new replicas out; those that run may stay. A kind that the member served when the object came is no reason to withdraw it. */
const barrier = (standing: Standing, question: Question, isPresent: boolean): Refusal | undefined => {
  if (!isPresent && !isServed(standing, question.kind)) return unserved(question.workload);
  return standing.blocked ?? question.neighbours?.refusal(standing) ?? misfit(standing, question.workload);
};

/** One cluster that more than the policy decides about. */
const judge = (at: number, standing: Standing, question: Question, isPresent: boolean, into: Sieve): void => {
  const out = standing.driving.length === 0 ? undefined : driven(standing, question, into);
  const hold = out ?? barrier(standing, question, isPresent);
  if (out !== undefined || (hold !== undefined && !isPresent)) {
    if (hold !== undefined) into.kept.set(at, hold);
    return;
  }
  if (hold !== undefined) into.holds.set(at, hold);
  into.at[into.size++] = at;
};

/** Those that policy, taints and neighbours let in. */
const sieve = (prepared: Prepared, question: Question, present: ReadonlySet<number>): Sieve => {
  const { standings } = prepared;
  const gates = gatesOf(prepared, question.kind);
  const into: Sieve = { at: placesFor(standings.length), size: 0, holds: new Map(), kept: new Map(), recheckAtMs: undefined };
  const isPlain = question.neighbours === undefined && question.workload.misfits === undefined;
  const isNew = present.size === 0;
  for (let at = 0; at < gates.length; at++) {
    const standing = gates[at] as number;
    if (standing === gate.out) continue;
    if (isPlain && standing === gate.open) into.at[into.size++] = at;
    else if (isPlain && isNew && standing !== gate.driven) continue;
    else judge(at, standings[at] as Standing, question, present.has(at), into);
  }
  return into;
};

/** Looks at those that are left; who is not kept leaves. */
const sift = (into: Sieve, isKept: (at: number) => boolean): void => {
  let size = 0;
  for (let index = 0; index < into.size; index++) {
    const at = into.at[index] as number;
    if (isKept(at)) into.at[size++] = at;
  }
  into.size = size;
};

/** Those that cannot run the shape leave, or take no more. */
const dropUnable = (answers: Answers, present: ReadonlySet<number>, into: Sieve): void =>
  sift(into, (at) => {
    if (answers.room[at] !== unable) return true;
    if (!present.has(at)) return false;
    if (!into.holds.has(at)) into.holds.set(at, refusalIn(answers, at));
    return true;
  });

/** A weight of 0 leaves a cluster out, also where no other cluster is left: the weights are what was asked for. */
const dropWeightless = ({ strategy, weights }: CompiledPolicy, { standings }: Prepared, into: Sieve): void => {
  if (strategy !== 'Weighted' || weights === undefined) return;
  sift(into, (at) => {
    const { weight, min } = standings[at] as Standing;
    const isWeighty = weight > 0;
    if (!isWeighty) into.kept.set(at, { reason: 'weight', message: `the weight of the cluster is 0${notKeptText(min)}` });
    return isWeighty;
  });
};

/** Of a divided Job those without a part leave when nothing is left for them, and those that have one make way for what is. */
const dropPartless = (
  workload: Workload,
  { standings }: Prepared,
  answers: Answers | undefined,
  present: ReadonlySet<number>,
  into: Sieve,
): PartLimits | undefined => {
  if (workload.parts === undefined) return undefined;
  const limits = partLimits(
    workload.parts,
    [...into.at.subarray(0, into.size)].map((at) => {
      const name = (standings[at] as Standing).view.name;
      const room = (answers?.room[at] ?? -1) !== 0 || (workload.lingering?.get(name) ?? 0) > 0;
      const replicas = workload.current.get(name) ?? 0;
      return { at, name, isPresent: present.has(at), replicas, hasRoom: room && !into.holds.has(at) };
    }),
  );
  sift(into, (at) => {
    const [out, held] = [limits.out.get(at), limits.held.get(at)];
    if (out !== undefined) into.kept.set(at, out);
    if (held !== undefined && !into.holds.has(at)) into.holds.set(at, held);
    return out === undefined;
  });
  return limits;
};

const placesOf = ({ index }: Prepared, { current }: Workload): ReadonlySet<number> => {
  const places = new Set<number>();
  for (const name of current.keys()) {
    const place = index.get(name);
    if (place !== undefined) places.add(place);
  }
  return places;
};

const presentIn = ({ at }: Roster, { standings }: Prepared, { current }: Workload, present: ReadonlySet<number>): Column => {
  if (present.size === 0) return nothingIn(at.length);
  const column = new Float64Array(at.length);
  for (let candidate = 0; candidate < at.length; candidate++) {
    const place = at[candidate] as number;
    if (present.has(place)) column[candidate] = current.get(standings[place]?.view.name ?? '') ?? 0;
  }
  return column;
};

type Near = Pick<Candidates, 'score' | 'nearScores'>;

const noScores: ReadonlyMap<number, readonly ExplanationScore[]> = new Map();

const nearTo = ({ at, score }: Roster, { standings }: Prepared, neighbours: Neighbours | undefined): Near => {
  if (neighbours === undefined) return { score, nearScores: noScores };
  const scores = score.slice();
  const nearScores = new Map<number, readonly ExplanationScore[]>();
  for (let candidate = 0; candidate < at.length; candidate++) {
    const place = at[candidate] as number;
    const near = neighbours.scores(standings[place] as Standing);
    if (near.length === 0) continue;
    nearScores.set(place, near);
    for (const entry of near) scores[candidate] = (scores[candidate] as number) + entry.score;
  }
  return { score: scores, nearScores };
};

const planOf = (policy: CompiledPolicy, workload: Workload, isCounted: boolean): DemandPlan | undefined =>
  isCounted || policy.requires !== undefined ? demandOf(policy.requires, workload, workload.shape ?? noShape) : undefined;

/** Judges every cluster. */
export const candidatesOf = (
  policy: CompiledPolicy,
  prepared: Prepared,
  workload: Workload,
  others: readonly OtherWorkload[],
  nowMs: number,
): Candidates => {
  const isCounted = workload.replicas !== undefined && workload.shape !== undefined;
  const kind = `${workload.ref.apiVersion}/${workload.ref.kind}`;
  const neighbours = neighboursOf(policy, prepared, workload, others);
  const present = placesOf(prepared, workload);
  const into = sieve(prepared, { policy, workload, nowMs, kind, neighbours }, present);
  const plan = planOf(policy, workload, isCounted);
  const answers = plan === undefined ? undefined : answersOf(prepared.fleet, plan, isCounted, into.at, into.size);
  if (answers !== undefined) dropUnable(answers, present, into);
  dropWeightless(policy, prepared, into);
  const parts = dropPartless(workload, prepared, answers, present, into);
  const roster = rosterOf(prepared, into.at, into.size);
  return {
    prepared,
    kind,
    roster,
    current: presentIn(roster, prepared, workload, present),
    lingering: columnFrom(roster, prepared, workload.lingering ?? nowhere),
    nodeless: columnFrom(roster, prepared, workload.nodeless ?? nowhere),
    answers,
    holds: into.holds,
    parts,
    ...nearTo(roster, prepared, neighbours),
    kept: into.kept,
    recheckAtMs: into.recheckAtMs,
  };
};

/** The cluster of a candidate. */
export const standingAt = ({ prepared, roster }: Candidates, candidate: number): Standing | undefined =>
  prepared.standings[roster.at[candidate] ?? -1];

/** True where a part of a divided Job is under way: it stays, without replicas too, as it would be lost with what was done of it. */
export const isUnderWayAt = ({ parts, roster }: Candidates, candidate: number): boolean =>
  parts?.underWay.has(roster.at[candidate] ?? -1) === true;

/** What was counted at a candidate; undefined when nothing was. */
export const fitAt = ({ answers, roster }: Candidates, candidate: number): FitResult | undefined =>
  answers?.fits[roster.at[candidate] ?? -1];

/** How many further replicas a candidate can run: those that fit, and those of it that run there already. Undefined when nothing was counted. */
export const roomAt = (candidates: Candidates, candidate: number): number | undefined => {
  const fit = fitAt(candidates, candidate);
  return fit === undefined ? undefined : fit.count + (candidates.lingering[candidate] ?? 0);
};

/** What one replica asks for at a candidate; undefined when nothing is counted. */
export const shapeAt = ({ answers, roster }: Candidates, candidate: number): PodShape | undefined =>
  answers === undefined ? undefined : shapeAmong(answers, roster.at[candidate] ?? -1);

/** Set where a candidate keeps what runs and takes no more. */
export const holdAt = ({ holds, roster }: Candidates, candidate: number): Refusal | undefined => holds.get(roster.at[candidate] ?? -1);

/** Most replicas that a candidate's part of a divided Job allows; undefined = the workload is none. */
export const partAt = ({ parts, roster }: Candidates, candidate: number): number | undefined => parts?.most.get(roster.at[candidate] ?? -1);

/** Why a cluster that is no candidate is out. */
const refusalAt = ({ prepared, kind, kept, answers }: Candidates, at: number, { ref }: Pick<Workload, 'ref'>): Refusal | undefined => {
  const standing = prepared.standings[at] as Standing;
  if (standing.refused !== undefined) return standing.refused;
  const told = kept.get(at);
  if (told !== undefined) return told;
  if (!isServed(standing, kind)) return unserved({ ref });
  return standing.blocked ?? (answers === undefined ? undefined : refusalIn(answers, at));
};

/** Clusters that are out, in name order; made when they are asked for. */
export const refusedOf = (candidates: Candidates, workload: Pick<Workload, 'ref'>): Refused[] => {
  const { prepared, roster } = candidates;
  const refused: Refused[] = [];
  let next = 0;
  for (let at = 0; at < prepared.standings.length; at++) {
    if (roster.at[next] === at) {
      next += 1;
      continue;
    }
    const refusal = refusalAt(candidates, at, workload);
    if (refusal !== undefined) refused.push({ at, reason: refusal.reason, message: refusal.message });
  }
  return refused;
};
