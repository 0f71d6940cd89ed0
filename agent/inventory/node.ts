/** @module What is kept of a node: the group it belongs to, and its exact amounts. */
import { machineOf } from '../../shared/capacity/dump-doubts.ts';
import { bookedAmount, bookedToCanonical, exactAmounts } from '../../shared/capacity/pod-request.ts';
import type { GpuFacts, NodeTaint, SharedDevice } from '../../shared/capacity/report.ts';
import { isCondition } from '../../shared/kube/conditions.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { bagOf, bagsOf, textOf } from '../../shared/lib/fields.ts';
import { sortedRecord } from './fields.ts';
import { gpuFactsOf } from './gpu.ts';
import { type HamiNode, hamiNodeOf, sharedDeviceOf } from './hami.ts';

/** What nodes of a group have in common, but for NUMA facts, which come from another object. */
export type NodeKind = {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly NodeTaint[];
  readonly ready: boolean;
  readonly unschedulable: boolean;
  /** Canonical units, without `pods`. */
  readonly allocatable: Readonly<Record<string, number>>;
  readonly runtimeHandlers: readonly string[];
  readonly gpu?: GpuFacts;
  readonly devices?: readonly SharedDevice[];
};

/** What is kept of a node. `kindKey` is equal for equal kinds. */
export type NodeFacts = {
  readonly kindKey: string;
  readonly kind: NodeKind;
  /** Booked units (milli-CPU, bytes, devices), `pods` among them. */
  readonly amounts: ReadonlyMap<string, number>;
  /** What zones have in all: CPUs and devices of the machine, booked units. */
  readonly machine: ReadonlyMap<string, number>;
  readonly providerId: string;
  /** What HAMi registers there, in the order of the kind's `devices`; undefined = nothing. */
  readonly hami: HamiNode | undefined;
};

/** Labels that tell one node from another: they would make each node a group of its own. */
const uniqueLabels = new Set([
  'kubernetes.io/hostname',
  'beta.kubernetes.io/hostname',
  'nvidia.com/gfd.timestamp',
  'alpha.eksctl.io/instance-id',
  'node.kubernetes.io/instance-id',
  'karpenter.sh/nodeclaim',
  'cluster.x-k8s.io/machine',
]);

/** The facts of a node object. */
export const nodeFactsOf = (node: KubeObject): NodeFacts => {
  const spec = bagOf(node.spec);
  const status = bagOf(node.status);
  const amounts = new Map([...exactAmounts(status.allocatable)].map(([resource, nanos]) => [resource, bookedAmount(resource, nanos)]));
  const { labels = {}, annotations = {} } = node.metadata;
  const hami = hamiNodeOf(annotations);
  const gpu = gpuFactsOf(labels, hami, amounts);
  const kind: NodeKind = {
    labels: sharedLabels(node),
    taints: taintsOf(spec.taints),
    ready: isCondition(node, 'Ready'),
    unschedulable: spec.unschedulable === true,
    allocatable: sortedRecord(
      [...amounts].filter(([resource]) => resource !== 'pods').map(([resource, amount]) => [resource, bookedToCanonical(resource, amount)]),
    ),
    runtimeHandlers: bagsOf(status.runtimeHandlers)
      .map(({ name }) => textOf(name))
      .sort(),
    ...(gpu === undefined ? {} : { gpu }),
    ...(hami === undefined ? {} : { devices: hami.gpus.map(sharedDeviceOf) }),
  };
  const machine = new Map([...machineOf(node)].map(([resource, amount]) => [resource, Number(amount)]));
  return { kindKey: JSON.stringify(kind), kind, amounts, machine, providerId: textOf(spec.providerID), hami };
};

const sharedLabels = (node: KubeObject): Readonly<Record<string, string>> => {
  const { labels = {}, name } = node.metadata;
  const hostname = labels['kubernetes.io/hostname'] ?? name;
  return sortedRecord(Object.entries(labels).filter(([key, value]) => !uniqueLabels.has(key) && value !== name && value !== hostname));
};

const effects = new Set<string>(['NoSchedule', 'PreferNoSchedule', 'NoExecute']);

/** The taints of a list that are taints, in order. */
export const taintsOf = (value: unknown): readonly NodeTaint[] =>
  bagsOf(value)
    .map((taint) => ({ key: textOf(taint.key), value: textOf(taint.value), effect: textOf(taint.effect) }))
    .filter((taint): taint is NodeTaint => taint.key !== '' && effects.has(taint.effect))
    .sort((a, b) => (taintText(a) < taintText(b) ? -1 : taintText(a) > taintText(b) ? 1 : 0));

const taintText = (taint: NodeTaint): string => `${taint.key}=${taint.value}:${taint.effect}`;
