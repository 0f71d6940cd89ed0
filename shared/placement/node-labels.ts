/** @module Whether nodes with these labels and taints could run a shape at all: what requirements and prices ask of node groups. */
import { type PodShape, untolerated } from '../capacity/index.ts';
import { matchesLabels, type Operator } from '../kube/selectors/index.ts';
import type { ClusterFacts } from './model.ts';

/** Requirements that all must hold (core/v1 NodeSelectorTerm). */
export type NodeTerm = NonNullable<PodShape['nodeTerms']>[number];
/** One requirement (core/v1 NodeSelectorRequirement). */
export type NodeRule = NonNullable<NodeTerm['matchExpressions']>[number];
/** Nodes that differ only in what is free on them. */
export type NodeGroup = ClusterFacts['groups'][number];

type Labels = Readonly<Record<string, string>>;

const operators: Readonly<Record<string, Operator>> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!', Gt: 'gt', Lt: 'lt' };

/** True when the labels meet every rule. */
export const meets = (rules: readonly NodeRule[], labels: Labels): boolean =>
  rules.every(({ key, operator, values }) => {
    const known = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
    return known !== undefined && matchesLabels({ requirements: [{ key, operator: known, values: values ?? [] }] }, labels);
  });

const hostname = 'kubernetes.io/hostname';

/** True when some node of the group may run the shape, going by taints and labels; rules on a node's own name count as met. */
export const admits = (group: NodeGroup, shape: PodShape): boolean => {
  if (untolerated(group.taints, shape.tolerations, ['NoSchedule', 'NoExecute']) !== undefined) return false;
  const selected = Object.entries(shape.nodeSelector).every(
    ([key, value]) => key === hostname || (Object.hasOwn(group.labels, key) && group.labels[key] === value),
  );
  if (!selected) return false;
  if (shape.nodeTerms === undefined) return true;
  return shape.nodeTerms.some((term) =>
    meets(
      (term.matchExpressions ?? []).filter(({ key }) => key !== hostname),
      group.labels,
    ),
  );
};
