/** @module Answers reviews of plans: the hub's state, what is supposed of it, the decision over all of it, and nothing written. */
import type { PlanObjectRef, PlanReviewSpec } from '../../../shared/api/index.ts';
import type { Read } from '../../../shared/capacity/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import {
  type Loss,
  lossOf,
  makePlan,
  type NoCluster,
  type PlanAnswer,
  type PlanFleet,
  planAnswer,
  settled,
  withLosses,
} from '../../../shared/plan/index.ts';
import { fleetUnder, type PlanSources } from './fleet.ts';
import { type DecisionNow, decisionNow, type NowSources } from './now.ts';

/** What a review is answered with; nothing is decided about what is gone, has no policy or has ended. */
export type PlanReviewStatus = PlanAnswer | { readonly losses: readonly Loss[] } | { readonly decision?: DecisionNow };

/** Why there is no plan: what was asked is wrong, in this field of the spec where it is one, or too much is asked at once. */
export type PlanRefusal = { readonly ok: false; readonly message: string; readonly field?: string; readonly isBusy?: true };

/** Answers reviews. */
export type Planner = (spec: PlanReviewSpec) => Promise<{ readonly ok: true; readonly value: PlanReviewStatus } | PlanRefusal>;

/** Reviews worked on at once; more are refused. */
const reviewsMax = 4;
/** Objects told of, and rows of explanation over all of them: an answer stays below some tens of megabytes. */
const placementsMax = 2_000;
const rowsMax = 100_000;

/** The hub's state, and whether it has heard its clusters. */
export type PlannerSources = Omit<PlanSources & NowSources, 'nowMs'> & { readonly isWarm: () => boolean };

const unheard: PlanRefusal = { ok: false, isBusy: true, message: 'the hub has just started and has not heard its clusters yet' };

/** A planner over the hub's state. */
export const createPlanner = (sources: PlannerSources, env: Pick<RuntimeEnv, 'nowMs' | 'setTimer'>): Planner => {
  const at = { nowMs: env.nowMs };
  const breath = (): Promise<void> =>
    new Promise((resolve) => {
      env.setTimer(0, () => resolve());
    });
  const everyLoss = async (fleet: PlanFleet): Promise<readonly Loss[]> => {
    const losses: Loss[] = [];
    for (const { view } of fleet.clusters) {
      // Whoever else waits for the hub goes first.
      await breath();
      if (view.closed === undefined) losses.push(lossOf(fleet, view.name, { nowMs: env.nowMs() }));
    }
    return losses;
  };
  const explained = ({ namespace = '', ...ref }: PlanObjectRef): Awaited<ReturnType<Planner>> => {
    if (!sources.isWarm()) return unheard;
    const decision = decisionNow({ ...sources, ...at }, { ...ref, namespace });
    return { ok: true, value: decision === undefined ? {} : { decision } };
  };
  const answer = async (spec: PlanReviewSpec): Promise<Read<PlanReviewStatus> | NoCluster> => {
    const { lose = [], drain = [], everyLoss: isEvery = false, all = false } = spec;
    const fleet = fleetUnder({ ...sources, ...at }, spec);
    if (!fleet.ok) return fleet;
    const options = { isWhole: all, placementsMax, rowsMax };
    const plan = makePlan(fleet.value, { nowMs: env.nowMs() });
    if (!isEvery && lose.length + drain.length === 0) return { ok: true, value: planAnswer(plan, options) };
    const rested = settled(fleet.value, plan);
    if (isEvery) return { ok: true, value: { losses: await everyLoss(rested) } };
    await breath();
    const after = withLosses(rested, { lose, drain });
    return after.ok ? { ok: true, value: planAnswer(makePlan(after.value, { nowMs: env.nowMs() }), options) } : after;
  };
  let working = 0;
  return async (spec) => {
    if (spec.explain !== undefined) return explained(spec.explain);
    if (working >= reviewsMax) {
      return { ok: false, isBusy: true, message: `${reviewsMax} plans are being made already; ask again in a moment` };
    }
    working += 1;
    try {
      return await answer(spec);
    } finally {
      working -= 1;
    }
  };
};
