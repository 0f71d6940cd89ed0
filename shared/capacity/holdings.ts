/** @module The nodes of a cluster as amounts see them, for who reckons what there would be without pods that run; from a report or a model. */
import { sameJson } from '../lib/same-json.ts';
import type { MutableColumns } from './bind.ts';
import type { PodDemand } from './demand.ts';
import { planFit } from './fit.ts';
import { foldDemand } from './fold.ts';
import type { WholeNodes } from './model-deal.ts';
import type { ClusterModel, NodeModel } from './node.ts';
import { asksForHost, nodeRefusal, refusalOf } from './node-match.ts';
import type { PodShape } from './pod-shape.ts';
import { termSelects } from './pod-terms.ts';
import type { CapacityReport, NodeGroup } from './report.ts';
import { pluginPlan, severalShared } from './shared-by-plugin.ts';
import type { HeldNode, Holdings, Lot } from './sure-places.ts';
import { bearsOnPods, isKeptAway } from './thin-cluster.ts';
import { gpuPlan, zonePlan } from './zone-plan.ts';

/** What its own terms or taints refuse is not on a node; one that the node was cordoned under runs on. */
const keepsOff = (refusal: ReturnType<typeof refusalOf>): boolean => refusal !== undefined && refusal !== 'unschedulable';

/** As {@link keepsOff} of all nodes of a group. */
const keepsOffGroup = (group: NodeGroup, demand: PodDemand): boolean => !asksForHost(demand) && keepsOff(nodeRefusal(group, '', demand));

/** A place of a pod, beside the amounts: the last of what is asked. */
const onePlace = 1;

/** True when more than amounts, taints and labels decides on every node. */
const asksForMore = (demand: PodDemand): boolean =>
  demand.ports.length + demand.claims.length > 0 || demand.needsVgpu || demand.numaSingleNode === true || bearsOnPods(demand);

/**
 * The nodes of a report with what was assumed; undefined where more than amounts decides for the shape. `isOwed` tells of a resource that what
 * is free of it, on whichever node, may go to pods on their way.
 */
export const reportHoldings = (
  report: CapacityReport,
  columns: MutableColumns,
  shape: PodShape,
  isOwed: (resource: string) => boolean,
): Holdings | undefined => {
  const plan = planFit(report, shape);
  const { demand, amounts } = plan;
  const hasQuota = (report.quotas ?? []).some(({ namespace }) => namespace === demand.namespace);
  if (plan.refusal !== undefined || !plan.asksPlainly || asksForMore(demand) || hasQuota || isKeptAway(report, demand)) return undefined;
  const groups = new Map(report.groups.map((group) => [group.id, group]));
  const open = new Map(
    report.groups.flatMap((group) => (nodeRefusal(group, '', demand) === undefined ? [[group.id, group] as const] : [])),
  );
  const isBound = (group: NodeGroup): boolean =>
    [zonePlan(report, group, columns, demand), gpuPlan(group, columns, demand), pluginPlan(group, demand)].some(
      (bound) => bound !== undefined,
    );
  if ([...open.values()].some(isBound)) return undefined;
  const owed = plan.shape.requests.map(([resource]) => isOwed(resource));
  const heldNode = (id: number, node: number): HeldNode => {
    const free = amounts.map(({ column }) => columns.free[column]?.[node] ?? 0);
    const used = amounts.map(({ column }, at) => (groups.get(id)?.allocatable[column] ?? 0) - (free[at] ?? 0));
    return {
      isOpen: open.has(id),
      free: [...free.map((amount, at) => (owed[at] === true ? Math.min(amount, 0) : amount)), columns.podsFree[node] ?? 0],
      used: [...used, Number.POSITIVE_INFINITY],
    };
  };
  const keptOff = new Map<PodShape, ReadonlySet<number>>();
  const keptOffBy = (pods: PodShape): ReadonlySet<number> => {
    const asked = planFit(report, pods).demand;
    const known = keptOff.get(pods) ?? new Set(report.groups.flatMap((group) => (keepsOffGroup(group, asked) ? [group.id] : [])));
    keptOff.set(pods, known);
    return known;
  };
  return {
    asked: [...amounts.map(({ amount }) => amount), onePlace],
    ways: [report.nodes.group.map(heldNode)],
    freedBy: (pods) => {
      const freed = new Map(planFit(report, pods).shape.requests);
      return [...plan.shape.requests.map(([resource]) => freed.get(resource) ?? 0), onePlace];
    },
    mostOn: ({ shape: pods, count }, node) => (keptOffBy(pods).has(report.nodes.group[node] ?? -1) ? 0 : count),
  };
};

/** True when the kubelet or a device plugin may refuse the demand though the amounts suffice. */
const isBoundInside = ({ zones, sharedGpus, labels }: NodeModel, demand: PodDemand): boolean =>
  zones.length > 0 || (sharedGpus !== undefined && demand.vgpus.length > 0) || severalShared(labels, demand) !== undefined;

/** Of a lot those that are seen on the node, and those that are seen nowhere where they may be there. */
const mostOnNode = ({ count, seenOn = [] }: Lot, { labels }: NodeModel, mayBeThere: boolean): number => {
  let [here, all] = [0, 0];
  for (const lot of seenOn) {
    all += lot.count;
    if (lot.labels === labels || sameJson(lot.labels, labels)) here += lot.count;
  }
  return Math.min(count, here + (mayBeThere ? Math.max(0, count - all) : 0));
};

const isSafe = (amounts: readonly number[]): boolean => amounts.every((amount) => Number.isSafeInteger(amount));

/**
 * As {@link reportHoldings} of models: one for each way in which what is on its way may be bound. `demandOf` = what a shape asks for with what
 * its policy changed.
 */
export const modelHoldings = (
  ways: readonly ClusterModel[],
  whole: WholeNodes,
  shape: PodShape,
  { demandOf, isOwed }: { readonly demandOf: (shape: PodShape) => PodDemand; readonly isOwed: (resource: string) => boolean },
): Holdings | undefined => {
  const [first] = ways;
  if (first === undefined) return undefined;
  const foldedOf = (pods: PodShape): ReturnType<typeof foldDemand> => foldDemand(first, demandOf(pods));
  const { demand, refusal } = foldedOf(shape);
  const hasQuota = first.quotas.some(({ namespace }) => namespace === demand.namespace);
  const isKeptOut = first.nodes.some(({ pods }) =>
    pods.some(({ kind }) => kind.antiAffinity.some((term) => termSelects(term, kind.namespace, demand, first.namespaces))),
  );
  if (refusal !== undefined || demand.nodeName !== undefined || asksForMore(demand) || hasQuota || isKeptOut) return undefined;
  if (first.nodes.some((node) => refusalOf(node, demand) === undefined && isBoundInside(node, demand))) return undefined;
  const requests = [...demand.requests];
  const owed = requests.map(([resource]) => isOwed(resource));
  const heldNode = (node: NodeModel): HeldNode => {
    const free = requests.map(([resource]) => Number(node.free.get(resource) ?? 0n));
    const used = requests.map(([resource], at) => Number(whole.get(node.name)?.get(resource) ?? 0n) - (free[at] ?? 0));
    return {
      isOpen: refusalOf(node, demand) === undefined && isSafe(free) && isSafe(used),
      free: [...free.map((amount, at) => (owed[at] === true ? Math.min(amount, 0) : amount)), Number(node.podsFree)],
      used: [...used, Number.POSITIVE_INFINITY],
    };
  };
  return {
    asked: [...requests.map(([, amount]) => Number(amount)), onePlace],
    ways: ways.map(({ nodes }) => nodes.map(heldNode)),
    freedBy: (pods) => {
      const freed = foldedOf(pods).demand.requests;
      return [...requests.map(([resource]) => Number(freed.get(resource) ?? 0n)), onePlace];
    },
    mostOn: (lot, at) => {
      const node = first.nodes[at];
      return node === undefined ? 0 : mostOnNode(lot, node, !keepsOff(refusalOf(node, foldedOf(lot.shape).demand)));
    },
  };
};
