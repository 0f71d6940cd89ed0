/**
 * @module The ledger over an exact model of a cluster, such as a dump: further replicas of a shape with everything assumed taken off. What is
 * on its way is assumed to be bound as the default scheduler would, the least allocated node first.
 */

import { bagOf } from '../lib/fields.ts';
import { bookedFloor, isDevice, smaller } from './amounts.ts';
import type { AssumedPods } from './bind.ts';
import { claimLimits } from './claim-limits.ts';
import type { PodDemand } from './demand.ts';
import { type DeviceTaker, deviceTaker } from './device-take.ts';
import type { DumpObject } from './dump-objects.ts';
import { fitModel } from './exact-fit.ts';
import type { FitResult } from './fit.ts';
import { foldDemand } from './fold.ts';
import { type Dealt, dealPods, type HiddenAsks, type WholeNodes, withHidden } from './model-deal.ts';
import type { Amounts, ClusterModel, KubeletModel, NodeModel, QuotaModel, ZoneModel } from './node.ts';
import { exactAmounts } from './pod-request.ts';
import type { PodShape } from './pod-shape.ts';
import { quotaCounts, quotaUse } from './quota.ts';
import type { ClusterRoom, NodeLot } from './room.ts';
import { type BindingRule, bindingRules } from './scheduler-score.ts';
import { drainedZones, heldInZones } from './zone-drain.ts';

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
    const { orElse = [] } = node.kubelet;
    const aligns = ({ topologyPolicy }: Pick<KubeletModel, 'topologyPolicy'>): boolean =>
      topologyPolicy === 'single-numa-node' || topologyPolicy === 'restricted';
    const isAligned = node.zones.length > 0 && [node.kubelet, ...orElse].every(aligns);
    const single = { topologyPolicy: 'single-numa-node' as const };
    const kubelet = { ...node.kubelet, ...single, orElse: orElse.map((other) => ({ ...other, ...single })) };
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

const quotaLess = (quota: QuotaModel, demand: PodDemand, pods: number): QuotaModel => ({
  ...quota,
  free: minus(quota.free, new Map([...quotaUse(demand.requests, demand.limits)].filter(([name]) => quota.free.has(name))), BigInt(pods)),
});

/** Pods that are bound one by one; of more, the rest keeps its amounts free in the sum only. */
const boundMax = 20_000;

/** The cluster once pods on their way are bound in one way that the scheduler may choose. */
type Course = {
  readonly cluster: ClusterModel;
  readonly taker: DeviceTaker | undefined;
  readonly hidden: HiddenAsks;
  /** Rules that all came to this. */
  readonly rules: readonly BindingRule[];
};

/** What a shape was bound to so far, by the course of the first rule. */
type Lots = Map<string, Map<number, bigint>>;

const added = (lots: ReadonlyMap<number, bigint>, given: ReadonlyMap<number, bigint>): Map<number, bigint> => {
  const sums = new Map(lots);
  for (const [at, pods] of given) sums.set(at, (sums.get(at) ?? 0n) + pods);
  return sums;
};

const lotsOf = ({ nodes }: ClusterModel, given: ReadonlyMap<number, bigint>): NodeLot[] =>
  [...given].map(([at, pods]) => ({ labels: nodes[at]?.labels ?? {}, count: numberOf(pods) }));

/** Equal for shapes whose pods leave the same room for each other wherever they are. */
const alikeOf = (shape: PodShape): string => `${shape.key}|${shape.numaSingleNode === true}`;

/** Quota looks at the namespace, and pods that run at the labels. */
const keyOf = (shape: PodShape): string => `${shape.key}|${shape.who.namespace}|${shape.who.labels}|${shape.numaSingleNode === true}`;

/** How many of these pods each node gets, by its place, under each rule; rules that agree are together. */
const dealtIn = (course: Course, asked: PodDemand, wanted: number, whole: WholeNodes): { dealt: Dealt[]; isOpen: boolean } => {
  const { nodes } = fitModel(course.cluster, asked);
  const { demand } = foldDemand(course.cluster, asked);
  const limits = nodes.map((share) => share.count);
  return dealPods(
    { nodes: course.cluster.nodes, limits, demand, count: Math.min(wanted, boundMax), whole, hidden: course.hidden },
    course.rules,
  );
};

/** The course once these pods are bound so. */
const followed = (course: Course, asked: PodDemand, { given, rules }: Dealt, wanted: number): Course & { readonly bound: number } => {
  const taker = course.taker === undefined ? undefined : deviceTaker(course.taker.stock);
  const cluster = taker === undefined ? course.cluster : { ...course.cluster, devices: taker.stock };
  const { demand } = foldDemand(cluster, asked);
  const { limit } = claimLimits(cluster, demand);
  const asks = cluster.nodes.map((node) => limit(node));
  for (const [at, pods] of given) taker?.take(asks[at]?.asks ?? [], cluster.nodes[at]?.name ?? '', Number(pods));
  const bound = numberOf([...given.values()].reduce((sum, pods) => sum + pods, 0n));
  return {
    taker,
    rules,
    bound,
    hidden: withHidden(course.hidden, demand, given),
    cluster: {
      ...cluster,
      nodes: cluster.nodes.map((node, at) => {
        const pods = given.get(at) ?? 0n;
        return pods === 0n ? node : withPods(node, asks[at]?.rest ?? demand, pods);
      }),
      quotas: cluster.quotas.map((quota) =>
        quotaCounts(quota, demand) && quota.namespace === demand.namespace ? quotaLess(quota, demand, bound) : quota,
      ),
      doubts: bound < wanted ? [...cluster.doubts, 'more pods are on their way than fit'] : cluster.doubts,
    },
  };
};

const fewestOf = (results: readonly FitResult[]): FitResult => {
  const [first, ...others] = results;
  if (first === undefined) return { count: 0, exact: false, refusals: {} };
  const fewest = others.reduce((least, one) => (one.count < least.count ? one : least), first);
  return { ...fewest, exact: results.every(({ exact, count }) => exact && count === fewest.count) };
};

/**
 * The room of an exactly known cluster. Pods assumed are bound in every way that a default scheduler may choose, and the fewest
 * replicas that any of these leaves room for are told; where unlike nodes were to choose from, that is an estimate. Pods assumed that find no
 * node now may find one when they come: later counts are then estimates.
 */
export const createModelRoom = (model: ClusterModel, whole: WholeNodes): ClusterRoom => {
  const taker = model.devices === undefined ? undefined : deviceTaker(model.devices);
  const cluster = taker === undefined ? model : { ...model, devices: taker.stock };
  let courses: readonly Course[] = [{ cluster, taker, hidden: new Map(), rules: bindingRules }];
  const counts = new Map<string, FitResult>();
  /** Shapes whose pods had unlike nodes to choose from. */
  const open = new Set<string>();
  const lots: Lots = new Map();
  const count = (shape: PodShape): FitResult => {
    const demand = demandOf(shape);
    const told = fewestOf(
      courses.map((course) => {
        const { total, exact, refusals } = fitModel(shape.numaSingleNode === true ? alignedOnly(course.cluster) : course.cluster, demand);
        return { count: numberOf(total), exact, refusals };
      }),
    );
    // Pods of the very same shape leave the same room wherever they are.
    const isOpen = open.size > (open.has(alikeOf(shape)) ? 1 : 0);
    return isOpen ? { ...told, exact: false } : told;
  };
  return {
    report: undefined,
    fit: (shape) => {
      const key = keyOf(shape);
      const known = counts.get(key);
      if (known !== undefined) return known;
      const made = count(shape);
      counts.set(key, made);
      return made;
    },
    assume: ({ shape, count: wanted }: AssumedPods): number => {
      if (wanted <= 0) return 0;
      const asked = demandOf(shape);
      const next = courses.flatMap((course, at) => {
        const { dealt, isOpen } = dealtIn(course, asked, wanted, whole);
        if (isOpen) open.add(alikeOf(shape));
        const [first] = dealt;
        if (at === 0 && first !== undefined) lots.set(keyOf(shape), added(lots.get(keyOf(shape)) ?? new Map(), first.given));
        return dealt.map((one) => followed(course, asked, one, wanted));
      });
      courses = next;
      counts.clear();
      return Math.min(...next.map(({ bound }) => bound));
    },
    lotsFor: (shape, wanted) => {
      const [course] = courses;
      if (course === undefined || wanted <= 0) return [];
      const one = { ...course, rules: course.rules.slice(0, 1) };
      return lotsOf(model, dealtIn(one, demandOf(shape), wanted, whole).dealt[0]?.given ?? new Map());
    },
    lotsHeld: (shape) => lotsOf(model, lots.get(keyOf(shape)) ?? new Map()),
  };
};
