/**
 * @module The rebalancer's linear program: which clusters should hold the replicas of workloads that may move, at the least cost, within room,
 * shares and a budget of moves. Workloads of one policy and one shape are one row (facts `capacity.md` §4.2: 50 to 500 times smaller).
 */
import { askKey } from './asking.ts';
import { type Candidates, candidatesOf, shapeAt, standingAt } from './candidates.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { pricesOf } from './cost.ts';
import type { ClusterView, OtherWorkload } from './model.ts';
import { problemOf } from './place.ts';
import { type Prepared, prepare } from './prepare.ts';
import { type Column, type Problem, sumOf, unlimited } from './problem.ts';
import type { Task } from './turn.ts';
import { refText } from './workload-fields.ts';

/** One workload that may move: its division as it is, and what a replica costs at each candidate. */
export type Mover = {
  readonly task: Task;
  readonly candidates: Candidates;
  readonly problem: Problem;
  readonly counts: Column;
  /** Cost of a replica at each candidate: the tier before everything, then price, fits or score. */
  readonly cost: Column;
  /** Replicas that may move in this round. */
  readonly budget: number;
};

/** Movers that the program does not tell apart. */
export type Group = { readonly movers: readonly Mover[] };

/** The program as CPLEX LP text; variable `x3_17` = replicas of group 3 at candidate 17. */
export type RebalanceModel = {
  readonly groups: readonly Group[];
  readonly lp: string;
  readonly variables: number;
  readonly places: Whereabouts;
};

/** Says whether room has been in a cluster for the calm time of a workload's policy. */
export type IsCalm = (task: Task, cluster: string) => boolean;

/** Cost steps: a tier is never bought with a price. */
const tierCost = 1_000_000_000;
const priceScale = 10n ** 13n;
/** Variables beyond which no program is written: rounding starts from what is there. */
const variablesMax = 200_000;

const costsOf = (task: Task, candidates: Candidates): Column => {
  const { strategy } = task.policy;
  const prices = strategy === 'Cheapest' ? pricesOf(candidates) : [];
  return candidates.score.map((score, at) => {
    const price = prices[at];
    const unknownPrice = strategy === 'Cheapest' && price === undefined;
    const own = unknownPrice ? tierCost / 2 : price === undefined ? 0 : Math.min(tierCost / 2, Number(price / priceScale));
    return (standingAt(candidates, at)?.tier ?? 0) * tierCost + own - score;
  });
};

const flat = new WeakMap<Prepared, boolean>();

/** True when every cluster that is not out is as good as any other for every workload of the policy: nothing can be gained. */
const isFlat = ({ strategy, near, apart }: CompiledPolicy, prepared: Prepared): boolean => {
  const known = flat.get(prepared);
  if (known !== undefined) return known;
  const open = prepared.standings.filter(({ refused }) => refused === undefined);
  const isSame = open.every(({ tier, score }) => tier === open[0]?.tier && score === open[0]?.score);
  const answer = isSame && strategy !== 'Cheapest' && near.preferred.length + apart.preferred.length === 0;
  flat.set(prepared, answer);
  return answer;
};

/** Workloads by {@link refText}: where each is, for affinities; moves of a round change it. */
export type Whereabouts = Map<string, OtherWorkload>;

/** Where everything is: what may move, and `others` that stay. */
const whereaboutsOf = (tasks: readonly Task[], others: readonly OtherWorkload[]): Whereabouts => {
  const places: Whereabouts = new Map(others.map((other) => [refText(other.ref), other]));
  for (const { workload, policy } of tasks) {
    const { ref, labels = {}, current } = workload;
    places.set(refText(ref), { ref, labels, clusters: [...current.keys()], apart: policy.apart.required });
  }
  return places;
};

/** True when affinities bear on where the task may be: its own, or those of others of its namespace. */
export const isBound = ({ workload, policy: { near, apart } }: Task, places: Whereabouts): boolean => {
  if (near.required.length + near.preferred.length + apart.required.length + apart.preferred.length > 0) return true;
  for (const other of places.values()) {
    if (other.ref.namespace === workload.ref.namespace && (other.apart ?? []).length > 0) return true;
  }
  return false;
};

/** A workload as the rebalancer sees it; undefined when it may not move or has nowhere to go. */
const moverOf = (task: Task, clusters: readonly ClusterView[], places: Whereabouts, isCalm: IsCalm, nowMs: number): Mover | undefined => {
  const { workload, policy } = task;
  const { replicas, shape } = workload;
  if (replicas === undefined || shape === undefined || policy.rebalance.mode === 'Off') return undefined;
  // Weights are the specification, and copies are everywhere: neither has a better place.
  if (policy.strategy === 'Weighted' || policy.strategy === 'Duplicated') return undefined;
  const prepared = prepare(policy, clusters);
  if (isFlat(policy, prepared)) return undefined;
  const others = isBound(task, places) ? [...places.values()] : [];
  const candidates = candidatesOf(policy, prepared, workload, others, nowMs);
  const whole = problemOf(policy, candidates, replicas);
  const max = whole.max.map((most, at) =>
    isCalm(task, standingAt(candidates, at)?.view.name ?? '') ? most : Math.min(most, whole.current[at] ?? 0),
  );
  const counts = whole.current.slice();
  const cost = costsOf(task, candidates);
  const budget = Math.ceil((replicas * policy.rebalance.maxMovesPercent) / 100);
  const canImprove = counts.some(
    (count, from) => count > 0 && max.some((most, to) => most > (counts[to] ?? 0) && (cost[to] ?? 0) < (cost[from] ?? 0)),
  );
  if (!canImprove) return undefined;
  return { task, candidates, problem: { ...whole, max }, counts, cost, budget };
};

const groupsOf = (movers: readonly Mover[]): Group[] => {
  const groups = new Map<string, { movers: Mover[] }>();
  for (const mover of movers) {
    const { policy, workload } = mover.task;
    const key = JSON.stringify([policy.id, workload.ref.namespace, askKey(mover.task), [...mover.candidates.roster.at], [...mover.cost]]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { movers: [mover] });
    else group.movers.push(mover);
  }
  return [...groups.values()];
};

/** What is free of each resource in a cluster, negative nodes left out; undefined when it has not said. */
const freeIn = (view: ClusterView): ReadonlyMap<string, number> | undefined => {
  const report = view.room?.report;
  if (report === undefined) return undefined;
  return new Map(
    report.resourceNames.map(
      (name, at) => [name, (report.nodes.free[at] ?? []).reduce((sum, free) => sum + Math.max(0, free), 0)] as const,
    ),
  );
};

const termsOf = (terms: readonly string[]): string => (terms.length === 0 ? '0 x0_0' : terms.join(' + '));

/** Rows of one group: its replicas stay as many, moves count, shares of domains hold. */
const groupRows = ({ movers }: Group, index: number): { rows: string[]; bounds: string[]; objective: string[] } => {
  const [first] = movers;
  if (first === undefined) return { rows: [], bounds: [], objective: [] };
  const size = first.counts.length;
  const all = (of: (mover: Mover) => number): number => movers.reduce((sum, mover) => Math.min(unlimited, sum + of(mover)), 0);
  const at = (candidate: number): string => `x${index}_${candidate}`;
  const places = Array.from({ length: size }, (_, candidate) => candidate);
  const present = Float64Array.from(places, (candidate) => all(({ counts }) => counts[candidate] ?? 0));
  const rows = [
    `t${index}: ${termsOf(places.map(at))} = ${sumOf(present)}`,
    `b${index}: ${termsOf(places.map((candidate) => `m${index}_${candidate}`))} <= ${all(({ budget }) => budget)}`,
    ...places.map((candidate) => `d${index}_${candidate}: ${at(candidate)} - m${index}_${candidate} <= ${present[candidate] ?? 0}`),
  ];
  first.problem.spreads.forEach((spread, number) => {
    if (!spread.hard || spread.shareMax === unlimited) return;
    spread.names.forEach((_, domain) => {
      const inside = places.filter((candidate) => spread.of[candidate] === domain);
      if (inside.length > 0)
        rows.push(
          `s${index}_${number}_${domain}: ${termsOf(inside.map(at))} <= ${all(({ problem }) => problem.spreads[number]?.shareMax ?? 0)}`,
        );
    });
  });
  // One shape has one room: what fits of it fits once, whoever takes it.
  const bounds = places.map((candidate) => {
    const fits = Math.max(0, ...movers.map(({ problem, counts }) => (problem.max[candidate] ?? 0) - (counts[candidate] ?? 0)));
    return `0 <= ${at(candidate)} <= ${Math.min(sumOf(present), (present[candidate] ?? 0) + fits)}`;
  });
  return { rows, bounds, objective: places.map((candidate) => `${first.cost[candidate] ?? 0} ${at(candidate)}`) };
};

/** Rows that all groups share: what they ask of a cluster's resources. */
const resourceRows = (groups: readonly Group[], clusters: readonly ClusterView[]): string[] =>
  clusters.flatMap((view, number) => {
    const free = freeIn(view);
    if (free === undefined) return [];
    return [...free].flatMap(([resource, amount]) => {
      let held = amount;
      const terms: string[] = [];
      groups.forEach(({ movers }, index) => {
        const [first] = movers;
        if (first === undefined) return;
        const candidate = first.counts.findIndex((_, at) => standingAt(first.candidates, at)?.view === view);
        const shape = candidate < 0 ? undefined : (shapeAt(first.candidates, candidate) ?? first.task.workload.shape);
        const asked = shape?.requests.find(([name]) => name === resource)?.[1] ?? 0;
        if (asked === 0) return;
        terms.push(`${asked} x${index}_${candidate}`);
        held += asked * movers.reduce((sum, { counts }) => sum + (counts[candidate] ?? 0), 0);
      });
      return terms.length < 2 ? [] : [`r${number}_${terms.length}_${resource.replace(/[^a-zA-Z0-9]/g, '_')}: ${termsOf(terms)} <= ${held}`];
    });
  });

/** Builds the program for the workloads that may move; `others` are placed and stay where they are. */
export const rebalanceModel = (
  tasks: readonly Task[],
  clusters: readonly ClusterView[],
  isCalm: IsCalm,
  nowMs: number,
  others: readonly OtherWorkload[] = [],
): RebalanceModel => {
  const places = whereaboutsOf(tasks, others);
  const groups = groupsOf(tasks.flatMap((task) => moverOf(task, clusters, places, isCalm, nowMs) ?? []));
  const variables = groups.reduce((sum, { movers }) => sum + (movers[0]?.counts.length ?? 0), 0);
  if (variables === 0 || variables > variablesMax) return { groups, lp: '', variables, places };
  const parts = groups.map(groupRows);
  const lines = [
    'Minimize',
    ` obj: ${termsOf(parts.flatMap(({ objective }) => objective)).replaceAll('+ -', '- ')}`,
    'Subject To',
    ...[...parts.flatMap(({ rows }) => rows), ...resourceRows(groups, clusters)].map((row) => ` ${row}`),
    'Bounds',
    ...parts.flatMap(({ bounds }) => bounds).map((bound) => ` ${bound}`),
    'End',
  ];
  return { groups, lp: `${lines.join('\n')}\n`, variables, places };
};
