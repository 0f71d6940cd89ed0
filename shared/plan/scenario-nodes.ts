/** @module Clusters of a scenario: nodes written short, as the objects that a dump of them would hold. */
import { bag, bags } from '../placement/index.ts';

/** Nodes that one line of a scenario may stand for. */
const countMax = 5_000;
/** The kubelet's own default of `maxPods`. */
const podsDefault = 110;

/** What a line says besides amounts. */
const notAmounts = new Set([
  'count',
  'labels',
  'annotations',
  'taints',
  'unschedulable',
  'providerID',
  'zones',
  'topologyPolicy',
  'topologyScope',
]);

type Bag = Readonly<Record<string, unknown>>;

const amountsOf = (line: Bag): Bag => Object.fromEntries(Object.entries(line).filter(([key]) => !notAmounts.has(key)));

/** One NUMA zone: amounts, and in `free` those of which less is free. */
const zoneOf = (zone: Bag, at: number): object => {
  const { free, ...amounts } = zone;
  const left = bag(free);
  return {
    name: `node-${at}`,
    type: 'Node',
    resources: Object.entries(amounts).map(([name, amount]) => {
      const text = String(amount);
      return { name, capacity: text, allocatable: text, available: name in left ? String(left[name]) : text };
    }),
  };
};

const topologyOf = (name: string, line: Bag): object[] =>
  line.zones === undefined
    ? []
    : [
        {
          apiVersion: 'topology.node.k8s.io/v1alpha2',
          kind: 'NodeResourceTopology',
          metadata: { name },
          attributes: [
            { name: 'topologyManagerPolicy', value: String(line.topologyPolicy ?? 'none') },
            { name: 'topologyManagerScope', value: String(line.topologyScope ?? 'container') },
          ],
          zones: bags(line.zones).map(zoneOf),
        },
      ];

const nodeOf = (name: string, line: Bag): object => {
  const allocatable = { pods: podsDefault, ...amountsOf(line) };
  const { taints = [], unschedulable, providerID } = line;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...bag(line.labels) }, annotations: bag(line.annotations) },
    spec: { taints, ...(unschedulable === undefined ? {} : { unschedulable }), ...(providerID === undefined ? {} : { providerID }) },
    status: { allocatable, capacity: allocatable },
  };
};

/** What is wrong with the `nodes` of a cluster; undefined when nothing is. */
export const nodesFault = (value: unknown, path: string): string | undefined => {
  if (!Array.isArray(value)) return `${path}: a list such as [{count: 2, cpu: 8, memory: 32Gi}] is wanted`;
  for (const [at, line] of value.entries()) {
    const { count = 1 } = bag(line);
    if (!Number.isSafeInteger(count) || Number(count) < 0 || Number(count) > countMax) {
      return `${path}[${at}].count: a whole number from 0 to ${countMax} is wanted`;
    }
    if (Object.keys(amountsOf(bag(line))).length === 0) return `${path}[${at}]: say what a node has, such as cpu: 8, memory: 32Gi`;
  }
  return undefined;
};

/** The objects of `nodes`: {@link nodesFault} finds nothing in it. Names are `n1`, `n2`, … in the order written. */
export const nodeObjects = (value: unknown): object[] => {
  let number = 0;
  return bags(value).flatMap((line) =>
    Array.from({ length: Number(line.count ?? 1) }, () => {
      number += 1;
      const name = `n${number}`;
      return [nodeOf(name, line), ...topologyOf(name, line)];
    }).flat(),
  );
};
