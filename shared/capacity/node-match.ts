/** @module Whether a node may run a pod at all: scheduling switched off, taints, node selector, required node affinity. */
import { matchesLabels, type Operator, type Requirement } from '../kube/selectors/index.ts';
import type { NodeGroup } from './report.ts';
import { type TaintLike, type TolerationLike, untolerated } from './taints.ts';

/** One requirement of a node selector term (core/v1 NodeSelectorRequirement). */
export type NodeRequirement = { readonly key: string; readonly operator: string; readonly values?: readonly string[] };

/** Requirements that all must hold; the terms of an affinity are alternatives. */
export type NodeTerm = { readonly matchExpressions?: readonly NodeRequirement[]; readonly matchFields?: readonly NodeRequirement[] };

/** What a pod asks of a node besides amounts. */
export type NodeDemand = {
  readonly tolerations: readonly TolerationLike[];
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Undefined = no affinity; an empty list matches no node. */
  readonly nodeTerms: readonly NodeTerm[] | undefined;
};

/** Why a node is out. */
export type NodeRefusal = 'unschedulable' | 'taint' | 'selector' | 'affinity';

const hostname = 'kubernetes.io/hostname';
const operators: Readonly<Record<string, Operator>> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!', Gt: 'gt', Lt: 'lt' };
const unschedulableTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;

const requirementOf = (rule: NodeRequirement): Requirement | undefined => {
  const operator = Object.hasOwn(operators, rule.operator) ? operators[rule.operator] : undefined;
  return operator === undefined ? undefined : { key: rule.key, operator, values: rule.values ?? [] };
};

const holds = (rules: readonly NodeRequirement[] | undefined, labels: Readonly<Record<string, string>>): boolean =>
  (rules ?? []).every((rule) => {
    const requirement = requirementOf(rule);
    return requirement !== undefined && matchesLabels({ requirements: [requirement] }, labels);
  });

/** An empty term matches nothing (core/v1 NodeSelectorTerm). */
const termHolds = (term: NodeTerm, labels: Readonly<Record<string, string>>, name: string): boolean => {
  if ((term.matchExpressions ?? []).length === 0 && (term.matchFields ?? []).length === 0) return false;
  return holds(term.matchExpressions, labels) && holds(term.matchFields, { 'metadata.name': name });
};

/** True when the answer differs between nodes of one group: the pod asks for a host by name. */
export const asksForHost = (demand: NodeDemand): boolean =>
  Object.hasOwn(demand.nodeSelector, hostname) ||
  (demand.nodeTerms ?? []).some(
    (term) => (term.matchFields ?? []).length > 0 || (term.matchExpressions ?? []).some((rule) => rule.key === hostname),
  );

/** What is looked at of a node. */
export type NodeSide = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly TaintLike[];
  readonly unschedulable: boolean;
};

/** Why a node cannot run the pod; undefined when it may. */
export const refusalOf = (node: NodeSide, demand: NodeDemand): NodeRefusal | undefined => {
  if (node.unschedulable && untolerated([unschedulableTaint], demand.tolerations, ['NoSchedule']) !== undefined) return 'unschedulable';
  if (untolerated(node.taints, demand.tolerations, ['NoSchedule', 'NoExecute']) !== undefined) return 'taint';
  return termsHold(node, demand);
};

/** Which of node selector and required node affinity refuses the node; undefined when neither does. */
export const termsHold = ({ name, labels }: Pick<NodeSide, 'name' | 'labels'>, demand: NodeDemand): 'selector' | 'affinity' | undefined => {
  for (const [key, value] of Object.entries(demand.nodeSelector)) {
    if (!Object.hasOwn(labels, key) || labels[key] !== value) return 'selector';
  }
  if (demand.nodeTerms !== undefined && !demand.nodeTerms.some((term) => termHolds(term, labels, name))) return 'affinity';
  return undefined;
};

/** As {@link refusalOf} for a node of the group called `name`: labels of a group leave the hostname out, which is the name. */
export const nodeRefusal = (group: NodeGroup, name: string, demand: NodeDemand): NodeRefusal | undefined => {
  // Labels matter only to those who ask for some: most do not, and a group is asked about each new shape.
  const isFree = demand.nodeTerms === undefined && Object.keys(demand.nodeSelector).length === 0;
  const labels = isFree || Object.hasOwn(group.labels, hostname) ? group.labels : { ...group.labels, [hostname]: name };
  return refusalOf({ name, labels, taints: group.taints, unschedulable: group.unschedulable }, demand);
};
