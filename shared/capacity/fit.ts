/**
 * @module How many more replicas of a shape a reported cluster takes: columns of plain numbers, node by node, held to the exact count of
 * `exact-fit.ts` by a property (facts `capacity.md` §2.3).
 */
import { boundName, countsBytes } from './amounts.ts';
import type { PodDemand } from './demand.ts';
import { alikeDeviceCounts } from './device-alike.ts';
import type { DeviceStock } from './device-stock.ts';
import { fitShares, type Share } from './exact-fit.ts';
import { networkDevices } from './fold.ts';
import { bookedOf } from './group-kubelet.ts';
import { isMemoryOpen, mostMemoryMiB } from './hami-quota.ts';
import type { QuotaModel } from './node.ts';
import { asksForHost, nodeRefusal } from './node-match.ts';
import { isPlain, sumPlain } from './plain-fit.ts';
import type { PodShape } from './pod-shape.ts';
import { quotaCount } from './quota.ts';
import type { CapacityReport, NodeGroup } from './report.ts';
import { reportDevices } from './report-devices.ts';
import { pluginPlan } from './shared-by-plugin.ts';
import { answerable, bearsOnPods, isKeptAway, portsAllow, quotasOf, thinClusterOf } from './thin-cluster.ts';
import { meetsDoubts } from './topology-doubts.ts';
import { gpuPlan, type NodeBound, type ZoneColumns, zonePlan } from './zone-plan.ts';

/** The answer for one cluster. */
export type FitResult = {
  /** Further replicas that fit; a lower bound unless `exact`. */
  readonly count: number;
  /** False when a choice of the kubelet, or terms that the count does not know, decide. */
  readonly exact: boolean;
  /**
   * Nodes that can take none, by reason: `taint`, `selector`, `affinity`, `spread`, `unschedulable`, `pods`, `ports`, `numa`, `quota`,
   * `runtimeClass`, or what is short on them.
   */
  readonly refusals: { readonly [reason: string]: number };
};

/** One node's share: replicas and what refuses one more. */
export type NodeFit = { readonly node: number; readonly count: number; readonly bound: string };

/** Free amounts of the nodes, in the report's order; `free[r][node]`. */
export type FreeColumns = { readonly podsFree: ArrayLike<number>; readonly free: readonly ArrayLike<number>[] } & ZoneColumns & {
    /** Devices for claims; absent = all that the report has free. */
    readonly devices?: DeviceStock | undefined;
    /** What quotas have left; absent = as the report tells. */
    readonly quotas?: readonly QuotaModel[];
  };

/** A shape made ready for one report: amounts by column, the RuntimeClass folded in. */
export type FitPlan = {
  readonly shape: PodShape;
  /** What the kubelet, other pods and quota look at, with the RuntimeClass and the policy's changes folded in. */
  readonly demand: PodDemand;
  /** Column index and amount of each request. */
  readonly amounts: readonly { readonly column: number; readonly amount: number; readonly name: string }[];
  /** Set when no node can take the shape. */
  readonly refusal: string | undefined;
  /** Nothing in the shape but amounts, tolerations and labels bears on nodes. */
  readonly asksPlainly: boolean;
  /** No node's labels are asked for. */
  readonly isUnlabelled: boolean;
};

const withRuntimeClass = (
  report: Pick<CapacityReport, 'runtimeClasses'>,
  shape: PodShape,
): { shape: PodShape; refusal: string | undefined } => {
  if (shape.runtimeClassName === undefined) return { shape, refusal: undefined };
  const runtime = report.runtimeClasses.find((entry) => entry.name === shape.runtimeClassName);
  if (runtime === undefined) return { shape, refusal: 'runtimeClass' };
  const amounts = new Map(shape.requests);
  if (!shape.demand.hasOverhead) {
    for (const [resource, amount] of Object.entries(runtime.overhead)) amounts.set(resource, (amounts.get(resource) ?? 0) + amount);
  }
  const { nodeSelector } = shape;
  const clash = Object.entries(runtime.nodeSelector).some(
    ([key, value]) => Object.hasOwn(nodeSelector, key) && nodeSelector[key] !== value,
  );
  const folded = {
    ...shape,
    requests: [...amounts].filter(([, amount]) => amount > 0),
    nodeSelector: { ...runtime.nodeSelector, ...nodeSelector },
    tolerations: [...shape.tolerations, ...(runtime.tolerations ?? [])],
  };
  return { shape: folded, refusal: clash ? 'selector' : undefined };
};

const withDevices = (shape: PodShape, devices: ReadonlyMap<string, bigint>): PodShape => {
  if (devices.size === 0) return shape;
  const amounts = new Map(shape.requests);
  for (const [resource, count] of devices) amounts.set(resource, (amounts.get(resource) ?? 0) + Number(count));
  return { ...shape, requests: [...amounts] };
};

/** The exact demand with what a policy or the RuntimeClass changed; devices that were added are the first container's. */
const demandOf = (shape: PodShape): PodDemand => {
  const { demand, tolerations, nodeSelector, nodeTerms, numaSingleNode } = shape;
  const more = new Map<string, bigint>();
  const requests = new Map<string, bigint>();
  for (const [resource, amount] of shape.requests) {
    const before = demand.requests.get(resource) ?? 0n;
    const now = bookedOf(resource, amount);
    // Canonical amounts of bytes are rounded up: what the template says is the truth unless something was added.
    const added = now - before;
    const isAdded = countsBytes(resource) ? added >= 1_048_576n : added > 0n;
    requests.set(resource, isAdded || before === 0n ? now : before);
    if (isAdded && resource.includes('/')) more.set(resource, added);
  }
  const first = demand.containers.findIndex(({ role }) => role === 'app');
  const containers =
    more.size === 0
      ? demand.containers
      : demand.containers.map((container, at) => {
          if (at !== first) return container;
          const sums = new Map(container.requests);
          for (const [resource, amount] of more) sums.set(resource, (sums.get(resource) ?? 0n) + amount);
          return { ...container, requests: sums };
        });
  const oneZone = numaSingleNode === true ? { numaSingleNode } : {};
  return { ...demand, ...oneZone, requests, containers, tolerations, nodeSelector, nodeTerms };
};

const makePlan = (report: Pick<CapacityReport, 'resourceNames' | 'networks' | 'runtimeClasses'>, asked: PodShape): FitPlan => {
  const folded = withRuntimeClass(report, asked);
  const { missing: devices, unknown } = networkDevices(report.networks, asked.demand);
  const shape = withDevices(folded.shape, devices);
  const refusal = folded.refusal ?? (unknown === undefined ? undefined : 'network');
  const amounts = shape.requests.map(([name, amount]) => ({ column: report.resourceNames.indexOf(name), amount, name: boundName(name) }));
  const missing = amounts.find((entry) => entry.column < 0);
  const demand = demandOf(shape);
  return {
    shape,
    demand,
    amounts,
    refusal: refusal ?? missing?.name,
    asksPlainly: demand.ports.length + demand.claims.length === 0 && !bearsOnPods(demand) && !asksForHost(demand),
    isUnlabelled: demand.nodeTerms === undefined && Object.keys(demand.nodeSelector).length === 0,
  };
};

/** Lists of resources of which the text is kept; beyond it texts are made anew. */
const textsMax = 64;
const nameTexts = new WeakMap<readonly string[], string>();
const texts = new Map<string, string>();

/** One text for equal lists of resources, mostly the very same one. */
export const namesText = (names: readonly string[]): string => {
  const kept = nameTexts.get(names);
  if (kept !== undefined) return kept;
  const made = names.join('\n');
  const known = texts.get(made) ?? made;
  if (texts.size >= textsMax) texts.clear();
  texts.set(known, known);
  nameTexts.set(names, known);
  return known;
};

const plans = new WeakMap<PodShape, Map<string, FitPlan>>();
/** Different lists of resources for which a shape's plan is kept; beyond it plans are made anew. */
const plansMax = 16;

/** The plan made last: a shape is asked of one cluster after the other. */
let last: { readonly asked: PodShape; readonly text: string; readonly plan: FitPlan } | undefined;

/** Prepares a shape for a report. One that asks for nothing that only some clusters have is prepared once for all of the same resources. */
export const planFit = (report: CapacityReport, asked: PodShape): FitPlan => planNamed(report, namesText(report.resourceNames), asked);

/** {@link planFit} where the {@link namesText} of the report's resources is at hand. */
export const planNamed = (report: CapacityReport, text: string, asked: PodShape): FitPlan => {
  if (asked.runtimeClassName !== undefined || asked.demand.networks.length > 0) return makePlan(report, asked);
  if (last?.asked === asked && last.text === text) return last.plan;
  const known = plans.get(asked) ?? new Map<string, FitPlan>();
  plans.set(asked, known);
  const plan = known.get(text) ?? makePlan(report, asked);
  if (known.size >= plansMax && !known.has(text)) known.clear();
  known.set(text, plan);
  last = { asked, text, plan };
  return plan;
};

/** Counts by node while they are made; `bounds[node]` is a place in `names`. */
type Counts = { readonly counts: Float64Array; readonly bounds: Uint16Array; readonly names: string[]; exact: boolean };

const placeOf = (names: string[], name: string): number => {
  const at = names.indexOf(name);
  return at >= 0 ? at : names.push(name) - 1;
};

const byAmounts = (plan: FitPlan, columns: FreeColumns, nodes: number): Counts => {
  const counts = new Float64Array(nodes);
  const bounds = new Uint16Array(nodes);
  const names = ['pods'];
  const { podsFree } = columns;
  for (let node = 0; node < nodes; node++) counts[node] = Math.max(0, podsFree[node] ?? 0);
  for (const { column, amount, name } of plan.amounts) {
    const free = columns.free[column];
    const bound = placeOf(names, name);
    if (free === undefined) continue;
    for (let node = 0; node < nodes; node++) {
      const here = free[node] ?? 0;
      const fits = here <= 0 ? 0 : Math.floor(here / amount);
      if (fits < (counts[node] ?? 0)) {
        counts[node] = fits;
        bounds[node] = bound;
      }
    }
  }
  return { counts, bounds, names, exact: true };
};

/** Nodes that may not run the shape at all: asked once a group where that suffices. */
const byTerms = (report: CapacityReport, plan: FitPlan, into: Counts): void => {
  const { group, names } = report.nodes;
  const byHost = asksForHost(plan.demand);
  const groups = new Map(report.groups.map((one) => [one.id, one]));
  const kept = new Map<number, number>();
  const refuse = (node: number, bound: number): void => {
    into.counts[node] = 0;
    into.bounds[node] = bound;
  };
  for (const one of report.groups) {
    const refused = plan.refusal ?? (byHost ? undefined : nodeRefusal(one, '', plan.demand));
    if (refused !== undefined) kept.set(one.id, placeOf(into.names, refused));
  }
  if (kept.size === 0 && !byHost) return;
  for (let node = 0; node < group.length; node++) {
    const bound = kept.get(group[node] ?? -1);
    if (bound !== undefined) refuse(node, bound);
    else if (byHost) {
      const one = groups.get(group[node] ?? -1);
      const refused = one === undefined ? 'unschedulable' : nodeRefusal(one, names[node] ?? '', plan.demand);
      if (refused !== undefined) refuse(node, placeOf(into.names, refused));
    }
  }
};

/** One replica on a node with its ports, none where they are taken; ports are told before amounts, as the scheduler looks at them first. */
const byPorts = (report: CapacityReport, plan: FitPlan, into: Counts): void => {
  if (plan.demand.ports.length === 0) return;
  const bound = placeOf(into.names, 'ports');
  thinClusterOf(report).nodes.forEach((node, at) => {
    const most = portsAllow(node, plan.demand) ? 1 : 0;
    if ((into.counts[at] ?? 0) < most) return;
    into.counts[at] = most;
    into.bounds[at] = bound;
  });
};

const byKubelets = (report: CapacityReport, plan: FitPlan, columns: FreeColumns, into: Counts): void => {
  const { demand } = plan;
  const limitsOf = (group: NodeGroup): NodeBound[] =>
    [zonePlan(report, group, columns, demand), gpuPlan(group, columns, demand), pluginPlan(group, demand)].filter(
      (one) => one !== undefined,
    );
  const limits = new Map(report.groups.map((group) => [group.id, limitsOf(group)] as const).filter(([, list]) => list.length > 0));
  if (limits.size === 0) return;
  report.nodes.group.forEach((id, node) => {
    for (const limit of limits.get(id) ?? []) {
      const most = into.counts[node] ?? 0;
      if (most === 0) return;
      const { count, exact, bound } = limit(node, most);
      into.exact &&= exact;
      if (count >= most) continue;
      into.counts[node] = count;
      into.bounds[node] = placeOf(into.names, bound);
    }
  });
};

/** Devices of claims. Where the report tells nothing of them, or a request is not counted, they do not limit the count, which is an estimate. */
const byDevices = (report: CapacityReport, plan: FitPlan, columns: FreeColumns, into: Counts): void => {
  if (plan.demand.claims.length === 0) return;
  const stock = columns.devices ?? reportDevices(report);
  const countOf = stock === undefined ? undefined : alikeDeviceCounts(stock, plan.demand);
  if (countOf === undefined) {
    into.exact = false;
    return;
  }
  report.nodes.names.forEach((name, node) => {
    const most = into.counts[node] ?? 0;
    if (most === 0) return;
    const held = countOf(name);
    // The allocator's choice does not matter where every one holds more than is asked.
    if (Number(held.count) >= most) return;
    into.exact &&= held.exact;
    into.counts[node] = Number(held.count);
    into.bounds[node] = placeOf(into.names, held.bound);
  });
};

/** Terms that tie nodes together are answered by the exact count, with the nodes' own counts as they are here. */
const byPods = (report: CapacityReport, plan: FitPlan, into: Counts): void => {
  const cluster = thinClusterOf(report);
  const { demand, exact } = answerable(cluster, plan.demand);
  const shares = cluster.nodes.map(
    (_, at): Share => ({ count: BigInt(into.counts[at] ?? 0), bound: into.names[into.bounds[at] ?? 0] ?? '' }),
  );
  const answer = fitShares({ cluster, demand, shares, doubts: new Set(), exact: into.exact && exact });
  into.exact = answer.exact;
  answer.nodes.forEach(({ count, bound }, at) => {
    into.counts[at] = Number(count);
    into.bounds[at] = placeOf(into.names, bound);
  });
};

const byQuota = (report: CapacityReport, plan: FitPlan, { quotas = quotasOf(report) }: FreeColumns, into: Counts): void => {
  if (quotas.length === 0) return;
  const gpus = report.groups.flatMap(({ devices = [] }) => devices);
  const allowed = quotaCount(quotas, plan.demand, mostMemoryMiB(gpus));
  if (allowed === undefined) return;
  let rest = Number(allowed);
  if (into.counts.reduce((sum, count) => sum + count, 0) > rest && isMemoryOpen(quotas, plan.demand, gpus)) into.exact = false;
  const bound = placeOf(into.names, 'quota');
  into.counts.forEach((count, node) => {
    if (count > rest) {
      into.counts[node] = rest;
      into.bounds[node] = bound;
    }
    rest -= Math.min(count, rest);
  });
};

const countNodes = (report: CapacityReport, asked: PodShape, columns: FreeColumns): Counts => {
  const plan = planFit(report, asked);
  const counts = byAmounts(plan, columns, report.nodes.group.length);
  byPorts(report, plan, counts);
  byTerms(report, plan, counts);
  byKubelets(report, plan, columns, counts);
  byDevices(report, plan, columns, counts);
  if (bearsOnPods(plan.demand) || isKeptAway(report, plan.demand)) byPods(report, plan, counts);
  byQuota(report, plan, columns, counts);
  counts.exact &&= !meetsDoubts(report, plan.demand);
  return counts;
};

/** Each node's share of a shape; nodes that are out have count 0 and their reason as bound. */
export const fitNodes = (report: CapacityReport, shape: PodShape, columns: FreeColumns = report.nodes): NodeFit[] => {
  const { counts, bounds, names } = countNodes(report, shape, columns);
  return [...counts].map((count, node) => ({ node, count, bound: names[bounds[node] ?? 0] ?? '' }));
};

/** How many more replicas the cluster can take: the sum over its nodes. `columns` stands for the report's own amounts. */
export const fitCluster = (report: CapacityReport, shape: PodShape, columns: FreeColumns = report.nodes): FitResult => {
  const plan = planFit(report, shape);
  const isExact = shape.exact && report.complete;
  if (isPlain(report, plan, columns)) return { ...sumPlain(report, plan, columns), exact: isExact };
  const { counts, bounds, names, exact } = countNodes(report, shape, columns);
  const refused = new Array<number>(names.length).fill(0);
  let total = 0;
  for (let node = 0; node < counts.length; node++) {
    const count = counts[node] ?? 0;
    total += count;
    if (count === 0) refused[bounds[node] ?? 0] = (refused[bounds[node] ?? 0] ?? 0) + 1;
  }
  const refusals = Object.fromEntries(names.flatMap((name, at) => ((refused[at] ?? 0) > 0 ? [[name, refused[at] ?? 0]] : [])));
  return { count: total, exact: exact && isExact, refusals };
};
