/**
 * @module Nodes that autoscalers could add, from what they write down: the cluster-autoscaler's status ConfigMap, annotations of Cluster API's
 * MachineDeployments for scaling from zero, Karpenter's NodePools. Shown apart, never as free.
 */
import { parse } from 'yaml';
import { bookedAmount, bookedToCanonical, exactAmounts } from '../../shared/capacity/pod-request.ts';
import type { NodeTaint, Potential } from '../../shared/capacity/report.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { type Bag, bagOf, bagsOf, textMapOf, textOf } from '../../shared/lib/fields.ts';
import { sortedRecord, wholeOf } from './fields.ts';
import { taintsOf } from './node.ts';

/** Pools of one object that are looked at. */
const poolsMax = 1_000;

const amountsOf = (list: unknown): Readonly<Record<string, number>> =>
  sortedRecord([...exactAmounts(list)].map(([resource, nanos]) => [resource, bookedToCanonical(resource, bookedAmount(resource, nanos))]));

/** Pools of the cluster-autoscaler's status: YAML since 1.30, words before. It says how many nodes, not what one offers. */
export const autoscalerPools = (configMap: KubeObject): readonly Potential[] => {
  const status = textOf(bagOf(configMap.data).status);
  const pools = bagsOf(bagOf(yamlOf(status)).nodeGroups);
  const found = pools.length > 0 ? pools.flatMap(poolOfYaml) : poolsOfText(status);
  return found.slice(0, poolsMax).sort((a, b) => compareText(a.name, b.name));
};

const yamlOf = (text: string): unknown => {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return undefined;
  }
};

const poolOf = (name: string, maximum: number | undefined, target: number | undefined): readonly Potential[] =>
  name === '' || maximum === undefined
    ? []
    : [{ source: 'cluster-autoscaler', name, labels: {}, taints: [], maxExtraNodes: Math.max(0, maximum - (target ?? 0)) }];

const poolOfYaml = (group: Bag): readonly Potential[] => {
  const health = bagOf(group.health);
  return poolOf(textOf(group.name), wholeOf(health.maxSize), wholeOf(health.cloudProviderTarget));
};

const poolsOfText = (status: string): readonly Potential[] =>
  status
    .split(/^\s*Name:\s*/m)
    .slice(1)
    .flatMap((part) => {
      const name = part.split('\n')[0]?.trim() ?? '';
      const target = /cloudProviderTarget=(\d+)/.exec(part)?.[1];
      return poolOf(name, wholeOf(/maxSize=(\d+)/.exec(part)?.[1]), wholeOf(target));
    });

const capi = 'capacity.cluster-autoscaler.kubernetes.io/';
const capiGroup = 'cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size';

/** A MachineDeployment that the cluster-autoscaler may scale (Cluster API proposal 20210310-opt-in-autoscaling-from-zero). */
export const machinePoolOf = (deployment: KubeObject): Potential | undefined => {
  const notes = deployment.metadata.annotations ?? {};
  const maximum = wholeOf(notes[capiGroup]);
  if (maximum === undefined) return undefined;
  const gpuType = notes[`${capi}gpu-type`] ?? 'nvidia.com/gpu';
  const told = [
    ['cpu', notes[`${capi}cpu`]],
    ['memory', notes[`${capi}memory`]],
    ['ephemeral-storage', notes[`${capi}ephemeral-disk`]],
    ['pods', notes[`${capi}maxPods`]],
    [gpuType, notes[`${capi}gpu-count`]],
  ].filter((entry): entry is [string, string] => entry[1] !== undefined);
  const replicas = wholeOf(bagOf(deployment.spec).replicas) ?? 0;
  return {
    source: 'cluster-api',
    name: `${deployment.metadata.namespace ?? ''}/${deployment.metadata.name}`,
    labels: pairsOf(notes[`${capi}labels`]),
    taints: taintTexts(notes[`${capi}taints`]),
    ...(told.length === 0 ? {} : { allocatable: amountsOf(Object.fromEntries(told)) }),
    maxExtraNodes: Math.max(0, maximum - replicas),
  };
};

/** `a=b,c=d`. */
const pairsOf = (text: string | undefined): Readonly<Record<string, string>> =>
  sortedRecord(
    (text ?? '').split(',').flatMap((pair): [string, string][] => {
      const [key = '', value = ''] = pair.split('=').map((part) => part.trim());
      return key === '' ? [] : [[key, value]];
    }),
  );

/** `key=value:NoSchedule,…`. */
const taintTexts = (text: string | undefined): readonly NodeTaint[] =>
  taintsOf(
    (text ?? '').split(',').map((taint) => {
      const [pair = '', effect = ''] = taint.trim().split(':');
      const [key = '', value = ''] = pair.split('=');
      return { key, value, effect };
    }),
  );

/** A Karpenter NodePool (karpenter.sh/v1): its limits less what it has; requirements with one value are labels of its nodes. */
export const nodePoolOf = (pool: KubeObject): Potential => {
  const spec = bagOf(pool.spec);
  const template = bagOf(spec.template);
  const inner = bagOf(template.spec);
  const limits = exactAmounts(spec.limits);
  const used = exactAmounts(bagOf(pool.status).resources);
  const single = bagsOf(inner.requirements).flatMap((rule): [string, string][] => {
    const values = Array.isArray(rule.values) ? rule.values.map(textOf) : [];
    return rule.operator === 'In' && values.length === 1 ? [[textOf(rule.key), values[0] ?? '']] : [];
  });
  const extra = [...limits].map(([resource, nanos]) => {
    const left = bookedAmount(resource, nanos) - bookedAmount(resource, used.get(resource) ?? 0n);
    return [resource, Math.max(0, bookedToCanonical(resource, left))] as const;
  });
  const nodes = extra.find(([resource]) => resource === 'nodes')?.[1];
  const amounts = extra.filter(([resource]) => resource !== 'nodes');
  return {
    source: 'karpenter',
    name: pool.metadata.name,
    labels: sortedRecord([...Object.entries(textMapOf(bagOf(template.metadata).labels)), ...single]),
    taints: taintsOf(inner.taints),
    ...(nodes === undefined ? {} : { maxExtraNodes: nodes }),
    ...(amounts.length === 0 ? {} : { maxExtra: sortedRecord(amounts) }),
  };
};
