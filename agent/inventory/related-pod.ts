/**
 * @module What other pods must know of a pod: host ports, required pod anti-affinity, its labels. Kept only of pods that hold ports or
 * choose their place by other pods; of all others nothing is told.
 */
import type { HostPort, PodKind, PodTerm } from '../../shared/capacity/node.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { type Bag, bagOf, bagsOf, textMapOf, textOf } from '../../shared/lib/fields.ts';
import { sortedRecord, wholeOf } from './fields.ts';

/** Labels that tell replicas of one workload apart; selectors do not name them. */
const replicaLabels = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'batch.kubernetes.io/job-completion-index',
  'batch.kubernetes.io/controller-uid',
  'controller-uid',
]);

const required = 'requiredDuringSchedulingIgnoredDuringExecution';

/** The kind of a pod that others must know of; undefined for all others. */
export const relatedKindOf = (pod: KubeObject): PodKind | undefined => {
  const spec = bagOf(pod.spec);
  const affinity = bagOf(spec.affinity);
  const antiAffinity = bagsOf(bagOf(affinity.podAntiAffinity)[required]);
  const ports = portsOf(spec);
  const isPicky =
    antiAffinity.length > 0 ||
    bagsOf(bagOf(affinity.podAffinity)[required]).length > 0 ||
    bagsOf(spec.topologySpreadConstraints).some(({ whenUnsatisfiable }) => whenUnsatisfiable !== 'ScheduleAnyway');
  if (ports.length === 0 && !isPicky) return undefined;
  const { namespace = '', labels = {} } = pod.metadata;
  return {
    namespace,
    labels: sortedRecord(Object.entries(labels).filter(([key]) => !replicaLabels.has(key))),
    ports,
    antiAffinity: antiAffinity.map((term) => termOf(term, labels)),
  };
};

const portsOf = (spec: Bag): readonly HostPort[] =>
  [...bagsOf(spec.containers), ...bagsOf(spec.initContainers).filter(({ restartPolicy }) => restartPolicy === 'Always')]
    .flatMap(({ ports }) => bagsOf(ports))
    .flatMap((entry): HostPort[] => {
      const port = wholeOf(entry.hostPort || (spec.hostNetwork === true ? entry.containerPort : undefined)) ?? 0;
      const ip = textOf(entry.hostIP);
      const protocol = textOf(entry.protocol);
      return port === 0 ? [] : [{ ip: ip === '' ? '0.0.0.0' : ip, protocol: protocol === '' ? 'TCP' : protocol, port }];
    })
    .sort((a, b) => a.port - b.port || compareText(a.protocol, b.protocol) || compareText(a.ip, b.ip));

/** `matchLabelKeys` and its opposite are folded into the selector, as the API server does. */
const termOf = (term: Bag, labels: Readonly<Record<string, string>>): PodTerm => {
  const namespaces = Array.isArray(term.namespaces) ? term.namespaces.map(textOf).sort(compareText) : [];
  return {
    topologyKey: textOf(term.topologyKey),
    selector: selectorOf(term.labelSelector, labels, term),
    namespaces,
    namespaceSelector: selectorOf(term.namespaceSelector, labels, {}),
  };
};

const selectorOf = (value: unknown, labels: Readonly<Record<string, string>>, keys: Bag): PodTerm['selector'] => {
  if (typeof value !== 'object' || value === null) return undefined;
  const selector = bagOf(value);
  const named = (field: unknown): string[] => (Array.isArray(field) ? field.map(textOf).filter((key) => Object.hasOwn(labels, key)) : []);
  const rule = (operator: string) => (key: string) => ({ key, operator, values: [labels[key] ?? ''] });
  const expressions = [
    ...bagsOf(selector.matchExpressions).map((entry) => ({
      key: textOf(entry.key),
      operator: textOf(entry.operator),
      ...(Array.isArray(entry.values) ? { values: entry.values.map(textOf) } : {}),
    })),
    ...named(keys.matchLabelKeys).map(rule('In')),
    ...named(keys.mismatchLabelKeys).map(rule('NotIn')),
  ];
  return {
    ...(selector.matchLabels === undefined ? {} : { matchLabels: textMapOf(selector.matchLabels) }),
    ...(expressions.length === 0 ? {} : { matchExpressions: expressions }),
  };
};
