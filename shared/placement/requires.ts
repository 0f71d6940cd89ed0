/** @module `requires` of a policy as demands on nodes: what a replica asks for in one cluster, or the term that the cluster cannot meet. */
import type { GpuRequirement, GpuSharing, Requires } from '../api/index.ts';
import { type PodShape, takesOfZones } from '../capacity/index.ts';
import type { ClusterFacts, Workload } from './model.ts';
import { meets, type NodeRule, type NodeTerm } from './node-labels.ts';

/** What one replica asks for in a cluster, or why the cluster cannot run it. */
export type Demand = { readonly shape: PodShape } | { readonly reason: string; readonly message: string };

/** A policy's requirements for one workload shape; made once, asked for each cluster. */
export type DemandPlan = {
  /** The same for the same requirements and shape. */
  readonly key: string;
  readonly inCluster: (facts: ClusterFacts, clusterLabels: Readonly<Record<string, string>>) => Demand;
};

const featurePrefix = 'feature.node.kubernetes.io/';
const replicasLabel = 'nvidia.com/gpu.replicas';
const strategyLabel = 'nvidia.com/gpu.sharing-strategy';
const migLabel = 'nvidia.com/mig.strategy';

/** Labels by which a way of sharing shows (facts `capacity.md` §1.3, §1.5); the sets are alternatives. */
const sharingTerms: Readonly<Record<GpuSharing, readonly (readonly NodeRule[])[]>> = {
  exclusive: [
    [
      { key: replicasLabel, operator: 'DoesNotExist' },
      { key: migLabel, operator: 'NotIn', values: ['single'] },
    ],
    [
      { key: replicasLabel, operator: 'In', values: ['1'] },
      { key: migLabel, operator: 'NotIn', values: ['single'] },
    ],
  ],
  mig: [[{ key: migLabel, operator: 'In', values: ['single', 'mixed'] }]],
  vgpu: [[{ key: 'gpu', operator: 'In', values: ['on'] }]],
  timeSlicing: [
    [
      { key: replicasLabel, operator: 'Gt', values: ['1'] },
      { key: strategyLabel, operator: 'NotIn', values: ['mps'] },
    ],
  ],
  mps: [
    [
      { key: replicasLabel, operator: 'Gt', values: ['1'] },
      { key: strategyLabel, operator: 'In', values: ['mps'] },
    ],
  ],
};

const featureRules = (features: readonly string[]): NodeRule[] =>
  features.map((feature) => ({ key: `${featurePrefix}${feature}`, operator: 'In', values: ['true'] }));

/** Alternatives of which a node must meet one whole. */
const gpuRules = (gpu: GpuRequirement): (readonly NodeRule[])[] => {
  const always: NodeRule[] = [];
  if (gpu.products !== undefined) always.push({ key: 'nvidia.com/gpu.product', operator: 'In', values: gpu.products });
  if (gpu.memoryMiBMin !== undefined) always.push({ key: 'nvidia.com/gpu.memory', operator: 'Gt', values: [String(gpu.memoryMiBMin - 1)] });
  const ways = gpu.sharing === undefined ? [[]] : gpu.sharing.flatMap((way) => sharingTerms[way]);
  const any = always.length === 0 && gpu.sharing === undefined;
  return any ? [[{ key: 'nvidia.com/gpu.product', operator: 'Exists' }]] : ways.map((way) => [...always, ...way]);
};

/** Every term of the pod with every alternative added. */
const crossed = (terms: readonly NodeTerm[] | undefined, alternatives: readonly (readonly NodeRule[])[]): readonly NodeTerm[] =>
  (terms ?? [{}]).flatMap((term) =>
    alternatives.map((rules) => ({ ...term, matchExpressions: [...(term.matchExpressions ?? []), ...rules] })),
  );

const anyGroup = (facts: ClusterFacts, alternatives: readonly (readonly NodeRule[])[]): boolean =>
  facts.groups.some((group) => alternatives.some((rules) => meets(rules, group.labels)));

const isUnread = (facts: ClusterFacts, resource: string): boolean => facts.unsupported.some((text) => text.startsWith(`${resource}:`));

const missing = (facts: ClusterFacts, requires: Requires, namespace: string): { reason: string; message: string } | undefined => {
  const { runtimeClass, networks = [], features = [], gpu } = requires;
  if (runtimeClass !== undefined && !facts.runtimeClasses.some(({ name }) => name === runtimeClass)) {
    const unread = isUnread(facts, 'runtimeclasses') ? '; its agent may not read runtimeclasses' : '';
    return { reason: 'runtimeClass', message: `the cluster has no RuntimeClass ${runtimeClass}${unread}` };
  }
  for (const network of networks) {
    if (facts.networks.some((entry) => entry.namespace === namespace && entry.name === network)) continue;
    return { reason: 'network', message: `the cluster has no NetworkAttachmentDefinition ${namespace}/${network}` };
  }
  const featured = featureRules(features);
  if (featured.length > 0 && !anyGroup(facts, [featured])) {
    return {
      reason: 'features',
      message: `no node has ${features.length === 1 ? 'the feature' : 'all the features'} ${features.join(', ')}`,
    };
  }
  if (
    gpu !== undefined &&
    !anyGroup(
      facts,
      gpuRules(gpu).map((rules) => [...featured, ...rules]),
    )
  ) {
    return { reason: 'gpu', message: `no node has GPUs as required (${gpuText(gpu)})` };
  }
  return undefined;
};

/** What comes from no zone asks for none. */
const lacksZones = (facts: ClusterFacts, { numaSingleNode, demand }: PodShape, devices: ReadonlyMap<string, number>): boolean =>
  numaSingleNode === true &&
  (devices.size > 0 || takesOfZones(demand)) &&
  !facts.groups.some((group) => (group.numa?.zones.length ?? 0) > 0);

const noZones = { reason: 'numa', message: 'no node reports its NUMA zones (NodeResourceTopology)' };

const gpuText = (gpu: GpuRequirement): string =>
  [
    ...(gpu.products === undefined ? [] : [`product ${gpu.products.join(' or ')}`]),
    ...(gpu.memoryMiBMin === undefined ? [] : [`at least ${gpu.memoryMiBMin} MiB`]),
    ...(gpu.sharing === undefined ? [] : [gpu.sharing.join(' or ')]),
  ].join(', ') || 'any';

/** Devices that the networks stand for, one a replica each. */
const networkDevices = (facts: ClusterFacts, networks: readonly string[], namespace: string): Map<string, number> => {
  const devices = new Map<string, number>();
  for (const entry of facts.networks) {
    if (entry.namespace !== namespace || entry.resource === undefined || !networks.includes(entry.name)) continue;
    devices.set(entry.resource, (devices.get(entry.resource) ?? 0) + 1);
  }
  return devices;
};

const withDevices = (shape: PodShape, devices: ReadonlyMap<string, number>): PodShape => {
  if (devices.size === 0) return shape;
  const amounts = new Map(shape.requests);
  for (const [resource, count] of devices) amounts.set(resource, (amounts.get(resource) ?? 0) + count);
  const requests = [...amounts].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return { ...shape, requests, key: `${shape.key}+${JSON.stringify([...devices])}` };
};

/** The plan of a policy's requirements for a shape; `namespace` is the workload's. */
const planDemand = (requires: Requires | undefined, shape: PodShape, namespace: string): DemandPlan => {
  if (requires === undefined) {
    const demand: Demand = { shape };
    return { key: shape.key, inCluster: () => demand };
  }
  const key = `${shape.key}|${JSON.stringify(requires)}|${namespace}`;
  const featured = featureRules(requires.features ?? []);
  const ways = requires.gpu === undefined ? [[]] : gpuRules(requires.gpu);
  const alternatives = ways.map((rules) => [...featured, ...rules]);
  const constrained = alternatives.some((rules) => rules.length > 0);
  const base: PodShape = {
    ...shape,
    key,
    ...(constrained ? { nodeTerms: crossed(shape.nodeTerms, alternatives) } : {}),
    ...(requires.numa === undefined ? {} : { numaSingleNode: true }),
    runtimeClassName: shape.runtimeClassName ?? requires.runtimeClass,
  };
  const kept = new WeakMap<ClusterFacts, Demand>();
  return {
    key,
    inCluster: (facts) => {
      const known = kept.get(facts);
      if (known !== undefined) return known;
      const devices = networkDevices(facts, requires.networks ?? [], namespace);
      const lack = missing(facts, requires, namespace) ?? (lacksZones(facts, base, devices) ? noZones : undefined);
      const made: Demand = lack ?? { shape: withDevices(base, devices) };
      kept.set(facts, made);
      return made;
    },
  };
};

/** Plans kept for each policy's requirements; beyond it they are made anew. */
const keptPlansMax = 256;
const plans = new WeakMap<Requires, Map<string, DemandPlan>>();

/** {@link planDemand}, kept: asking again for the same costs a look-up. */
const keptPlan = (requires: Requires | undefined, shape: PodShape, namespace: string): DemandPlan => {
  if (requires === undefined) return planDemand(undefined, shape, namespace);
  const known = plans.get(requires) ?? new Map<string, DemandPlan>();
  plans.set(requires, known);
  const key = `${namespace}/${shape.key}`;
  const kept = known.get(key);
  if (kept !== undefined) return kept;
  const made = planDemand(requires, shape, namespace);
  if (known.size >= keptPlansMax) known.clear();
  known.set(key, made);
  return made;
};

/** What a replica of the workload asks for in each cluster, its policy's requirements and overrides folded in. */
export const demandOf = (requires: Requires | undefined, { ref: { namespace }, altered }: Workload, shape: PodShape): DemandPlan => {
  const plain = keptPlan(requires, shape, namespace);
  if (altered === undefined) return plain;
  return {
    key: `${plain.key}|${altered.key}`,
    inCluster: (facts, labels) => keptPlan(requires, altered.under(labels), namespace).inCluster(facts, labels),
  };
};
