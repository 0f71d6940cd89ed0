/**
 * @module Loss tables: for every loss that is planned for, the weights that each service has afterwards, worked out before anything is lost,
 * so that agents act at once and without a hub (static stability).
 */
import { compareText } from '../lib/compare-text.ts';
import { weightMax } from '../wire/traffic.ts';
import { mulDiv } from './mul-div.ts';
import { pour } from './share-out.ts';

/** A service in one cluster. Loads and capacities in one unit for all, such as requests a second. */
export type ServiceInCluster = {
  readonly cluster: string;
  /** What it serves in peak hours. */
  readonly load: number;
  /** What its ready endpoints can serve. */
  readonly capacity: number;
  /** Lower ones are used first; absent = 0. */
  readonly tier?: number;
  /** Millionths of its capacity that are in use, where that is measured: what room it has, and what its loss asks of others, go by it. */
  readonly inUse?: number;
};

/** A service that several clusters serve. */
export type ServedService = {
  /** `namespace/name`. */
  readonly name: string;
  /** Services with a lower number lose traffic first when it does not fit; equal ones by name, the last first. */
  readonly shedPriority: number;
  readonly clusters: readonly ServiceInCluster[];
};

/** What the tables are made from. */
export type LossPlan = {
  /** Grows with each plan; agents never go back to an older one. */
  readonly epoch: number;
  readonly services: readonly ServedService[];
  /** What all services together may put on a cluster, such as its gateway's limit; absent = their own capacities alone. */
  readonly clusterCapacity: ReadonlyMap<string, number>;
  /** Clusters that must be left; a loss that leaves fewer is not acted on. */
  readonly survivorsMin: number;
  /** Losses of several clusters at once to plan for, besides every single one. */
  readonly pairs: readonly (readonly string[])[];
};

/** One service after a loss. */
export type ServiceAfterLoss = {
  readonly name: string;
  /** By cluster, sorted by name; 0 for the lost ones, at least 1 for those that serve. Never all 0. */
  readonly weights: readonly { readonly cluster: string; readonly weight: number }[];
  /** Load that the survivors have no room for. They get it all the same in proportion: it is what they should refuse. */
  readonly shed: number;
  /** True when no survivor serves it: its weights stay as they were, for a wrong verdict must not make it vanish. */
  readonly stays: boolean;
};

const tierOf = ({ tier = 0 }: ServiceInCluster): number => tier;

/** What to do about one loss. */
export type LossTable = {
  /** Sorted. */
  readonly lost: readonly string[];
  /** Set when agents must not act on this loss by themselves. */
  readonly refusal: string | undefined;
  readonly services: readonly ServiceAfterLoss[];
};

/**
 * Weights in proportion to loads, the greatest {@link weightMax}. What serves at all keeps at least 1, but for tiers that are not needed: they
 * get nothing.
 */
const weightsOf = (clusters: readonly ServiceInCluster[], lost: ReadonlySet<string>, loads: ReadonlyMap<string, number>) => {
  const loadOf = (cluster: string): number => loads.get(cluster) ?? 0;
  const most = Math.max(1, ...clusters.map(({ cluster }) => loadOf(cluster)));
  const able = clusters.filter(({ cluster, capacity }) => !lost.has(cluster) && capacity > 0);
  const first = Math.min(...able.map(tierOf));
  return [...clusters]
    .sort((a, b) => compareText(a.cluster, b.cluster))
    .map((one) => {
      const { cluster, capacity } = one;
      if (lost.has(cluster) || capacity === 0 || (loadOf(cluster) === 0 && tierOf(one) > first)) return { cluster, weight: 0 };
      return { cluster, weight: Math.max(1, mulDiv(loadOf(cluster), weightMax, most)) };
    });
};

/** Pours tier by tier: a later one gets what the earlier ones have no room for. */
const pourByTier = (
  survivors: readonly ServiceInCluster[],
  amount: number,
  roomOf: (one: ServiceInCluster) => number,
): { readonly loads: ReadonlyMap<string, number>; readonly unserved: number } => {
  const loads = new Map<string, number>();
  let left = amount;
  for (const tier of [...new Set(survivors.map(tierOf))].sort((a, b) => a - b)) {
    const vessels = survivors.filter((one) => tierOf(one) === tier).map((one) => ({ ...one, capacity: roomOf(one) }));
    const poured = pour(vessels, left);
    for (const { cluster, load } of poured.loads) loads.set(cluster, load);
    left = poured.unserved;
  }
  return { loads, unserved: left };
};

/** What is left of each cluster's common room when the survivors' own loads are counted. */
const commonRoom = (plan: LossPlan, lost: ReadonlySet<string>): Map<string, number> => {
  const room = new Map([...plan.clusterCapacity].filter(([cluster]) => !lost.has(cluster)));
  for (const { clusters } of plan.services)
    for (const { cluster, load } of clusters) {
      const left = room.get(cluster);
      if (left !== undefined) room.set(cluster, Math.max(0, left - load));
    }
  return room;
};

/** {@link ServiceInCluster.inUse} of a cluster that has no room left. */
export const inUseFull = 1_000_000;
/** Measured loads are small at night: they are poured in so much finer units, where capacities are not huge. */
const fineUnits = 1_000;
const fineCapacityMax = 1_000_000_000_000;

const finenessOf = ({ clusters }: ServedService): number =>
  clusters.some(({ inUse }) => inUse !== undefined) && clusters.reduce((sum, { capacity }) => sum + capacity, 0) <= fineCapacityMax
    ? fineUnits
    : 1;

const sumOf = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((sum, item) => sum + of(item), 0);

/**
 * Survivors keep the requests that they have, and get those of the lost clusters by what room they have. Both rooms and what is lost go by
 * measured use, where there is one; what that comes to is turned back into loads, for weights are parts of requests.
 */
const afterLoss = (service: ServedService, lost: ReadonlySet<string>, room: Map<string, number>): ServiceAfterLoss => {
  const survivors = service.clusters.filter(({ cluster, capacity }) => !lost.has(cluster) && capacity > 0);
  const losing = service.clusters.filter(({ cluster }) => lost.has(cluster));
  const amount = sumOf(losing, ({ load }) => load);
  const present = new Map(service.clusters.map(({ cluster, load }) => [cluster, load]));
  if (survivors.length === 0)
    return { name: service.name, weights: weightsOf(service.clusters, new Set(), present), shed: amount, stays: true };
  const fine = finenessOf(service);
  const nowOf = ({ load, capacity, inUse }: ServiceInCluster): number =>
    inUse === undefined ? load * fine : Math.max(1, mulDiv(capacity * fine, inUse, inUseFull));
  const demand = amount === 0 ? 0 : sumOf(losing, nowOf);
  /** Poured units as loads; the same number where nothing is measured. */
  const asLoad = (poured: number): number => (demand === 0 ? 0 : mulDiv(poured, amount, demand));
  const vessels = survivors.map((one) => ({ ...one, load: nowOf(one), capacity: one.capacity * fine }));
  const { loads, unserved } = pourByTier(vessels, demand, ({ cluster, load, capacity }) => {
    const left = room.get(cluster);
    return left === undefined || amount === 0 ? capacity : Math.min(capacity, load + mulDiv(left, demand, amount));
  });
  const after = new Map(
    vessels.map(({ cluster, load }) => {
      const more = asLoad((loads.get(cluster) ?? load) - load);
      const left = room.get(cluster);
      if (left !== undefined) room.set(cluster, left - more);
      return [cluster, (present.get(cluster) ?? 0) + more];
    }),
  );
  return { name: service.name, weights: weightsOf(service.clusters, lost, after), shed: asLoad(unserved), stays: false };
};

const tableOf = (plan: LossPlan, clusters: readonly string[], losing: readonly string[]): LossTable => {
  const lost = new Set(losing);
  const left = clusters.filter((cluster) => !lost.has(cluster)).length;
  const room = commonRoom(plan, lost);
  // Those that shed last are served first from the common room.
  const order = [...plan.services].sort((a, b) => b.shedPriority - a.shedPriority || compareText(a.name, b.name));
  const services = order.map((service) => afterLoss(service, lost, room)).sort((a, b) => compareText(a.name, b.name));
  const refusal =
    left >= plan.survivorsMin ? undefined : `${left} clusters would be left and ${plan.survivorsMin} must: an operator decides`;
  return { lost: [...lost].sort(compareText), refusal, services };
};

/** Weights while nothing is lost, by cluster, sorted by name. Never all 0 where one has capacity. */
export const weightsAtRest = (service: ServedService): ServiceAfterLoss['weights'] =>
  weightsOf(service.clusters, new Set(), new Map(service.clusters.map(({ cluster, load }) => [cluster, load])));

/** One service after a loss that no table was made for; only its own capacities are known. */
export const afterLossOf = (service: ServedService, lost: readonly string[]): ServiceAfterLoss =>
  afterLoss(service, new Set(lost), new Map());

/**
 * The table for every single loss and for the planned pairs, sorted by what is lost. Clusters are those that serve something or have a
 * common capacity.
 */
export const lossTables = (plan: LossPlan): LossTable[] => {
  const clusters = [
    ...new Set([...plan.services.flatMap((service) => service.clusters.map(({ cluster }) => cluster)), ...plan.clusterCapacity.keys()]),
  ].sort(compareText);
  const losses = new Map(
    [...clusters.map((cluster) => [cluster]), ...plan.pairs].map((lost) => [[...lost].sort(compareText).join(' '), lost]),
  );
  return [...losses]
    .sort(([a], [b]) => compareText(a, b))
    .filter(([, lost]) => lost.every((cluster) => clusters.includes(cluster)))
    .map(([, lost]) => tableOf(plan, clusters, lost));
};
