/** @module What governs workloads: autoscalers, disruption budgets, quotas, limits, priorities, leases. */
import { type Fault, forbidden, invalid, invalidEach, notSupported, pathSegmentName, required } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { validateLabelSelector } from '../../selectors/index.ts';
import type { KindParts } from '../kind.ts';
import { at, hasAt, isTrueAt, type Json, listAt, numberAt, objectAt, textAt } from '../read.ts';
import { sameValue } from '../validate/equal.ts';
import { atMostAll, countOrPercent, unchanged } from '../validate/numbers.ts';
import { resourceAmountFaults, resourceNameFaults } from '../validate/resources.ts';
import { autoscalerConversion } from './conversions.ts';

const userPriorityMax = 1_000_000_000;
const systemPrefix = 'system-';
const systemPriorities: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};
const metricTypes = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
const metricText = 'must populate information for the given metric source';

const metricFaults = (metric: unknown, field: string): Fault[] => {
  const type = textAt(metric, 'type');
  if (type === '')
    return [required(`${field}.type`, 'must specify a metric source type'), notSupported(`${field}.type`, type, metricTypes)];
  if (!metricTypes.includes(type)) return [notSupported(`${field}.type`, type, metricTypes)];
  const source = type.charAt(0).toLowerCase() + type.slice(1);
  return hasAt(metric, source) ? [] : [required(`${field}.${source}`, metricText)];
};

const nameFaults = (reference: Json, field: string, name: string): Fault[] => {
  const value = textAt(reference, name);
  return value === '' ? [required(`${field}.${name}`)] : invalidEach(`${field}.${name}`, value, pathSegmentName(value, false));
};

const scalingFaults = (spec: Json): Fault[] =>
  ['scaleUp', 'scaleDown'].flatMap((name) => {
    if (!hasAt(spec, 'behavior', name)) return [];
    const field = `spec.behavior.${name}`;
    const policies = listAt(spec, 'behavior', name, 'policies');
    const faults: Fault[] = policies.length === 0 ? [required(`${field}.policies`, 'must specify at least one Policy')] : [];
    policies.forEach((policy, index) => {
      const path = `${field}.policies[${index}]`;
      if (!['Pods', 'Percent'].includes(textAt(policy, 'type'))) {
        faults.push(notSupported(`${path}.type`, textAt(policy, 'type'), ['Percent', 'Pods']));
      }
      for (const number of ['value', 'periodSeconds']) {
        if (numberAt(policy, number) <= 0) faults.push(invalid(`${path}.${number}`, numberAt(policy, number), 'must be greater than zero'));
      }
    });
    return faults;
  });

const validateAutoscaler = (object: KubeObject): Fault[] => {
  const spec = objectAt(object, 'spec');
  const [least, most] = [at(spec, 'minReplicas'), numberAt(spec, 'maxReplicas')];
  const faults: Fault[] = [];
  if (typeof least === 'number' && least < 1) faults.push(invalid('spec.minReplicas', least, 'must be greater than or equal to 1'));
  if (most === 0) faults.push(required('spec.maxReplicas', 'must be set and greater than 0'));
  if (most < 0) faults.push(invalid('spec.maxReplicas', most, 'must be greater than or equal to 1'));
  if (typeof least === 'number' && most < least)
    faults.push(invalid('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`'));
  const target = objectAt(spec, 'scaleTargetRef');
  return [
    ...faults,
    ...nameFaults(target, 'spec.scaleTargetRef', 'kind'),
    ...nameFaults(target, 'spec.scaleTargetRef', 'name'),
    ...listAt(spec, 'metrics').flatMap((metric, index) => metricFaults(metric, `spec.metrics[${index}]`)),
    ...scalingFaults(spec),
  ];
};

const validateBudget = (object: KubeObject): Fault[] => {
  const spec = objectAt(object, 'spec');
  const isBoth = hasAt(spec, 'minAvailable') && hasAt(spec, 'maxUnavailable');
  const policy = textAt(spec, 'unhealthyPodEvictionPolicy');
  const evictions = ['AlwaysAllow', 'IfHealthyBudget'];
  return [
    ...(isBoth ? [invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set')] : []),
    ...['minAvailable', 'maxUnavailable'].flatMap((name) => [
      ...countOrPercent(at(spec, name), `spec.${name}`),
      ...atMostAll(at(spec, name), `spec.${name}`),
    ]),
    ...validateLabelSelector(hasAt(spec, 'selector') ? objectAt(spec, 'selector') : undefined, 'spec.selector'),
    ...(policy === '' || evictions.includes(policy) ? [] : [notSupported('spec.unhealthyPodEvictionPolicy', policy, evictions)]),
  ];
};

const quotaNameFaults = (name: string, field: string): Fault[] => (name.startsWith('count/') ? [] : resourceNameFaults(name, field));

const validateQuota = (object: KubeObject): Fault[] =>
  Object.entries(objectAt(object, 'spec', 'hard')).flatMap(([name, value]) => [
    ...quotaNameFaults(name, `spec.hard[${name}]`),
    ...resourceAmountFaults(name, value, `spec.hard[${name}]`),
  ]);

const limitFields = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'];

const validateLimits = (object: KubeObject): Fault[] =>
  listAt(object, 'spec', 'limits').flatMap((limit, index) => {
    const path = `spec.limits[${index}]`;
    const isPod = textAt(limit, 'type') === 'Pod';
    const faults = isPod
      ? ['default', 'defaultRequest']
          .filter((field) => Object.keys(objectAt(limit, field)).length > 0)
          .map((field) => forbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'"))
      : [];
    const names = limitFields.flatMap((field) =>
      Object.keys(objectAt(limit, field)).flatMap((name) => resourceNameFaults(name, `${path}.${field}[${name}]`)),
    );
    return [...faults, ...names];
  });

const validatePriority = (object: KubeObject): Fault[] => {
  const value = numberAt(object, 'value');
  const { name } = object.metadata;
  if (!name.startsWith(systemPrefix)) {
    const isHigh = value > userPriorityMax;
    return isHigh ? [forbidden('value', `maximum allowed value of a user defined priority is ${userPriorityMax}`)] : [];
  }
  const isKnown = systemPriorities[name] === value && !isTrueAt(object, 'globalDefault');
  const text = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${name} is not a known system priority class`;
  return isKnown ? [] : [forbidden('metadata.name', text)];
};

const validatePriorityUpdate = (object: KubeObject, old: KubeObject): Fault[] => [
  ...(numberAt(object, 'value') === numberAt(old, 'value') ? [] : [forbidden('value', 'may not be changed in an update.')]),
  ...unchanged(object, old, 'preemptionPolicy', sameValue, 'preemptionPolicy'),
];

const validateLease = (object: KubeObject): Fault[] => {
  const spec = objectAt(object, 'spec');
  const [seconds, transitions] = [at(spec, 'leaseDurationSeconds'), at(spec, 'leaseTransitions')];
  const faults: Fault[] = [];
  if (typeof seconds === 'number' && seconds <= 0) faults.push(invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0'));
  if (typeof transitions === 'number' && transitions < 0) {
    faults.push(invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  }
  return faults;
};

/** By `<group>/<resource>`, or `<group>/<version>/<resource>` where versions differ. */
export const policyKinds: Readonly<Record<string, KindParts>> = {
  'autoscaling/v1/horizontalpodautoscalers': { strategy: { validate: validateAutoscaler }, conversion: autoscalerConversion },
  'autoscaling/v2/horizontalpodautoscalers': { strategy: { validate: validateAutoscaler } },
  'policy/poddisruptionbudgets': { tracksGeneration: true, strategy: { validate: validateBudget, allowUnconditionalUpdate: false } },
  '/resourcequotas': { strategy: { validate: validateQuota } },
  '/limitranges': { strategy: { validate: validateLimits, allowCreateOnUpdate: true } },
  'scheduling.k8s.io/priorityclasses': {
    tracksGeneration: true,
    strategy: { validate: validatePriority, validateUpdate: validatePriorityUpdate },
  },
  'coordination.k8s.io/leases': { strategy: { validate: validateLease, allowCreateOnUpdate: true, allowUnconditionalUpdate: false } },
};
