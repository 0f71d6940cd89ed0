/**
 * @module Scheduler: binds waiting pods, by priority, to the admitting node with the most room left, or says why none fits. A node that is nominated
 * for a pod (`status.nominatedNodeName`) is tried first for it, and its room there is not for pods of no higher priority, as kube-scheduler has it
 * (`schedule_one.go` evaluateNominatedNode, `runtime/framework.go` addGENominatedPods).
 */
import { withCondition } from '../../../../shared/kube/condition.ts';
import { compareText } from '../../../../shared/lib/compare-text.ts';
import { type Action, type Controller, keyOf, resources, settled } from '../controller.ts';
import { isActive, type Node, type Pod } from '../objects.ts';
import { admits, demandAmounts, fitsIn, freeOn, holdsRoom, take } from '../scheduling.ts';

/** A pod that found no room is looked at again after this, besides at each change of a node or pod. */
const retryMs = 1_000;

/** One key for all: bindings must be decided one after the other, each seeing the one before. */
const queueKey = 'all/pods';

/** Share of cpu, memory and pod places that would stay free, in basis points: more is better (LeastAllocated of kube-scheduler). */
const leastAllocated = (node: Node, free: ReadonlyMap<string, bigint>, demand: ReadonlyMap<string, bigint>): number => {
  const whole = freeOn(node, []);
  const part = (resource: string): number => {
    const total = whole.get(resource) ?? 0n;
    return total <= 0n ? 0 : Number((((free.get(resource) ?? 0n) - (demand.get(resource) ?? 0n)) * 10_000n) / total);
  };
  return part('cpu') + part('memory') + part('pods');
};

const unschedulable = (pod: Pod, nodes: readonly Node[], nowMs: number): Action[] => {
  const message = `0/${nodes.length} nodes are available for this pod: none admits it with the room it asks for.`;
  const conditions = withCondition(
    pod.status?.conditions,
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
    nowMs,
  );
  if (JSON.stringify(conditions) === JSON.stringify(pod.status?.conditions)) return [];
  return [
    {
      do: 'update',
      type: resources.pods,
      object: { ...pod, status: { ...pod.status, phase: 'Pending', conditions } },
      subresource: 'status',
    },
  ];
};

const priorityOf = ({ spec }: Pod): number => spec.priority ?? 0;

/** The highest priority first, and of equal priority the oldest (kube-scheduler's plugin PrioritySort). */
const inTurn = (a: Pod, b: Pod): number =>
  priorityOf(b) - priorityOf(a) ||
  compareText(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
  compareText(keyOf(a), keyOf(b));

type Room = Map<string, bigint>;

/** What is free on a node for a pod: nothing of what others of at least its priority are nominated for. */
const roomFor = (pod: Pod, node: Node, free: Room, nominated: readonly Pod[]): Room => {
  const before = nominated.filter(
    (other) => other !== pod && other.status?.nominatedNodeName === node.metadata.name && priorityOf(other) >= priorityOf(pod),
  );
  if (before.length === 0) return free;
  const left = new Map(free);
  for (const other of before) take(left, other);
  return left;
};

/** The node for a pod: the one that is nominated if it can take it, else the one with the most room left. */
const nodeFor = (pod: Pod, free: ReadonlyMap<Node, Room>, nominated: readonly Pod[]): Node | undefined => {
  const demand = demandAmounts(pod);
  const open = [...free]
    .filter(([node, room]) => admits(node, pod.spec) && fitsIn(roomFor(pod, node, room, nominated), demand))
    .map(([node, room]) => ({ node, score: leastAllocated(node, room, demand) }));
  const [best] = open.sort((a, b) => b.score - a.score || keyOf(a.node).localeCompare(keyOf(b.node)));
  return (open.find(({ node }) => node.metadata.name === pod.status?.nominatedNodeName) ?? best)?.node;
};

export const schedulerController: Controller = {
  name: 'scheduler',
  watches: [
    { type: resources.pods, keysOf: () => [queueKey] },
    { type: resources.nodes, keysOf: () => [queueKey] },
  ],
  reconcile: (view, _namespace, _name, nowMs) => {
    const pods = view.list<Pod>(resources.pods, '');
    const waiting = pods.filter((pod) => pod.spec.nodeName === undefined && isActive(pod)).sort(inTurn);
    if (waiting.length === 0) return settled;
    const nodes = view.list<Node>(resources.nodes, '');
    const held = Map.groupBy(pods.filter(holdsRoom), (pod) => pod.spec.nodeName ?? '');
    const free = new Map(nodes.map((node) => [node, freeOn(node, held.get(node.metadata.name) ?? [])]));
    const nominated = new Set(waiting.filter(({ status }) => status?.nominatedNodeName !== undefined));
    const actions: Action[] = [];
    let unplaced = false;
    for (const pod of waiting) {
      const node = nodeFor(pod, free, [...nominated]);
      const room = node === undefined ? undefined : free.get(node);
      if (node === undefined || room === undefined) {
        unplaced = true;
        actions.push(...unschedulable(pod, nodes, nowMs));
        continue;
      }
      take(room, pod);
      nominated.delete(pod);
      actions.push({ do: 'bind', namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name, node: node.metadata.name });
    }
    return unplaced ? { actions, requeueAfterMs: retryMs } : { actions };
  },
};
