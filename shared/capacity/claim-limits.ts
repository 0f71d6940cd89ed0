/**
 * @module What devices leave of a node's own count: those that claims of each replica take, and those that stand in for an extended resource
 * which the node does not offer by itself (KEP-5004).
 */
import { addAmounts, boundName } from './amounts.ts';
import type { PodDemand } from './demand.ts';
import { type DeviceCount, deviceAsksOf, deviceCount } from './device-count.ts';
import type { DeviceAsk, DeviceStock } from './device-stock.ts';
import type { ClusterModel, NodeModel } from './node.ts';

/** What a replica asks of a node besides devices, what it asks of its devices, and what those leave of a count; absent = nothing is asked. */
export type ClaimLimit = (node: NodeModel) => {
  readonly rest: PodDemand;
  readonly asks: readonly DeviceAsk[];
  readonly devices?: ((most: bigint) => DeviceCount) | undefined;
};

/** The limit of a cluster's devices, and why it is an estimate. */
export type ClaimLimits = { readonly limit: ClaimLimit; readonly doubts: readonly string[] };

/** Quotas of claims, which are not counted. */
const limitsClaims = ({ quotas }: Pick<ClusterModel, 'quotas'>, { namespace }: PodDemand): boolean =>
  quotas.some((quota) => quota.namespace === namespace && [...quota.free.keys()].some((name) => /deviceclass|resourceclaims/.test(name)));

/** The demand without resources that devices stand in for. */
const without = (demand: PodDemand, resources: ReadonlySet<string>): PodDemand => {
  const kept = (amounts: PodDemand['requests']): PodDemand['requests'] => new Map([...amounts].filter(([name]) => !resources.has(name)));
  return {
    ...demand,
    requests: kept(demand.requests),
    limits: kept(demand.limits),
    containers: demand.containers.map((container) => ({ ...container, requests: kept(container.requests) })),
  };
};

/** Requests that devices of a class stand in for, by resource: one for each container, as the scheduler makes them. */
const standIns = (
  stock: DeviceStock,
  demand: PodDemand,
): { readonly asks: ReadonlyMap<string, DeviceAsk>; readonly doubts: readonly string[] } => {
  const asks = new Map<string, DeviceAsk>();
  const doubts: string[] = [];
  const sums = new Map<string, bigint>();
  for (const { requests } of demand.containers) addAmounts(sums, requests);
  for (const [resource, count] of demand.requests) {
    const className = stock.extended.get(resource);
    if (className === undefined) continue;
    const selectors = stock.classes.get(className);
    if (selectors?.ok === true && sums.get(resource) === count) {
      asks.set(resource, {
        className: boundName(resource),
        count,
        all: false,
        selectors: selectors.all,
        tolerations: [],
        match: undefined,
      });
    } else doubts.push(`DeviceClass ${className}: ${resource} as devices of a driver is not counted`);
  }
  return { asks, doubts };
};

/** Limits of the devices of a cluster for a demand. */
export const claimLimits = (cluster: Pick<ClusterModel, 'devices' | 'quotas'>, demand: PodDemand): ClaimLimits => {
  const { devices: stock } = cluster;
  const unlimited: ClaimLimit = () => ({ rest: demand, asks: [] });
  if (stock === undefined)
    return { limit: unlimited, doubts: demand.claims.length === 0 ? [] : ['spec.resourceClaims: devices of claims are not counted'] };
  const { asks: extended, doubts } = standIns(stock, demand);
  if (demand.claims.length + extended.size === 0) return { limit: unlimited, doubts };
  const asked = limitsClaims(cluster, demand)
    ? { ok: false as const, message: 'ResourceQuota: limits of claims and devices are not counted' }
    : deviceAsksOf(stock, demand);
  if (!asked.ok) {
    const none: DeviceCount = { count: 0n, exact: false, bound: 'resourceclaims' };
    return { limit: () => ({ rest: demand, asks: [], devices: () => none }), doubts: [...doubts, asked.message] };
  }
  const rests = new Map<string, PodDemand>([['', demand]]);
  const limit: ClaimLimit = (node) => {
    const missing = [...extended.keys()].filter((resource) => !node.free.has(resource));
    const key = missing.join();
    const rest = rests.get(key) ?? without(demand, new Set(missing));
    rests.set(key, rest);
    const asks = [...asked.asks, ...missing.flatMap((resource) => extended.get(resource) ?? [])];
    return { rest, asks, devices: asks.length === 0 ? undefined : (most) => deviceCount(stock, asks, node.name, most) };
  };
  return { limit, doubts };
};
