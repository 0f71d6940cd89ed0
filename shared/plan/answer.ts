/** @module A plan as it is told: the JSON of `hanse plan -o json`, its sums, and the code a script goes by. */
import type { PlacementCost, StayingCluster, WorkloadRef } from '../api/index.ts';
import { sumsIn } from './costs.ts';
import type { FollowingObject } from './fleet.ts';
import { type Amount, type Measure, measures, usedPercent } from './load.ts';
import type { Plan, PlannedLoad } from './plan.ts';
import type { PlannedPlacement } from './planned.ts';

/** One object in {@link PlanAnswer}. */
export type AnsweredPlacement = {
  readonly object: WorkloadRef;
  readonly policy: string;
  readonly replicas?: number;
  readonly clusters: readonly { readonly cluster: string; readonly replicas: number; readonly before: number }[];
  /**
   * Where it runs on although it is not placed there, as no other cluster takes it: replicas besides those of `clusters`, now and after. Absent =
   * nowhere.
   */
  readonly staying?: readonly {
    readonly cluster: string;
    readonly replicas: number;
    readonly before: number;
    readonly reason: StayingCluster['reason'];
  }[];
  readonly unplaced: number;
  /** Why not all is placed; absent when all is. */
  readonly reason?: string;
  readonly message?: string;
  /** The plan was not asked about it and changes nothing of it: what is unplaced was so before. Absent = it is asked about, or changes. */
  readonly asBefore?: true;
  /** Of this object, an hour; absent when no cluster has a price for it. */
  readonly cost?: PlacementCost;
  /** What keeps pods from starting though they are placed; absent when nothing is known to. */
  readonly warnings?: readonly string[];
  readonly explain: readonly {
    readonly cluster: string;
    readonly eligible: boolean;
    readonly reason: string;
    readonly message: string;
    readonly fits?: number;
    readonly exact?: boolean;
    readonly tier?: string;
  }[];
};

/** How full a cluster is of one thing. Amounts of all its nodes; percent used, rounded down. */
export type AnsweredAmount = {
  readonly total?: number;
  readonly freeBefore: number;
  readonly freeAfter: number;
  readonly percentBefore?: number;
  readonly percentAfter?: number;
};

/** One cluster's load; what it has nothing of is absent. */
export type AnsweredLoad = { readonly cluster: string; readonly lost?: true } & { readonly [M in Measure]?: AnsweredAmount };

/** What is printed with `-o json`. Costs an hour, decimal texts. */
export type PlanAnswer = {
  readonly placements: readonly AnsweredPlacement[];
  /** In the currency that most objects are billed in; what is billed in others cannot be added and is told beside it. */
  readonly cost: PlacementCost & {
    /** Clusters that have or had replicas and no price for them: they count as nothing. Absent when all have one. */
    readonly unpriced?: readonly string[];
  };
  readonly load: readonly AnsweredLoad[];
  /** Replicas that give way to workloads of higher priority. */
  readonly preempted?: readonly {
    readonly object: WorkloadRef;
    readonly by: WorkloadRef;
    readonly cluster: string;
    readonly replicas: number;
    /** Nodes that they leave, as far as that is known. */
    readonly nodes: readonly string[];
  }[];
  /** Objects that no policy selects. */
  readonly unselected?: readonly WorkloadRef[];
  /** Objects that no policy selects and that go along with a workload which names them. */
  readonly following?: readonly FollowingObject[];
  /** What is not known of the clusters: what fits there is an estimate. Absent = nothing. */
  readonly doubts?: readonly string[];
  /** Objects that stay as they are and are not told of. */
  readonly unchanged?: number;
  /** Replicas of objects that stay as they are, told of or not, that were unplaced before and stay so. */
  readonly stillUnplaced?: number;
  /** Objects left out because there are too many. */
  readonly omitted?: number;
};

/** Sums by currency, that of most objects first. */
const costOf = (costs: readonly PlacementCost[]): PlacementCost => {
  const tally = new Map<string, number>();
  for (const { currency } of costs) tally.set(currency, (tally.get(currency) ?? 0) + 1);
  const [currency = ''] = [...tally].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0] ?? [];
  return sumsIn(currency, costs);
};

/** What the plan was neither asked about nor changes. */
const isAsBefore = ({ isChanged, isAsked }: PlannedPlacement): boolean => !isChanged && !isAsked;

const answeredPlacement = (planned: PlannedPlacement, isExplained: boolean): AnsweredPlacement => {
  const { object, policy, replicas, clusters, staying, unplaced, reason, message, cost } = planned;
  return {
    object,
    policy,
    ...(replicas === undefined ? {} : { replicas }),
    clusters,
    ...(staying.length === 0
      ? {}
      : { staying: staying.map(({ cluster, replicas: stay, before, reason: why }) => ({ cluster, replicas: stay, before, reason: why })) }),
    unplaced,
    ...(unplaced > 0 || reason !== 'Placed' ? { reason, message } : {}),
    ...(isAsBefore(planned) ? { asBefore: true as const } : {}),
    ...(cost === undefined ? {} : { cost }),
    ...(planned.warnings.length === 0 ? {} : { warnings: planned.warnings }),
    explain: (isExplained ? planned.explain : []).map((row) => ({
      cluster: row.cluster,
      eligible: row.eligible,
      reason: row.reason,
      message: row.message,
      ...(row.fits === undefined ? {} : { fits: row.fits }),
      ...(row.exact === undefined ? {} : { exact: row.exact }),
      ...(row.tier === undefined ? {} : { tier: row.tier }),
    })),
  };
};

const answeredAmount = (before: Amount, after: Amount): AnsweredAmount => {
  const [percentBefore, percentAfter] = [usedPercent(before), usedPercent(after)];
  return {
    ...(before.total === undefined ? {} : { total: before.total }),
    freeBefore: before.free,
    freeAfter: after.free,
    ...(percentBefore === undefined ? {} : { percentBefore }),
    ...(percentAfter === undefined ? {} : { percentAfter }),
  };
};

const answeredLoad = ({ cluster, isLost, before, after }: PlannedLoad): AnsweredLoad => {
  const told = measures.filter((measure) => before[measure].total !== 0 || before[measure].free !== 0 || after[measure].free !== 0);
  const amounts = told.map((measure) => [measure, answeredAmount(before[measure], after[measure])] as const);
  return { cluster, ...(isLost ? { lost: true as const } : {}), ...Object.fromEntries(amounts) };
};

/** What is told of a plan. */
export type AnswerOptions = {
  /** False = only what changes and what was asked about. */
  readonly isWhole: boolean;
  /** Objects told of; the rest is counted in `omitted`. */
  readonly placementsMax?: number;
  /** Rows of explanation over all objects; those after it have none. */
  readonly rowsMax?: number;
};

/** The JSON of a plan. */
export const planAnswer = (plan: Plan, options: AnswerOptions = { isWhole: true }): PlanAnswer => {
  const { isWhole, placementsMax = Number.MAX_SAFE_INTEGER, rowsMax = Number.MAX_SAFE_INTEGER } = options;
  const chosen = isWhole ? plan.placements : plan.placements.filter((planned) => !isAsBefore(planned));
  const told = chosen.slice(0, placementsMax);
  const [unchanged, omitted] = [plan.placements.length - chosen.length, chosen.length - told.length];
  const stillUnplaced = plan.placements.reduce((sum, planned) => sum + (isAsBefore(planned) ? planned.unplaced : 0), 0);
  let rows = 0;
  return {
    placements: told.map((planned) => {
      const answered = answeredPlacement(planned, rows < rowsMax);
      rows += answered.explain.length;
      return answered;
    }),
    cost: {
      ...costOf(plan.placements.flatMap(({ cost }) => cost ?? [])),
      ...(plan.unpriced.length === 0 ? {} : { unpriced: plan.unpriced }),
    },
    load: plan.loads.map(answeredLoad),
    ...(plan.preempted.length === 0 ? {} : { preempted: plan.preempted.map(({ victim, ...rest }) => ({ object: victim, ...rest })) }),
    ...(plan.unselected.length === 0 ? {} : { unselected: plan.unselected }),
    ...(plan.following.length === 0 ? {} : { following: plan.following }),
    ...(plan.doubts.length === 0 ? {} : { doubts: plan.doubts }),
    ...(unchanged === 0 ? {} : { unchanged }),
    ...(stillUnplaced === 0 ? {} : { stillUnplaced }),
    ...(omitted === 0 ? {} : { omitted }),
  };
};

/** Exit code: 0 all placed, 2 something unplaced of what the plan was asked about or changes, whatever else is told of. */
export const planExitCode = ({ placements }: Pick<PlanAnswer, 'placements'>): 0 | 2 =>
  placements.some(({ unplaced, reason, asBefore }) => asBefore !== true && (unplaced > 0 || (reason !== undefined && reason !== 'Deleted')))
    ? 2
    : 0;
