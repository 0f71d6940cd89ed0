/**
 * @module From the rebalancer's linear program to moves that really hold: rounding towards the present, every move checked against the exact
 * room, the constraints and the budget, then improvements one by one. Says how far from the program's bound it ended.
 */
import type { WorkloadRef } from '../api/index.ts';
import { holdAt, shapeAt, standingAt } from './candidates.ts';
import type { ClusterView } from './model.ts';
import { neighboursOf } from './neighbours.ts';
import { priceIn } from './pricing.ts';
import { type Column, nothingIn, violations } from './problem.ts';
import { type Group, isBound, type Mover, type RebalanceModel, type Whereabouts } from './rebalance-model.ts';
import { refText } from './workload-fields.ts';

/** A solver's answer: values by variable, and the objective that no division can be below; undefined = it did not end in time. */
export type ProgramSolution = { readonly values: Readonly<Record<string, number>>; readonly objective: number } | undefined;

/** Replicas that go from one cluster to another. */
export type Move = {
  readonly workload: WorkloadRef;
  readonly from: string;
  readonly to: string;
  readonly replicas: number;
  readonly why: string;
};

/** What the rebalancer would do. */
export type RebalancePlan = {
  readonly moves: readonly Move[];
  /** Sum of the costs of all replicas that may move, before and after. */
  readonly before: number;
  readonly after: number;
  /** No division within room, shares and budget costs less; undefined when the program was not solved. */
  readonly bound: number | undefined;
  /** Basis points by which `after` is above the bound; undefined without one. */
  readonly gapBasisPoints: number | undefined;
};

const costOf = ({ counts, cost }: Mover): number => counts.reduce((sum, count, at) => sum + count * (cost[at] ?? 0), 0);
const nameAt = (mover: Mover, at: number): string => standingAt(mover.candidates, at)?.view.name ?? '';

/** A mover with what is left of its budget. */
type Moving = { readonly mover: Mover; readonly places: Whereabouts; left: number };

/** True when affinities, with everything where the moves so far have put it, keep the workload out of the cluster. */
const isKeptOut = ({ mover: { task, candidates }, places }: Moving, to: number): boolean => {
  const standing = standingAt(candidates, to);
  if (standing === undefined || !isBound(task, places)) return false;
  return neighboursOf(task.policy, candidates.prepared, task.workload, [...places.values()])?.refusal(standing) !== undefined;
};

/** Takes note of where the workload is now. */
const settle = ({ mover, places }: Moving): void => {
  const { workload, policy } = mover.task;
  const { ref, labels = {} } = workload;
  const clusters = [...mover.counts].flatMap((count, at) => (count > 0 ? [nameAt(mover, at)] : []));
  places.set(refText(ref), { ref, labels, clusters, apart: policy.apart.required });
};

const whyOf = (mover: Mover, from: number, to: number): string => {
  const tierAt = (at: number): number => standingAt(mover.candidates, at)?.tier ?? 0;
  if (tierAt(to) < tierAt(from)) return `returns to tier ${mover.task.policy.tiers[tierAt(to)]?.name ?? ''}`.trim();
  const [a, b] = [from, to].map((at) => {
    const view = standingAt(mover.candidates, at)?.view;
    const shape = shapeAt(mover.candidates, at);
    return view === undefined || shape === undefined ? undefined : priceIn(view, shape);
  });
  return a !== undefined && b !== undefined && b < a ? 'is cheaper there' : 'is preferred there';
};

/** Moves up to `wish` replicas where all that binds allows; answers how many went. Rooms are taken from, never given back to. */
const tryMove = (moving: Moving, from: number, to: number, wish: number, moves: Move[]): number => {
  const { mover } = moving;
  const { counts, cost, problem, candidates } = mover;
  if ((cost[to] ?? 0) >= (cost[from] ?? 0) || holdAt(candidates, to) !== undefined) return 0;
  if ((counts[to] ?? 0) === 0 && isKeptOut(moving, to)) return 0;
  const view: ClusterView | undefined = standingAt(candidates, to)?.view;
  const shape = shapeAt(candidates, to);
  if (view?.room === undefined || shape === undefined) return 0;
  const least = problem.min[from] ?? 0;
  const open = Math.min(
    wish,
    moving.left,
    (counts[from] ?? 0) - least,
    (problem.max[to] ?? 0) - (counts[to] ?? 0),
    view.room.fit(shape).count,
  );
  for (let count = open; count > 0; count--) {
    const next = counts.slice();
    next[from] = (next[from] ?? 0) - count;
    next[to] = (next[to] ?? 0) + count;
    if (problem.spreads.length > 0 && violations(problem, next).length > violations(problem, counts).length) continue;
    view.room.assume({ shape, count });
    counts[from] = next[from] ?? 0;
    counts[to] = next[to] ?? 0;
    moving.left -= count;
    settle(moving);
    moves.push({
      workload: mover.task.workload.ref,
      from: nameAt(mover, from),
      to: nameAt(mover, to),
      replicas: count,
      why: whyOf(mover, from, to),
    });
    return count;
  }
  return 0;
};

/** Candidates of a group from the dearest to the cheapest. */
const dearestFirst = (cost: Column): number[] => [...cost.keys()].sort((a, b) => (cost[b] ?? 0) - (cost[a] ?? 0) || a - b);

/** Moves a group towards the program's division. */
const roundGroup = (group: Group, index: number, movings: readonly Moving[], solution: ProgramSolution, moves: Move[]): void => {
  const [first] = group.movers;
  if (first === undefined || solution === undefined) return;
  const target = [...first.counts].map((_, at) => Math.round(solution.values[`x${index}_${at}`] ?? 0));
  const surplus = target.map((count, at) => group.movers.reduce((sum, { counts }) => sum + (counts[at] ?? 0), 0) - count);
  const order = dearestFirst(first.cost);
  for (const from of order) {
    for (const to of [...order].reverse()) {
      for (const moving of movings) {
        const wish = Math.min(surplus[from] ?? 0, -(surplus[to] ?? 0));
        if (wish <= 0) break;
        const moved = tryMove(moving, from, to, wish, moves);
        surplus[from] = (surplus[from] ?? 0) - moved;
        surplus[to] = (surplus[to] ?? 0) + moved;
      }
    }
  }
};

/** Any move that still lowers the cost, the dearest replicas to the cheapest clusters first. */
const improve = (group: Group, movings: readonly Moving[], moves: Move[]): void => {
  const order = dearestFirst(group.movers[0]?.cost ?? nothingIn(0));
  for (const moving of movings) {
    for (const from of order) {
      for (const to of [...order].reverse()) {
        if (moving.left <= 0) break;
        if ((moving.mover.counts[from] ?? 0) > 0) tryMove(moving, from, to, moving.left, moves);
      }
    }
  }
};

/** Moves of one workload between the same two clusters as one. */
const joined = (moves: readonly Move[]): Move[] => {
  const byKey = new Map<string, Move>();
  for (const move of moves) {
    const key = JSON.stringify([move.workload, move.from, move.to]);
    const known = byKey.get(key);
    byKey.set(key, known === undefined ? move : { ...known, replicas: known.replicas + move.replicas });
  }
  return [...byKey.values()];
};

/**
 * The moves of one round. The rooms of the clusters are used up by it: hand in rooms of your own. Present replicas move at most once, so that
 * the budget of each workload holds; with nothing better to have there are no moves.
 */
export const rebalance = (model: RebalanceModel, solution: ProgramSolution): RebalancePlan => {
  const moves: Move[] = [];
  const all = model.groups.flatMap(({ movers }) => movers);
  const before = all.reduce((sum, mover) => sum + costOf(mover), 0);
  const movings = model.groups.map(({ movers }) => movers.map((mover): Moving => ({ mover, places: model.places, left: mover.budget })));
  for (const [index, group] of model.groups.entries()) roundGroup(group, index, movings[index] ?? [], solution, moves);
  for (const [index, group] of model.groups.entries()) improve(group, movings[index] ?? [], moves);
  const after = all.reduce((sum, mover) => sum + costOf(mover), 0);
  const bound = solution?.objective;
  return {
    moves: joined(moves),
    before,
    after,
    bound,
    gapBasisPoints: bound === undefined ? undefined : Math.max(0, Math.round(((after - bound) * 10_000) / Math.max(1, Math.abs(bound)))),
  };
};
