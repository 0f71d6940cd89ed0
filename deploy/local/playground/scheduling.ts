/** @module What the playground's scheduler and kubelets know of nodes: who may run there, and what is free. */
import { type NodeDemand, nodeRefusal } from '../../../shared/capacity/node-match.ts';
import { type ExactAmounts, exactAmounts, exactPodRequests } from '../../../shared/capacity/pod-request.ts';
import type { NodeTaint } from '../../../shared/capacity/report.ts';
import { conditionIsTrue, type Node, type Pod, type PodSpec } from './objects.ts';

const demandOf = (spec: PodSpec): NodeDemand => ({
  tolerations: spec.tolerations ?? [],
  nodeSelector: spec.nodeSelector ?? {},
  nodeTerms: spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms,
});

const taintsOf = (node: Node): NodeTaint[] =>
  (node.spec?.taints ?? []).map(({ key, value = '', effect }) => ({ key, value, effect: effect as NodeTaint['effect'] }));

/** Whether the node's state, taints and labels let this pod run there. */
export const admits = (node: Node, spec: PodSpec): boolean => {
  const group = {
    id: 0,
    labels: node.metadata.labels ?? {},
    taints: taintsOf(node),
    ready: true,
    unschedulable: node.spec?.unschedulable === true,
    allocatable: [],
    runtimeHandlers: [],
  };
  return conditionIsTrue(node.status?.conditions, 'Ready') && nodeRefusal(group, node.metadata.name, demandOf(spec)) === undefined;
};

/** Whether a pod holds what it asked for: bound, and not ended. */
export const holdsRoom = (pod: Pod): boolean =>
  pod.spec.nodeName !== undefined && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed';

/** Takes from what is free what a pod asks for. */
export const take = (free: Map<string, bigint>, pod: Pod): void => {
  for (const [resource, nanos] of demandAmounts(pod)) free.set(resource, (free.get(resource) ?? 0n) - nanos);
};

/** What is free on a node when these pods are on it; `pods` counts one a pod. */
export const freeOn = (node: Node, pods: readonly Pod[]): Map<string, bigint> => {
  const free = new Map(exactAmounts(node.status?.allocatable));
  for (const pod of pods) take(free, pod);
  return free;
};

/** Objects of the store are never changed in place, so that what was read of one holds for as long as it is there. */
const demands = new WeakMap<Pod, ExactAmounts>();

/** A pod's requests, and the place it takes. */
export const demandAmounts = (pod: Pod): ExactAmounts => {
  const known = demands.get(pod);
  if (known !== undefined) return known;
  const demand = new Map([...exactPodRequests(pod.spec, pod.status), ['pods', 1_000_000_000n] as const]);
  demands.set(pod, demand);
  return demand;
};

/** Whether the amounts are there; what is asked as zero needs nothing. */
export const fitsIn = (free: ReadonlyMap<string, bigint>, demand: ExactAmounts): boolean =>
  [...demand].every(([resource, nanos]) => nanos <= 0n || (free.get(resource) ?? 0n) >= nanos);
