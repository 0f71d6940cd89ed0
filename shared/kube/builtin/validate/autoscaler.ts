/** @module Faults of HorizontalPodAutoscalers (kubernetes `apis/autoscaling/validation`). */
import { dns1123Label, type Fault, forbidden, invalid, invalidEach, notSupported, pathSegmentName, required } from '../../names/index.ts';
import { type KubeObject, parseApiVersion } from '../../object.ts';
import { readQuantity } from '../amounts.ts';
import { at, hasAt, type Json, listAt, numberAt, objectAt, textAt } from '../read.ts';
import { nonNegativeQuantity } from './numbers.ts';
import { containerResourceNameFaults } from './resources.ts';

const sources = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;
const metricTypes = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
const selectPolicies = ['Disabled', 'Max', 'Min'];
const policyTypes = ['Percent', 'Pods'];
const windowSecondsMax = 3600;
const periodSecondsMax = 1800;
const fromZeroText = 'must specify at least one Object or External metric to support scaling to zero replicas';

const nameFaults = (reference: unknown, field: string, name: string, text = ''): Fault[] => {
  const value = textAt(reference, name);
  return value === '' ? [required(`${field}.${name}`, text)] : invalidEach(`${field}.${name}`, value, pathSegmentName(value, false));
};

const referenceFaults = (reference: unknown, field: string, allowsCore: boolean): Fault[] => {
  const apiVersion = textAt(reference, 'apiVersion');
  const parts = apiVersion.split('/').length;
  const texts =
    parts > 2
      ? [`unexpected GroupVersion string: ${apiVersion}`]
      : !allowsCore && parseApiVersion(apiVersion).group === ''
        ? ['apiVersion must specify API group']
        : [];
  return [
    ...nameFaults(reference, field, 'kind'),
    ...nameFaults(reference, field, 'name'),
    ...invalidEach(`${field}.apiVersion`, apiVersion, texts),
  ];
};

const targetFaults = (target: unknown, field: string): Fault[] => {
  const type = textAt(target, 'type');
  const faults: Fault[] = type === '' ? [required(`${field}.type`, 'must specify a metric target type')] : [];
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    faults.push(invalid(`${field}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const name of ['value', 'averageValue']) {
    const amount = readQuantity(at(target, name));
    if (amount !== undefined && amount.nanos <= 0n) faults.push(invalid(`${field}.${name}`, amount.text, 'must be positive'));
  }
  const share = at(target, 'averageUtilization');
  if (typeof share === 'number' && share < 1) faults.push(invalid(`${field}.averageUtilization`, share, 'must be greater than 0'));
  return faults;
};

const identifierFaults = (source: Json, field: string): Fault[] =>
  nameFaults(source.metric, `${field}.metric`, 'name', 'must specify a metric name');

const amountFaults = (source: Json, field: string): Fault[] => {
  const [share, amount] = [hasAt(source, 'target', 'averageUtilization'), hasAt(source, 'target', 'averageValue')];
  if (!share && !amount)
    return [required(`${field}.target.averageUtilization`, 'must set either a target raw value or a target utilization')];
  return share && amount ? [forbidden(`${field}.target.averageValue`, 'may not set both a target raw value and a target utilization')] : [];
};

const sourceFaults: Readonly<Record<(typeof sources)[number], (source: Json, field: string) => Fault[]>> = {
  object: (source, field) => [
    ...referenceFaults(source.describedObject, `${field}.describedObject`, true),
    ...identifierFaults(source, field),
    ...targetFaults(source.target, `${field}.target`),
    ...(hasAt(source, 'target', 'value') || hasAt(source, 'target', 'averageValue')
      ? []
      : [required(`${field}.target.averageValue`, 'must set either a target value or averageValue')]),
  ],
  external: (source, field) => {
    const [value, average] = [hasAt(source, 'target', 'value'), hasAt(source, 'target', 'averageValue')];
    const faults = [...identifierFaults(source, field), ...targetFaults(source.target, `${field}.target`)];
    if (!value && !average) {
      faults.push(required(`${field}.target.averageValue`, 'must set either a target value for metric or a per-pod target'));
    }
    const text = 'may not set both a target value for metric and a per-pod target';
    return value && average ? [...faults, forbidden(`${field}.target.value`, text)] : faults;
  },
  pods: (source, field) => [
    ...identifierFaults(source, field),
    ...targetFaults(source.target, `${field}.target`),
    ...(hasAt(source, 'target', 'averageValue')
      ? []
      : [required(`${field}.target.averageValue`, 'must specify a positive target averageValue')]),
  ],
  resource: (source, field) => [
    ...(textAt(source, 'name') === '' ? [required(`${field}.name`, 'must specify a resource name')] : []),
    ...targetFaults(source.target, `${field}.target`),
    ...amountFaults(source, field),
  ],
  containerResource: (source, field) => {
    const [name, container] = [textAt(source, 'name'), textAt(source, 'container')];
    return [
      ...(name === '' ? [required(`${field}.name`, 'must specify a resource name')] : containerResourceNameFaults(name, `${field}.name`)),
      ...(container === ''
        ? [required(`${field}.container`, 'must specify a container')]
        : invalidEach(`${field}.container`, container, dns1123Label(container))),
      ...targetFaults(source.target, `${field}.target`),
      ...amountFaults(source, field),
    ];
  },
};

const metricFaults = (metric: unknown, field: string): Fault[] => {
  const type = textAt(metric, 'type');
  const isKnown = metricTypes.includes(type);
  const expected = type.charAt(0).toLowerCase() + type.slice(1);
  const present = sources.filter((source) => hasAt(metric, source));
  const [first] = present;
  const faults: Fault[] = type === '' ? [required(`${field}.type`, 'must specify a metric source type')] : [];
  if (!isKnown) faults.push(notSupported(`${field}.type`, type, metricTypes));
  if (first !== undefined) faults.push(...sourceFaults[first](objectAt(metric, first), `${field}.${first}`));
  if (isKnown && !hasAt(metric, expected))
    faults.push(required(`${field}.${expected}`, 'must populate information for the given metric source'));
  const others = present.length === 1 ? [] : present.filter((source) => source !== expected);
  return [...faults, ...others.map((source) => forbidden(`${field}.${source}`, 'must populate the given metric source only'))];
};

const policyFaults = (policy: unknown, field: string): Fault[] => {
  const type = textAt(policy, 'type');
  const faults: Fault[] = policyTypes.includes(type) ? [] : [notSupported(`${field}.type`, type, policyTypes)];
  for (const name of ['value', 'periodSeconds']) {
    if (numberAt(policy, name) <= 0) faults.push(invalid(`${field}.${name}`, numberAt(policy, name), 'must be greater than zero'));
  }
  const period = numberAt(policy, 'periodSeconds');
  if (period > periodSecondsMax)
    faults.push(invalid(`${field}.periodSeconds`, period, `must be less than or equal to ${periodSecondsMax}`));
  return faults;
};

const rulesFaults = (rules: Json, field: string): Fault[] => {
  const [seconds, select] = [at(rules, 'stabilizationWindowSeconds'), at(rules, 'selectPolicy') ?? undefined];
  const path = `${field}.stabilizationWindowSeconds`;
  const policies = listAt(rules, 'policies');
  const tolerance = readQuantity(rules.tolerance);
  const faults: Fault[] = [];
  if (typeof seconds === 'number' && seconds < 0) faults.push(invalid(path, seconds, 'must be greater than or equal to zero'));
  if (typeof seconds === 'number' && seconds > windowSecondsMax) {
    faults.push(invalid(path, seconds, `must be less than or equal to ${windowSecondsMax}`));
  }
  if (typeof select === 'string' && !selectPolicies.includes(select)) {
    faults.push(notSupported(`${field}.selectPolicy`, select, selectPolicies));
  }
  if (policies.length === 0) faults.push(required(`${field}.policies`, 'must specify at least one Policy'));
  return [
    ...faults,
    ...policies.flatMap((policy, index) => policyFaults(policy, `${field}.policies[${index}]`)),
    ...(tolerance === undefined ? [] : nonNegativeQuantity(tolerance, `${field}.tolerance`)),
  ];
};

const behaviourFaults = (spec: Json): Fault[] =>
  ['scaleUp', 'scaleDown'].flatMap((name) =>
    hasAt(spec, 'behavior', name) ? rulesFaults(objectAt(spec, 'behavior', name), `spec.behavior.${name}`) : [],
  );

const boundsFaults = (spec: Json): Fault[] => {
  const [least, most] = [at(spec, 'minReplicas'), numberAt(spec, 'maxReplicas')];
  const faults: Fault[] = [];
  if (typeof least === 'number' && least < 1) faults.push(invalid('spec.minReplicas', least, 'must be greater than or equal to 1'));
  if (most === 0) faults.push(required('spec.maxReplicas', 'must be set and greater than 0'));
  if (most < 0) faults.push(invalid('spec.maxReplicas', most, 'must be greater than or equal to 1'));
  if (typeof least === 'number' && most < least)
    faults.push(invalid('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`'));
  return faults;
};

const specFaults = (spec: Json, allowsCoreTarget: boolean): Fault[] => {
  const metrics = listAt(spec, 'metrics');
  const scalesFromZero = metrics.some((metric) => ['Object', 'External'].includes(textAt(metric, 'type')));
  return [
    ...boundsFaults(spec),
    ...referenceFaults(objectAt(spec, 'scaleTargetRef'), 'spec.scaleTargetRef', allowsCoreTarget),
    ...metrics.flatMap((metric, index) => metricFaults(metric, `spec.metrics[${index}]`)),
    ...(at(spec, 'minReplicas') === 0 && !scalesFromZero ? [forbidden('spec.metrics', fromZeroText)] : []),
    ...behaviourFaults(spec),
  ];
};

/** What may be scaled without naming a group: the only scalable kind of the core group, and a target that was so before. */
const allowsAnyTarget = (object: KubeObject, old: KubeObject | undefined): boolean => {
  const [target, before] = [objectAt(object, 'spec', 'scaleTargetRef'), objectAt(old, 'spec', 'scaleTargetRef')];
  const isKept = old !== undefined && ['apiVersion', 'kind'].every((name) => textAt(target, name) === textAt(before, name));
  return isKept || textAt(target, 'kind') === 'ReplicationController';
};

/** Faults of an autoscaler, or of a changed one. */
export const autoscalerFaults = (object: KubeObject, old?: KubeObject): Fault[] =>
  specFaults(objectAt(object, 'spec'), allowsAnyTarget(object, old));
