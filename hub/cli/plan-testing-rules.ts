/**
 * @module What must hold of every offline plan, checked from the plain numbers of a case by code that shares nothing with what is checked.
 * Each rule answers what is wrong.
 */
import type { Fleet, FleetCluster, FleetSpread, FleetWorkload } from './plan-testing-cases.ts';

/** One placement of an answer, as the JSON has it. */
export type Told = {
  readonly object: { readonly name: string };
  readonly replicas: number;
  readonly clusters: readonly { readonly cluster: string; readonly replicas: number; readonly before: number }[];
  /** What runs on where it is placed no more. */
  readonly staying?: readonly { readonly cluster: string; readonly replicas: number }[];
  readonly unplaced: number;
  readonly reason?: string;
  readonly message?: string;
  readonly explain: readonly {
    readonly cluster: string;
    readonly eligible: boolean;
    readonly reason: string;
    readonly fits?: number;
    readonly exact?: boolean;
  }[];
};

/** The result of one case. */
export type ToldCase = {
  readonly error?: string;
  readonly placements: readonly Told[];
  readonly cost: { readonly before: string; readonly after: string; readonly currency: string };
  readonly preempted?: unknown;
};

/** Replicas by cluster. */
export type Counts = Readonly<Record<string, number>>;

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/** What a workload has in a cluster before the plan: pods that run, or what was sent, whichever is more. */
export const presentIn = ({ present }: FleetWorkload, cluster: string): number => {
  const here = present[cluster];
  return here === undefined ? 0 : Math.max(sum(here.byNode), here.sent);
};

/** Replicas of a plan by cluster. */
export const countsOf = (told: Told): Counts =>
  Object.fromEntries(told.clusters.flatMap(({ cluster, replicas }) => (replicas > 0 ? [[cluster, replicas]] : [])));

const labelsOf = ({ name, labels }: FleetCluster): Readonly<Record<string, string>> => ({ ...labels, 'hanse.dev/cluster': name });

/** Why a cluster may hold none, or no more than it has; undefined when it may take all that fits. */
export const barOf = (workload: FleetWorkload, cluster: FleetCluster): 'out' | 'holds' | undefined => {
  if (cluster.nodes === undefined) return 'out';
  const labels = labelsOf(cluster);
  const provider = labels['hanse.dev/provider'] ?? '';
  if (workload.residency !== undefined && !workload.residency.includes(provider)) return 'out';
  if (workload.tiers !== undefined && !workload.tiers.includes(provider)) return 'out';
  if (workload.spread.some(({ topologyKey }) => labels[topologyKey] === undefined)) return 'out';
  const hasWeight = workload.weights === undefined || Object.hasOwn(workload.weights, provider);
  if (workload.strategy === 'Weighted' && !hasWeight) return 'out';
  if (cluster.taint === undefined || workload.tolerates) return undefined;
  return cluster.taint === 'NoExecute' ? 'out' : 'holds';
};

type Left = { readonly cpu: number; readonly pods: number };

/** What nodes have free beside every pod that runs; closed ones have nothing. */
const freeNodes = (cluster: FleetCluster, workloads: readonly FleetWorkload[]): Left[] =>
  (cluster.nodes ?? []).map((node, at) => {
    if (node.isClosed) return { cpu: 0, pods: 0 };
    const running = workloads.map(({ cpu, present }) => ({ cpu, count: present[cluster.name]?.byNode[at] ?? 0 }));
    return {
      cpu: node.cpu - node.held - sum(running.map(({ cpu, count }) => cpu * count)),
      pods: node.pods - node.heldPods - sum(running.map(({ count }) => count)),
    };
  });

/** Whether lots of pods, the largest first, find places on the nodes in some way: every way is tried. */
const packs = (nodes: readonly Left[], lots: readonly { readonly cpu: number; readonly count: number }[]): boolean => {
  const [lot, ...rest] = lots;
  if (lot === undefined) return true;
  const deal = (at: number, left: number, done: readonly Left[]): boolean => {
    const node = nodes[at];
    if (node === undefined) return left === 0 && packs(done, rest);
    const most = Math.max(0, Math.min(left, node.pods, Math.floor(node.cpu / lot.cpu)));
    for (let here = most; here >= 0; here--) {
      if (deal(at + 1, left - here, [...done, { cpu: node.cpu - here * lot.cpu, pods: node.pods - here }])) return true;
    }
    return false;
  };
  return deal(0, lot.count, []);
};

const packed = (cluster: FleetCluster, fleet: Fleet, countOf: (workload: FleetWorkload) => number): boolean => {
  const lots = fleet.workloads
    .map((workload) => {
      const running = sum(workload.present[cluster.name]?.byNode ?? []);
      return { cpu: workload.cpu, count: Math.max(0, countOf(workload) - running) };
    })
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.cpu - a.cpu);
  return packs(freeNodes(cluster, fleet.workloads), lots);
};

/** Further replicas of a workload that a cluster takes when it is alone in the case. */
export const roomFor = (workload: FleetWorkload, cluster: FleetCluster): number => {
  const running = sum(workload.present[cluster.name]?.byNode ?? []);
  const fits = sum(freeNodes(cluster, [workload]).map(({ cpu, pods }) => Math.max(0, Math.min(pods, Math.floor(cpu / workload.cpu)))));
  return Math.max(0, fits - (presentIn(workload, cluster.name) - running));
};

/** The most that a workload which is alone in the case may have in a cluster. */
const capOf = (workload: FleetWorkload, cluster: FleetCluster): number => {
  const bar = barOf(workload, cluster);
  const present = presentIn(workload, cluster.name);
  const bound = workload.bounds[cluster.name]?.[1] ?? Number.POSITIVE_INFINITY;
  const most = bar === 'out' ? 0 : bar === 'holds' ? present : present + roomFor(workload, cluster);
  return Math.min(most, bound, workload.replicas);
};

/** Whether a division keeps a rule of spreading, from its definition (see the policy's reference). */
const holds = (rule: FleetSpread, workload: FleetWorkload, clusters: readonly FleetCluster[], counts: Counts): boolean => {
  const domains = new Map<string, number>();
  for (const cluster of clusters) {
    const domain = labelsOf(cluster)[rule.topologyKey];
    if (domain === undefined) continue;
    const bar = barOf(workload, cluster);
    const isEligible = bar === undefined || (bar === 'holds' && presentIn(workload, cluster.name) > 0);
    if (!isEligible) continue;
    domains.set(domain, (domains.get(domain) ?? 0) + (counts[cluster.name] ?? 0));
  }
  const used = [...domains.values()].filter((count) => count > 0);
  const compared = rule.maxDomains !== undefined && rule.maxDomains < domains.size ? used : [...domains.values()];
  const skew = compared.length === 0 ? 0 : Math.max(...compared) - Math.min(...compared);
  return (
    (used.length >= (rule.minDomains ?? 0) || workload.replicas === 0) &&
    used.length <= (rule.maxDomains ?? Number.POSITIVE_INFINITY) &&
    skew <= (rule.maxSkew ?? Number.POSITIVE_INFINITY) &&
    Math.max(0, ...used) <= Math.floor((workload.replicas * (rule.maxShare ?? 100)) / 100)
  );
};

/** A minimum is one of clusters that may take replicas. */
const boundsHold = (workload: FleetWorkload, clusters: readonly FleetCluster[], counts: Counts): boolean =>
  clusters.every((cluster) => {
    const [min, max] = workload.bounds[cluster.name] ?? [0, Number.POSITIVE_INFINITY];
    const count = counts[cluster.name] ?? 0;
    const bar = barOf(workload, cluster);
    const isHeld = bar === undefined || (bar === 'holds' && presentIn(workload, cluster.name) > 0);
    return count <= max && (count >= min || workload.replicas === 0 || !isHeld);
  });

/** Divisions looked at in one search; a case with more is not searched. */
const divisionsMax = 60_000;

/** The most replicas that any division places under all hard terms; -1 = none holds; undefined = too many to look at. */
const mostPlaceable = (workload: FleetWorkload, clusters: readonly FleetCluster[]): number | undefined => {
  const caps = clusters.map((cluster) => Math.min(capOf(workload, cluster), workload.replicas));
  if (caps.reduce((product, cap) => product * (cap + 1), 1) > divisionsMax) return undefined;
  let best = -1;
  const counts: Record<string, number> = {};
  const visit = (at: number, left: number): void => {
    const cluster = clusters[at];
    if (cluster === undefined) {
      const placed = workload.replicas - left;
      if (placed <= best || !boundsHold(workload, clusters, counts)) return;
      if (workload.spread.every((rule) => holds(rule, workload, clusters, counts))) best = placed;
      return;
    }
    for (let count = 0; count <= Math.min(left, caps[at] ?? 0); count++) {
      counts[cluster.name] = count;
      visit(at + 1, left - count);
    }
    counts[cluster.name] = 0;
  };
  visit(0, workload.replicas);
  return best;
};

/** Reasons that say that hard terms cannot hold: what runs stays, and nothing is asked of the division. */
export const saysBroken: ReadonlySet<string> = new Set(['SpreadUnsatisfiable', 'BoundsUnsatisfiable', 'NoClusterFits', 'AllOrNothing']);

/** Sums, who may hold what, hard terms: of one workload. */
const faultsOf = (fleet: Fleet, workload: FleetWorkload, told: Told): string[] => {
  const counts = countsOf(told);
  const { name, replicas, strategy } = workload;
  const faults: string[] = [];
  const say = (text: string): void => void faults.push(`${name}: ${text}`);
  const placed = sum(Object.values(counts));
  if (told.replicas !== replicas) say(`${told.replicas} replicas are told, ${replicas} asked for`);
  if (strategy !== 'Duplicated' && placed + told.unplaced !== replicas)
    say(`${placed} placed and ${told.unplaced} unplaced of ${replicas}`);
  if (told.unplaced > 0 && (told.reason ?? 'Placed') === 'Placed') say('something is unplaced and no reason is told');
  for (const { cluster, before } of told.clusters) {
    if (before !== presentIn(workload, cluster)) say(`${cluster} had ${presentIn(workload, cluster)}, not ${before}`);
  }
  for (const cluster of fleet.clusters) {
    const count = counts[cluster.name] ?? 0;
    const row = told.explain.find((one) => one.cluster === cluster.name);
    const bar = barOf(workload, cluster);
    if (row === undefined) say(`no row of explanation for ${cluster.name}`);
    else if (bar === 'out' && row.eligible) say(`${cluster.name} is told as eligible`);
    else if (!row.eligible && row.reason === '') say(`${cluster.name} is refused without a reason`);
    if (bar === 'out' && count > 0) say(`${count} in ${cluster.name}, which may hold none`);
    if (bar === 'holds' && count > presentIn(workload, cluster.name)) say(`${cluster.name} grew under NoSchedule`);
    if (strategy === 'Duplicated' && count > replicas) say(`${count} copies in ${cluster.name}`);
  }
  if (told.reason === 'AllOrNothing') {
    const isGrown = told.clusters.some(({ replicas: now, before }) => now > before);
    if (isGrown) say('a part of a gang is placed anew');
  }
  if (strategy === 'Duplicated' || saysBroken.has(told.reason ?? '')) return faults;
  if (workload.gang && placed > 0 && placed < replicas) say('a gang is placed in part');
  const isEmpty = placed === 0;
  if (!isEmpty && !boundsHold(workload, fleet.clusters, counts)) say('a bound is broken and not told');
  for (const rule of isEmpty ? [] : workload.spread) {
    if (!holds(rule, workload, fleet.clusters, counts)) say(`spread ${JSON.stringify(rule)} is broken and not told`);
  }
  return faults;
};

/** Present replicas that no taint or bound drives out, as many as are asked for. */
const stayingOf = (workload: FleetWorkload, clusters: readonly FleetCluster[]): number =>
  Math.min(workload.replicas, sum(clusters.map((cluster) => Math.min(presentIn(workload, cluster.name), capOf(workload, cluster)))));

/** A workload that is alone gets as much as any division gives it. */
const faultsAlone = (fleet: Fleet, workload: FleetWorkload, told: Told): string[] => {
  if (fleet.workloads.length > 1 || workload.strategy === 'Duplicated') return [];
  const most = mostPlaceable(workload, fleet.clusters);
  const placed = sum(Object.values(countsOf(told)));
  if (most === undefined) return [];
  const reason = told.reason ?? 'Placed';
  if (workload.gang && most < workload.replicas)
    return reason === 'AllOrNothing' || most <= 0 ? [] : [`${workload.name}: only ${most} fit, and ${reason} is told`];
  if (most < 0) return saysBroken.has(reason) ? [] : [`${workload.name}: no division holds, and ${reason} is told`];
  // Replicas that run and that no division finds a place for stay where they are, within the maxima.
  const maxima = workload.spread.map(({ minDomains: _, maxSkew: __, ...rule }) => rule);
  const isWithin = maxima.every((rule) => holds(rule, workload, fleet.clusters, countsOf(told)));
  if (reason === 'SpreadUnsatisfiable' && most < placed && placed <= stayingOf(workload, fleet.clusters) && isWithin) return [];
  if (saysBroken.has(reason)) return most === 0 ? [] : [`${workload.name}: ${reason} is told, but ${most} can be placed`];
  return placed === most ? [] : [`${workload.name}: ${placed} placed, ${most} can be`];
};

/** All that must hold of one answer. */
export const faultsIn = (fleet: Fleet, told: ToldCase): string[] => {
  if (told.error !== undefined) return [`error: ${told.error}`];
  const faults = fleet.workloads.flatMap((workload) => {
    const mine = told.placements.find(({ object }) => object.name === workload.name);
    return mine === undefined
      ? [`${workload.name}: not told of`]
      : [...faultsOf(fleet, workload, mine), ...faultsAlone(fleet, workload, mine)];
  });
  const after = new Map(told.placements.map((one) => [one.object.name, countsOf(one)]));
  for (const cluster of fleet.clusters.filter(({ nodes }) => nodes !== undefined)) {
    if (!packed(cluster, fleet, (workload) => presentIn(workload, cluster.name))) continue;
    if (!packed(cluster, fleet, ({ name }) => after.get(name)?.[cluster.name] ?? 0)) faults.push(`${cluster.name} holds more than fits`);
  }
  return [...faults, ...stayFaults(fleet, told), ...costFaults(fleet, after, told)];
};

/** Nothing stays that was not there, beyond what finds no place, or where some of it is placed. */
const stayFaults = ({ workloads }: Fleet, { placements }: ToldCase): string[] =>
  workloads.flatMap((workload) => {
    const mine = placements.find(({ object }) => object.name === workload.name);
    const staying = mine?.staying ?? [];
    const placed = new Set((mine?.clusters ?? []).flatMap(({ cluster, replicas }) => (replicas > 0 ? [cluster] : [])));
    const isSound = staying.every(({ cluster, replicas }) => !placed.has(cluster) && replicas <= presentIn(workload, cluster));
    return isSound && sum(staying.map(({ replicas }) => replicas)) <= (mine?.unplaced ?? 0) ? [] : [`${workload.name}: stays wrongly`];
  });

const costFaults = ({ clusters, workloads }: Fleet, after: ReadonlyMap<string, Counts>, told: ToldCase): string[] => {
  // Thousandths of the currency for each core and hour, times half cores.
  const cost = (countOf: (workload: FleetWorkload, cluster: string) => number): number =>
    sum(workloads.flatMap((one) => clusters.map(({ name, price = 0 }) => price * (one.cpu / 500) * countOf(one, name))));
  const stay = (workload: string, cluster: string): number =>
    told.placements.find(({ object }) => object.name === workload)?.staying?.find((one) => one.cluster === cluster)?.replicas ?? 0;
  const now = cost(({ name }, cluster) => (after.get(name)?.[cluster] ?? 0) + stay(name, cluster));
  return Math.round(Number(told.cost.after) * 2_000) === now ? [] : [`cost ${told.cost.after} after, ${now / 2_000} counted`];
};
