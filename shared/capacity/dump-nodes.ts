/** @module Nodes of a dump: what is allocatable less what their pods hold, with the zones of their NodeResourceTopology. */

import { type Bag, bagOf, bagsOf, textMapOf, textOf } from '../lib/fields.ts';
import { bookedFloor } from './amounts.ts';
import { amountDoubts, machineOf, unreadRegisters, zoneDoubts } from './dump-doubts.ts';
import { sharedGpusOf } from './dump-gpus.ts';
import { groupsOf, type HeldPod } from './dump-pods.ts';
import { type NodeModel, plainKubelet } from './node.ts';
import { exactAmounts } from './pod-request.ts';
import type { Topology } from './topology.ts';

const allocatableOf = (node: Bag): unknown => {
  const status = bagOf(node.status);
  return status.allocatable ?? status.capacity;
};

/** The model of a node with the pods it holds. */
export const nodeModelOf = (node: Bag, pods: readonly HeldPod[], topology: Topology | undefined): NodeModel => {
  const metadata = bagOf(node.metadata);
  const spec = bagOf(node.spec);
  const name = textOf(metadata.name);
  const allocatable = allocatableOf(node);
  const free = new Map([...exactAmounts(allocatable)].map(([resource, nanos]) => [resource, bookedFloor(resource, nanos)] as const));
  for (const pod of pods) for (const [resource, amount] of pod.requests) free.set(resource, (free.get(resource) ?? 0n) - amount);
  const gpus = sharedGpusOf(textMapOf(metadata.annotations), pods, name);
  const places = free.get('pods') ?? 0n;
  free.delete('pods');
  return {
    name,
    labels: textMapOf(metadata.labels),
    taints: bagsOf(spec.taints).map((taint) => ({ key: textOf(taint.key), value: textOf(taint.value), effect: textOf(taint.effect) })),
    unschedulable: spec.unschedulable === true,
    ...conditionsOf(node),
    free,
    podsFree: places - BigInt(pods.length),
    zones: topology?.zones ?? [],
    kubelet: { ...(topology?.kubelet ?? plainKubelet), ...(skipsPodLevel(node) ? { skipsPodLevel: true } : {}) },
    runtimeHandlers: bagsOf(bagOf(node.status).runtimeHandlers).map((handler) => textOf(handler.name)),
    ...gpus,
    pods: groupsOf(pods),
    unread: unreadRegisters(textMapOf(metadata.annotations)),
    doubts: [
      ...(allocatable === undefined ? [`Node ${name}: status.allocatable is not told`] : []),
      ...(allocatable !== undefined && !Object.hasOwn(bagOf(allocatable), 'pods')
        ? [`Node ${name}: status.allocatable.pods is not told: how many pods it takes is not known`]
        : []),
      ...amountDoubts(allocatable, `Node ${name}: status.allocatable`),
      ...[
        ...(topology?.doubts ?? []),
        ...zoneDoubts(
          (topology?.zones ?? []).map(({ total }) => total),
          topology?.others ?? [],
          machineOf(node),
        ),
      ].map((doubt) => `NodeResourceTopology ${name}: ${doubt}`),
    ],
  };
};

/** Managers of kubelets before v1.36 pin no pod with pod-level resources (KEP-5526). */
const skipsPodLevel = (node: Bag): boolean => {
  const [, major, minor] = /^v?(\d{1,3})\.(\d{1,3})\b/.exec(textOf(bagOf(bagOf(node.status).nodeInfo).kubeletVersion)) ?? [];
  return major !== undefined && Number(major) * 1_000 + Number(minor) < 1_036;
};

/** Ready that is not True, and others that are. */
const conditionsOf = (node: Bag): Pick<NodeModel, 'conditions'> => {
  const conditions = bagsOf(bagOf(node.status).conditions).flatMap(({ type, status }) => {
    const [name, told] = [textOf(type), textOf(status)];
    return name === '' || (name === 'Ready' ? told === 'True' : told !== 'True') ? [] : [`${name}=${told}`];
  });
  return conditions.length === 0 ? {} : { conditions };
};
