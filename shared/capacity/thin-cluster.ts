/** @module A report's nodes as other pods see them: labels and pods without amounts, for terms that tie nodes together; and its quotas. */
import type { PodDemand } from './demand.ts';
import { bookedOf } from './group-kubelet.ts';
import { selectsItself } from './neighbours.ts';
import { type ClusterModel, type NodeModel, type PodGroup, plainKubelet, type QuotaModel, type QuotaScope } from './node.ts';
import { portsClash, selects, termSelects } from './pod-terms.ts';
import type { CapacityReport } from './report.ts';

const hostname = 'kubernetes.io/hostname';
const known = new WeakMap<CapacityReport, ClusterModel>();
const noPods: readonly PodGroup[] = [];

/** The cluster without amounts; made once a report, when it is first asked for. */
export const thinClusterOf = (report: CapacityReport): ClusterModel => {
  const before = known.get(report);
  if (before !== undefined) return before;
  const groups = new Map(report.groups.map((group) => [group.id, group]));
  const sets = podSetsOf(report);
  const nodes = report.nodes.names.map((name, at): NodeModel => {
    const group = groups.get(report.nodes.group[at] ?? -1);
    const labels = group?.labels ?? {};
    return {
      name,
      labels: Object.hasOwn(labels, hostname) ? labels : { ...labels, [hostname]: name },
      taints: group?.taints ?? [],
      unschedulable: group?.unschedulable ?? false,
      free: new Map(),
      podsFree: 0n,
      zones: [],
      kubelet: plainKubelet,
      runtimeHandlers: [],
      sharedGpus: undefined,
      pods: sets.get(report.nodes.podSet?.[at] ?? 0) ?? noPods,
      doubts: [],
    };
  });
  const cluster: ClusterModel = {
    nodes,
    runtimeClasses: [],
    networks: [],
    quotas: [],
    namespaces: new Map(),
    grainBytes: 1_048_576n,
    doubts: [],
  };
  known.set(report, cluster);
  return cluster;
};

const podSetsOf = (report: CapacityReport): ReadonlyMap<number, readonly PodGroup[]> => {
  const kinds = new Map((report.podKinds ?? []).map((kind) => [kind.id, kind]));
  return new Map(
    (report.podSets ?? []).map(({ id, pods }) => [
      id,
      pods.flatMap(([kindId, live, terminating]) => {
        const kind = kinds.get(kindId);
        return kind === undefined ? [] : [{ kind, live, terminating }];
      }),
    ]),
  );
};

const knownQuotas = new WeakMap<CapacityReport, readonly QuotaModel[]>();

/** The quotas of a report. */
export const quotasOf = (report: CapacityReport): readonly QuotaModel[] => {
  const quotas = knownQuotas.get(report) ?? (report.quotas ?? []).map(quotaOf);
  knownQuotas.set(report, quotas);
  return quotas;
};

/** True when pods that run keep the demand away from somewhere. */
export const isKeptAway = (report: CapacityReport, demand: PodDemand): boolean =>
  (report.podKinds ?? []).some((kind) => kind.antiAffinity.some((term) => termSelects(term, kind.namespace, demand, noNamespaces)));

const noNamespaces: ClusterModel['namespaces'] = new Map();

const quotaOf = ({ namespace, name, free, scopes }: NonNullable<CapacityReport['quotas']>[number]): QuotaModel => ({
  namespace,
  name,
  free: new Map(
    Object.entries(free).map(([resource, amount]) => [resource, bookedOf(resource.replace(/^(requests|limits)\./, ''), amount)] as const),
  ),
  scopes: scopes.map(scopeOf),
});

/** `BestEffort`, or `PriorityClass In high,low`. */
const scopeOf = (text: string): QuotaScope => {
  const [name = '', operator = 'Exists', values = ''] = text.split(' ');
  return { name, operator, values: values === '' ? [] : values.split(',') };
};

/** Ports: 0 where one is taken, else one replica. */
export const portsAllow = (node: NodeModel, demand: PodDemand): boolean =>
  !node.pods.some(({ kind }) => kind.ports.some((used) => demand.ports.some((port) => portsClash(used, port))));

/** True when the demand bears on other pods. */
export const bearsOnPods = (demand: PodDemand): boolean => demand.affinity.length + demand.antiAffinity.length + demand.spread.length > 0;

/**
 * The demand with those terms that a report can answer: it tells of pods that have terms of their own, so that terms which select other pods
 * than replicas are left out, and the count is an estimate.
 */
export const answerable = (cluster: ClusterModel, demand: PodDemand): { readonly demand: PodDemand; readonly exact: boolean } => {
  const own = demand.affinity.every((term) => selectsItself(cluster, demand, term));
  const antiAffinity = demand.antiAffinity.filter((term) => selectsItself(cluster, demand, term));
  const spread = demand.spread.filter((rule) => selects(rule.selector, demand.labels));
  const exact = own && antiAffinity.length === demand.antiAffinity.length && spread.length === demand.spread.length;
  return { demand: exact ? demand : { ...demand, affinity: own ? demand.affinity : [], antiAffinity, spread }, exact };
};
