/**
 * @module The ledger over an exact model of a cluster, such as a dump: further replicas of a shape with everything assumed taken off. What is
 * on its way is assumed to be bound as the default scheduler would, the least allocated node first.
 */

import { bagOf } from '../lib/fields.ts';
import { heapOf } from '../lib/heap.ts';
import { bookedFloor, isDevice, smaller } from './amounts.ts';
import type { AssumedPods } from './bind.ts';
import { claimLimits } from './claim-limits.ts';
import type { PodDemand } from './demand.ts';
import { deviceTaker } from './device-take.ts';
import type { DumpObject } from './dump-objects.ts';
import { fitModel } from './exact-fit.ts';
import type { FitResult } from './fit.ts';
import { foldDemand } from './fold.ts';
import type { Amounts, ClusterModel, NodeModel, QuotaModel, ZoneModel } from './node.ts';
import { exactAmounts } from './pod-request.ts';
import type { PodShape } from './pod-shape.ts';
import { quotaCounts, quotaUse } from './quota.ts';
import type { ClusterRoom } from './room.ts';
import { drainedZones, heldInZones } from './zone-drain.ts';

/** Amounts that a node has in all, by its name: what a share of it is counted from. */
export type WholeNodes = ReadonlyMap<string, Amounts>;

/** {@link WholeNodes} of a dump's objects. */
export const wholeNodesOf = (objects: readonly DumpObject[]): WholeNodes =>
  new Map(
    objects
      .filter(({ kind }) => kind === 'Node')
      .map(({ name, body }) => {
        const { allocatable, capacity } = bagOf(body.status);
        const amounts = [...exactAmounts(allocatable ?? capacity)];
        return [name, new Map(amounts.map(([resource, nanos]) => [resource, bookedFloor(resource, nanos)]))];
      }),
  );

const onTheWay = 'pods on their way to it choose their NUMA zones themselves';
const scale = 10_000n;

/** The demand of a shape, with what a policy changed of it. */
const demandOf = (shape: PodShape): PodDemand => {
  const { demand } = shape;
  const devices = new Map([...demand.requests].concat(devicesOf(shape, demand)));
  return {
    ...demand,
    requests: devices,
    nodeTerms: shape.nodeTerms,
    nodeSelector: shape.nodeSelector,
    tolerations: shape.tolerations,
    runtimeClassName: shape.runtimeClassName,
  };
};

/** Devices that the shape asks for and the demand does not: those of networks that a policy requires. */
const devicesOf = (shape: PodShape, demand: PodDemand): [string, bigint][] =>
  shape.requests
    .filter(([resource, amount]) => isDevice(resource) && BigInt(amount) > (demand.requests.get(resource) ?? 0n))
    .map(([resource, amount]) => [resource, BigInt(amount)]);

/** Nodes whose kubelet surely gives one zone to a replica; the others cannot promise it. */
const alignedOnly = (cluster: ClusterModel): ClusterModel => ({
  ...cluster,
  nodes: cluster.nodes.map((node) => {
    const { topologyPolicy } = node.kubelet;
    const isAligned = node.zones.length > 0 && (topologyPolicy === 'single-numa-node' || topologyPolicy === 'restricted');
    const kubelet = { ...node.kubelet, topologyPolicy: 'single-numa-node' as const };
    return isAligned ? { ...node, kubelet } : { ...node, podsFree: 0n };
  }),
});

const numberOf = (count: bigint): number => (count > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(count));

/** What is left of the amounts when `count` pods have taken theirs. */
const minus = (free: Amounts, taken: Amounts, count: bigint): Amounts => {
  const left = new Map(free);
  for (const [resource, amount] of taken) left.set(resource, (left.get(resource) ?? 0n) - amount * count);
  return left;
};

/** The zones of a node once so many pods have taken theirs. */
const zonesWithout = (zones: readonly ZoneModel[], demand: PodDemand, count: bigint): readonly ZoneModel[] => {
  const left = zones.map((zone) => ({ ...zone, available: new Map(zone.available) }));
  const amounts = heldInZones(demand);
  for (let pod = 0n; pod < count; pod++) {
    const drained = drainedZones(left, ({ available }) =>
      amounts.every(([resource, amount]) => (available.get(resource) ?? -1n) >= amount),
    );
    for (const [resource, amount] of amounts) {
      let rest = amount;
      for (const { available } of drained) {
        const there = available.get(resource) ?? 0n;
        if (there <= 0n) continue;
        const taken = smaller(there, rest);
        available.set(resource, there - taken);
        rest -= taken;
      }
    }
  }
  return left;
};

const withPods = (node: NodeModel, demand: PodDemand, count: bigint): NodeModel => ({
  ...node,
  free: minus(node.free, demand.requests, count),
  podsFree: node.podsFree - count,
  pods: [
    ...node.pods,
    {
      kind: { namespace: demand.namespace, labels: demand.labels, ports: demand.ports, antiAffinity: demand.antiAffinity },
      live: Number(count),
      terminating: 0,
    },
  ],
  ...(node.zones.length > 0 && heldInZones(demand).length > 0
    ? { zones: zonesWithout(node.zones, demand, count), doubts: [...node.doubts, `Node ${node.name}: ${onTheWay}`] }
    : {}),
});

/** Free share of cpu and memory, in parts of `scale`. */
const freeShare = (node: NodeModel, taken: Amounts, whole: Amounts | undefined): bigint =>
  ['cpu', 'memory'].reduce((sum, resource) => {
    const total = whole?.get(resource) ?? 0n;
    const free = (node.free.get(resource) ?? 0n) - (taken.get(resource) ?? 0n);
    return total > 0n && free > 0n ? sum + (free * scale) / total : sum;
  }, 0n);

/** How many of `count` pods each node gets, by its place. */
const spreadOut = (
  nodes: readonly NodeModel[],
  limits: readonly bigint[],
  demand: PodDemand,
  count: number,
  whole: WholeNodes,
): Map<number, bigint> => {
  const given = new Map<number, bigint>();
  const shareOf = (node: NodeModel, pods: bigint): bigint => {
    const taken = new Map([...demand.requests].map(([resource, amount]) => [resource, amount * pods]));
    return freeShare(node, taken, whole.get(node.name));
  };
  const open = nodes.flatMap((node, at) => ((limits[at] ?? 0n) > 0n ? [{ node, at, share: shareOf(node, 0n) }] : []));
  const heap = heapOf(open, (a, b) => a.share > b.share || (a.share === b.share && a.at < b.at));
  for (let left = count; left > 0; left--) {
    const top = heap.peek();
    if (top === undefined) break;
    const now = (given.get(top.at) ?? 0n) + 1n;
    given.set(top.at, now);
    if (now >= (limits[top.at] ?? 0n)) {
      heap.pop();
      continue;
    }
    top.share = shareOf(top.node, now);
    heap.sinkFirst();
  }
  return given;
};

const quotaLess = (quota: QuotaModel, demand: PodDemand, pods: number): QuotaModel => ({
  ...quota,
  free: minus(quota.free, new Map([...quotaUse(demand.requests, demand.limits)].filter(([name]) => quota.free.has(name))), BigInt(pods)),
});

/** Pods that are bound one by one; of more, the rest keeps its amounts free in the sum only. */
const boundMax = 20_000;

/**
 * The room of an exactly known cluster. Pods assumed that find no node now may find one when
 * they come: later counts are then estimates.
 */
export const createModelRoom = (model: ClusterModel, whole: WholeNodes): ClusterRoom => {
  const taker = model.devices === undefined ? undefined : deviceTaker(model.devices);
  let cluster = taker === undefined ? model : { ...model, devices: taker.stock };
  const counts = new Map<string, FitResult>();
  const count = (shape: PodShape): FitResult => {
    const demand = demandOf(shape);
    const { total, exact, refusals } = fitModel(shape.numaSingleNode === true ? alignedOnly(cluster) : cluster, demand);
    return { count: numberOf(total), exact, refusals };
  };
  return {
    report: undefined,
    fit: (shape) => {
      // Quota looks at the namespace, and pods that run at the labels.
      const key = `${shape.key}|${shape.who.namespace}|${shape.who.labels}|${shape.numaSingleNode === true}`;
      const known = counts.get(key);
      if (known !== undefined) return known;
      const made = count(shape);
      counts.set(key, made);
      return made;
    },
    assume: ({ shape, count: wanted }: AssumedPods): number => {
      if (wanted <= 0) return 0;
      const asked = demandOf(shape);
      const { nodes } = fitModel(cluster, asked);
      const { demand } = foldDemand(cluster, asked);
      const limits = nodes.map((share) => share.count);
      const given = spreadOut(cluster.nodes, limits, demand, Math.min(wanted, boundMax), whole);
      const { limit } = claimLimits(cluster, demand);
      const asks = cluster.nodes.map((node) => limit(node));
      for (const [at, pods] of given) taker?.take(asks[at]?.asks ?? [], cluster.nodes[at]?.name ?? '', Number(pods));
      const bound = numberOf([...given.values()].reduce((sum, pods) => sum + pods, 0n));
      cluster = {
        ...cluster,
        nodes: cluster.nodes.map((node, at) => {
          const pods = given.get(at) ?? 0n;
          return pods === 0n ? node : withPods(node, asks[at]?.rest ?? demand, pods);
        }),
        quotas: cluster.quotas.map((quota) =>
          quotaCounts(quota, demand) && quota.namespace === demand.namespace ? quotaLess(quota, demand, bound) : quota,
        ),
        doubts: bound < wanted ? [...cluster.doubts, 'more pods are on their way than fit'] : cluster.doubts,
      };
      counts.clear();
      return bound;
    },
  };
};
