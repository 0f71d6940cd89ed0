/** @module Scheduler: binds each waiting pod to the admitting node with the most room left, or says why none fits. */
import { withCondition } from '../../../../shared/kube/condition.ts';
import { type Action, type Controller, keyOf, resources, settled } from '../controller.ts';
import { isActive, type Node, type Pod } from '../objects.ts';
import { admits, demandAmounts, fitsIn, freeOn, holdsRoom } from '../scheduling.ts';

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

export const schedulerController: Controller = {
  name: 'scheduler',
  watches: [
    { type: resources.pods, keysOf: () => [queueKey] },
    { type: resources.nodes, keysOf: () => [queueKey] },
  ],
  reconcile: (view, _namespace, _name, nowMs) => {
    const pods = view.list<Pod>(resources.pods, '');
    const waiting = pods.filter((pod) => pod.spec.nodeName === undefined && isActive(pod));
    if (waiting.length === 0) return settled;
    const nodes = view.list<Node>(resources.nodes, '');
    const held = Map.groupBy(pods.filter(holdsRoom), (pod) => pod.spec.nodeName ?? '');
    const free = new Map(nodes.map((node) => [node, freeOn(node, held.get(node.metadata.name) ?? [])]));
    const actions: Action[] = [];
    let unplaced = false;
    for (const pod of waiting) {
      const demand = demandAmounts(pod);
      const best = nodes
        .filter((node) => admits(node, pod.spec) && fitsIn(free.get(node) ?? new Map(), demand))
        .map((node) => ({ node, score: leastAllocated(node, free.get(node) ?? new Map(), demand) }))
        .sort((a, b) => b.score - a.score || keyOf(a.node).localeCompare(keyOf(b.node)))[0];
      if (best === undefined) {
        unplaced = true;
        actions.push(...unschedulable(pod, nodes, nowMs));
        continue;
      }
      const room = free.get(best.node);
      for (const [resource, nanos] of demand) room?.set(resource, (room.get(resource) ?? 0n) - nanos);
      actions.push({ do: 'bind', namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name, node: best.node.metadata.name });
    }
    return unplaced ? { actions, requeueAfterMs: retryMs } : { actions };
  },
};
