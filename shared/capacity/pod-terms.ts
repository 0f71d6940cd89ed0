/** @module What a pod says of other pods and of ports: affinity, anti-affinity, spreading; read the same from templates and from running pods. */
import { type LabelSelector, matchesLabels, nothing, selectorFromObject } from '../kube/selectors/index.ts';
import { type Bag, bagOf, bagsOf, integerOf, isBag, textMapOf, textOf, textsOf } from '../lib/fields.ts';
import type { HostPort, PodTerm, SelectorText } from './node.ts';

type Labels = Readonly<Record<string, string>>;

/** A hard rule of spreading inside the cluster (core/v1 TopologySpreadConstraint with DoNotSchedule). */
export type SpreadRule = {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly selector: SelectorText | undefined;
  /** Nodes that the pod's node affinity refuses are left out. */
  readonly honorsAffinity: boolean;
  /** Nodes that the pod does not tolerate are left out. */
  readonly honorsTaints: boolean;
};

/** Selectors already compiled: the same few are matched against every pod. */
const compiled = new WeakMap<SelectorText, LabelSelector>();

/** True when the labels are selected; an absent or unreadable selector selects nothing. */
export const selects = (selector: SelectorText | undefined, labels: Labels): boolean => {
  if (selector === undefined) return false;
  let known = compiled.get(selector);
  if (known === undefined) {
    const parsed = selectorFromObject(selector);
    known = parsed.ok ? parsed.value : nothing;
    compiled.set(selector, known);
  }
  return matchesLabels(known, labels);
};

/** The selector of a term; undefined when there is none. */
export const selectorOf = (value: unknown): SelectorText | undefined => {
  if (!isBag(value)) return undefined;
  return {
    matchLabels: textMapOf(value.matchLabels),
    matchExpressions: bagsOf(value.matchExpressions).map((line) => ({
      key: textOf(line.key),
      operator: textOf(line.operator),
      values: textsOf(line.values),
    })),
  };
};

/** The selector and, for each key that the pod has, its value (or any other, with `NotIn`). */
const withKeys = (
  selector: SelectorText | undefined,
  keys: unknown,
  operator: 'In' | 'NotIn',
  labels: Labels,
): SelectorText | undefined => {
  const lines = textsOf(keys).flatMap((key) => (Object.hasOwn(labels, key) ? [{ key, operator, values: [labels[key] ?? ''] }] : []));
  if (selector === undefined || lines.length === 0) return selector;
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...lines] };
};

const termOf = (term: Bag, labels: Labels): PodTerm => ({
  topologyKey: textOf(term.topologyKey),
  selector: withKeys(withKeys(selectorOf(term.labelSelector), term.matchLabelKeys, 'In', labels), term.mismatchLabelKeys, 'NotIn', labels),
  namespaces: textsOf(term.namespaces),
  namespaceSelector: selectorOf(term.namespaceSelector),
});

/** Required terms of pod affinity or anti-affinity. */
export const podTermsOf = (spec: Bag, field: 'podAffinity' | 'podAntiAffinity', labels: Labels): readonly PodTerm[] =>
  bagsOf(bagOf(bagOf(spec.affinity)[field]).requiredDuringSchedulingIgnoredDuringExecution).map((term) => termOf(term, labels));

/** Hard rules, the first of each key: an API server takes no two. */
const hardRules = (spec: Bag): readonly Bag[] => {
  const first = new Map<string, Bag>();
  for (const rule of bagsOf(spec.topologySpreadConstraints)) {
    const isHard = (rule.whenUnsatisfiable ?? 'DoNotSchedule') === 'DoNotSchedule';
    const key = textOf(rule.topologyKey);
    if (isHard && !first.has(key)) first.set(key, rule);
  }
  return [...first.values()];
};

/** Hard spreading rules. */
export const spreadRulesOf = (spec: Bag, labels: Labels): readonly SpreadRule[] =>
  hardRules(spec).map((rule) => ({
    topologyKey: textOf(rule.topologyKey),
    maxSkew: integerOf(rule.maxSkew) ?? 1,
    minDomains: integerOf(rule.minDomains) ?? 1,
    selector: withKeys(selectorOf(rule.labelSelector), rule.matchLabelKeys, 'In', labels),
    honorsAffinity: rule.nodeAffinityPolicy !== 'Ignore',
    honorsTaints: rule.nodeTaintsPolicy === 'Honor',
  }));

/** Ports of the node that the pod takes: of containers and sidecars; with hostNetwork every container port is one. */
export const hostPortsOf = (spec: Bag): readonly HostPort[] =>
  [...bagsOf(spec.containers), ...bagsOf(spec.initContainers).filter(({ restartPolicy }) => restartPolicy === 'Always')].flatMap(
    (container) =>
      bagsOf(container.ports).flatMap((port) => {
        // A host port of 0 is none told (core/v1 defaults).
        const number = integerOf(port.hostPort) || (spec.hostNetwork === true ? integerOf(port.containerPort) : undefined) || 0;
        if (number <= 0) return [];
        return [{ ip: textOf(port.hostIP) || '0.0.0.0', protocol: textOf(port.protocol) || 'TCP', port: number }];
      }),
  );

/** True when two ports cannot be on one node. */
export const portsClash = (a: HostPort, b: HostPort): boolean => {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || isAny(a.ip) || isAny(b.ip);
};

const isAny = (ip: string): boolean => ip === '0.0.0.0' || ip === '';

/** True when a term of a pod in `own` speaks of a pod with these labels in `namespace`. `namespaces`: labels by namespace. */
export const termSelects = (
  term: PodTerm,
  own: string,
  pod: { readonly namespace: string; readonly labels: Labels },
  namespaces: ReadonlyMap<string, Labels>,
): boolean => inNamespace(term, own, pod.namespace, namespaces) && selects(term.selector, pod.labels);

const inNamespace = (term: PodTerm, own: string, namespace: string, namespaces: ReadonlyMap<string, Labels>): boolean => {
  if (term.namespaces.length === 0 && term.namespaceSelector === undefined) return namespace === own;
  if (term.namespaces.includes(namespace)) return true;
  const labels = { 'kubernetes.io/metadata.name': namespace, ...namespaces.get(namespace) };
  return selects(term.namespaceSelector, labels);
};
