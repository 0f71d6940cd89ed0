/** @module What governs workloads: autoscalers, disruption budgets, quotas, limits, priorities, leases. */
import { type Fault, forbidden, invalid, notSupported, required } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import type { Strategy } from '../../resource.ts';
import { validateLabelSelector } from '../../selectors/index.ts';
import type { KindParts } from '../kind.ts';
import { at, hasAt, isTrueAt, numberAt, objectAt } from '../read.ts';
import { systemPrefix, systemPriorityClasses } from '../system-priorities.ts';
import { autoscalerFaults } from '../validate/autoscaler.ts';
import { sameValue } from '../validate/equal.ts';
import { limitRangeFaults } from '../validate/limit-range.ts';
import { atMostAll, countOrPercent, unchanged } from '../validate/numbers.ts';
import { quotaFaults, quotaUpdateFaults } from '../validate/quota.ts';
import { autoscalerConversion } from './conversions.ts';

const userPriorityMax = 1_000_000_000;
const preemptionPolicies = ['PreemptLowerPriority', 'Never'];

const validateBudget = (object: KubeObject): Fault[] => {
  const spec = objectAt(object, 'spec');
  const isBoth = hasAt(spec, 'minAvailable') && hasAt(spec, 'maxUnavailable');
  const policy = at(spec, 'unhealthyPodEvictionPolicy') ?? undefined;
  const evictions = ['AlwaysAllow', 'IfHealthyBudget'];
  return [
    ...(isBoth ? [invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set')] : []),
    ...['minAvailable', 'maxUnavailable'].flatMap((name) => [
      ...countOrPercent(at(spec, name), `spec.${name}`),
      ...atMostAll(at(spec, name), `spec.${name}`),
    ]),
    ...validateLabelSelector(hasAt(spec, 'selector') ? objectAt(spec, 'selector') : undefined, 'spec.selector'),
    ...(typeof policy !== 'string' || evictions.includes(policy)
      ? []
      : [notSupported('spec.unhealthyPodEvictionPolicy', policy, evictions)]),
  ];
};

const priorityNameFaults = (object: KubeObject): Fault[] => {
  const value = numberAt(object, 'value');
  const { name } = object.metadata;
  if (!name.startsWith(systemPrefix)) {
    const isHigh = value > userPriorityMax;
    return isHigh ? [forbidden('value', `maximum allowed value of a user defined priority is ${userPriorityMax}`)] : [];
  }
  const why = systemFault(object);
  const text = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${why}`;
  return why === undefined ? [] : [forbidden('metadata.name', text)];
};

/** What sets an object apart from Kubernetes' own class of its name. */
const systemFault = (object: KubeObject): string | undefined => {
  const { name } = object.metadata;
  const known = systemPriorityClasses.find((one) => one.metadata.name === name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (object.value !== known.value) return `value of ${name} PriorityClass must be ${known.value}`;
  return isTrueAt(object, 'globalDefault') ? `globalDefault of ${name} PriorityClass must be false` : undefined;
};

const preemptionFaults = (object: KubeObject): Fault[] => {
  const policy = at(object, 'preemptionPolicy') ?? undefined;
  if (typeof policy !== 'string' || preemptionPolicies.includes(policy)) return [];
  return [policy === '' ? required('preemptionPolicy') : notSupported('preemptionPolicy', policy, preemptionPolicies)];
};

const validatePriority = (object: KubeObject): Fault[] => [...priorityNameFaults(object), ...preemptionFaults(object)];

/** Of a change only what may not change is looked at. */
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

const autoscaler: Strategy = { validate: (object) => autoscalerFaults(object), validateUpdate: autoscalerFaults };

/** By `<group>/<resource>`, or `<group>/<version>/<resource>` where versions differ. */
export const policyKinds: Readonly<Record<string, KindParts>> = {
  'autoscaling/v1/horizontalpodautoscalers': { strategy: autoscaler, conversion: autoscalerConversion },
  'autoscaling/v2/horizontalpodautoscalers': { strategy: autoscaler },
  'policy/poddisruptionbudgets': { tracksGeneration: true, strategy: { validate: validateBudget, allowUnconditionalUpdate: false } },
  '/resourcequotas': { strategy: { validate: quotaFaults, validateUpdate: quotaUpdateFaults } },
  '/limitranges': { strategy: { validate: limitRangeFaults, allowCreateOnUpdate: true } },
  'scheduling.k8s.io/priorityclasses': {
    tracksGeneration: true,
    strategy: { validate: validatePriority, validateUpdate: validatePriorityUpdate, countsChange: () => false },
  },
  'coordination.k8s.io/leases': { strategy: { validate: validateLease, allowCreateOnUpdate: true, allowUnconditionalUpdate: false } },
};
