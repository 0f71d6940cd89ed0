/** @module The nodes of a cluster as amounts see them, for who reckons what there would be without pods that run; from a report or a model. */
import type { MutableColumns } from './bind.ts';
import type { PodDemand } from './demand.ts';
import { planFit } from './fit.ts';
import { foldDemand } from './fold.ts';
import type { ClusterModel, NodeModel } from './node.ts';
import { nodeRefusal, refusalOf } from './node-match.ts';
import type { PodShape } from './pod-shape.ts';
import { termSelects } from './pod-terms.ts';
import type { CapacityReport, NodeGroup } from './report.ts';
import { pluginPlan, severalShared } from './shared-by-plugin.ts';
import { bearsOnPods, isKeptAway } from './thin-cluster.ts';
import { gpuPlan, zonePlan } from './zone-plan.ts';

/** One node as amounts see it, each by place in {@link Holdings.asked}. */
export type HeldNode = {
  readonly name: string;
  /** It may run the shape, nothing but amounts decides how often, and what is free is known. */
  readonly isOpen: boolean;
  /** What is free and promised to nobody. */
  readonly free: readonly number[];
};

/** The nodes of a cluster for who reckons what pods free. */
export type Holdings = {
  /** What one replica takes of each resource; above zero, places of pods among them. */
  readonly asked: readonly number[];
  readonly nodes: readonly HeldNode[];
  /** What one pod of the shape gives back when it goes, at least. */
  readonly freedBy: (pods: PodShape) => readonly number[];
};

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
  const open = new Map(
    report.groups.flatMap((group) => (nodeRefusal(group, '', demand) === undefined ? [[group.id, group] as const] : [])),
  );
  const isBound = (group: NodeGroup): boolean =>
    [zonePlan(report, group, columns, demand), gpuPlan(group, columns, demand), pluginPlan(group, demand)].some(
      (bound) => bound !== undefined,
    );
  if ([...open.values()].some(isBound)) return undefined;
  const owed = plan.shape.requests.map(([resource]) => isOwed(resource));
  const { group, names } = report.nodes;
  return {
    asked: [...amounts.map(({ amount }) => amount), onePlace],
    nodes: names.map((name, node) => {
      const free = amounts.map(({ column }) => columns.free[column]?.[node] ?? 0);
      return {
        name,
        isOpen: open.has(group[node] ?? -1),
        free: [...free.map((amount, at) => (owed[at] === true ? Math.min(amount, 0) : amount)), columns.podsFree[node] ?? 0],
      };
    }),
    freedBy: (pods) => {
      const freed = new Map(planFit(report, pods).shape.requests);
      return [...plan.shape.requests.map(([resource]) => freed.get(resource) ?? 0), onePlace];
    },
  };
};

/** True when the kubelet or a device plugin may refuse the demand though the amounts suffice. */
const isBoundInside = ({ zones, sharedGpus, labels }: NodeModel, demand: PodDemand): boolean =>
  zones.length > 0 || (sharedGpus !== undefined && demand.vgpus.length > 0) || severalShared(labels, demand) !== undefined;

const isSafe = (amounts: readonly number[]): boolean => amounts.every((amount) => Number.isSafeInteger(amount));

/**
 * As {@link reportHoldings} of models: one for each way in which what is on its way may be bound. `demandOf` = what a shape asks for with what
 * its policy changed.
 */
export const modelHoldings = (
  ways: readonly ClusterModel[],
  shape: PodShape,
  { demandOf, isOwed }: { readonly demandOf: (shape: PodShape) => PodDemand; readonly isOwed: (resource: string) => boolean },
): Holdings | undefined => {
  const [first, ...others] = ways;
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
  /** The amounts of a node by one way; those that go into the sum of what is owed are free to nobody. */
  const freeOf = ({ free, podsFree }: NodeModel): number[] => [
    ...requests.map(([resource], at) => {
      const amount = Number(free.get(resource) ?? 0n);
      return owed[at] === true ? Math.min(amount, 0) : amount;
    }),
    Number(podsFree),
  ];
  return {
    asked: [...requests.map(([, amount]) => Number(amount)), onePlace],
    nodes: first.nodes.map((node, at) => {
      const free = freeOf(node);
      const isKnown = others.every(({ nodes }) => nodes[at] !== undefined && freeOf(nodes[at]).join() === free.join());
      return { name: node.name, isOpen: refusalOf(node, demand) === undefined && isSafe(free) && isKnown, free };
    }),
    freedBy: (pods) => {
      const freed = foldedOf(pods).demand.requests;
      return [...requests.map(([resource]) => Number(freed.get(resource) ?? 0n)), onePlace];
    },
  };
};
