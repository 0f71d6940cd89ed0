/** @module Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController (kubernetes `apis/apps/validation`). */
import { dns1123Label, type Fault, forbidden, invalid, invalidEach, labelName, notSupported, required } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import type { Strategy } from '../../resource.ts';
import { matchesLabels, selectorFromMap, selectorFromObject, validateLabelSelector } from '../../selectors/index.ts';
import type { KindParts } from '../kind.ts';
import { at, hasAt, listAt, numberAt, objectAt, textAt, textsAt, withAt } from '../read.ts';
import { sameValue } from '../validate/equal.ts';
import { atMostAll, countOf, countOrPercent, nonNegative, unchanged } from '../validate/numbers.ts';
import { podTemplateFaults } from '../validate/pod-spec.ts';
import { podSpecWarnings } from '../validate/pod-warnings.ts';
import { type StatusCounts, statusFaults } from '../validate/replica-status.ts';
import { newTemplateGeneration, nextTemplateGeneration, templateGenerationDefault } from './daemon-generation.ts';

const template = 'spec.template';
const labelsField = `${template}.metadata.labels`;
const mismatchText = '`selector` does not match template `labels`';

const selectorOf = (object: KubeObject): object | undefined =>
  hasAt(object, 'spec', 'selector') ? objectAt(object, 'spec', 'selector') : undefined;

const isEmptySelector = (selector: object): boolean =>
  Object.keys(objectAt(selector, 'matchLabels')).length + listAt(selector, 'matchExpressions').length === 0;

/** Faults of the selector alone. `noun` is how the API server calls the kind in its text. */
const selectorFaults = (object: KubeObject, noun: string, isRequired = true): Fault[] => {
  const selector = selectorOf(object);
  if (selector === undefined) return isRequired ? [required('spec.selector')] : [];
  const faults = validateLabelSelector(selector, 'spec.selector');
  return isEmptySelector(selector) ? [...faults, invalid('spec.selector', selector, `empty selector is invalid for ${noun}`)] : faults;
};

/** Faults of the template: selected by the selector, valid, and of pods that always run. */
const templateFaults = (object: KubeObject, kind: string, volumesBeside: readonly string[] = []): Fault[] => {
  const faults = podTemplateFaults(at(object, 'spec', 'template'), template, volumesBeside);
  const restart = textAt(object, 'spec', 'template', 'spec', 'restartPolicy');
  if (restart !== 'Always') faults.push(notSupported(`${template}.spec.restartPolicy`, restart, ['Always']));
  if (hasAt(object, 'spec', 'template', 'spec', 'activeDeadlineSeconds')) {
    faults.push(forbidden(`${template}.spec.activeDeadlineSeconds`, `activeDeadlineSeconds in ${kind} is not Supported`));
  }
  return faults;
};

const mismatchFaults = (object: KubeObject): Fault[] => {
  const selector = selectorOf(object);
  const parsed = selectorFromObject(selector);
  if (!parsed.ok || (selector !== undefined && isEmptySelector(selector))) return [];
  const labels = at(object, 'spec', 'template', 'metadata', 'labels');
  return matchesLabels(parsed.value, textsAt(labels)) ? [] : [invalid(labelsField, labels ?? null, mismatchText)];
};

/** Template faults as kinds of apps report them: none when the selector itself cannot be read. */
const selectedTemplateFaults = (
  object: KubeObject,
  kind: string,
  unreadableText: string,
  volumesBeside: readonly string[] = [],
): Fault[] => {
  const parsed = selectorFromObject(selectorOf(object));
  if (!parsed.ok) return [invalid('spec.selector', selectorOf(object), unreadableText)];
  return [...mismatchFaults(object), ...templateFaults(object, kind, volumesBeside)];
};

const rollingUpdateFaults = (object: KubeObject): Fault[] => {
  const field = 'spec.strategy.rollingUpdate';
  const { maxUnavailable, maxSurge } = objectAt(object, 'spec', 'strategy', 'rollingUpdate');
  const faults = [...countOrPercent(maxUnavailable, `${field}.maxUnavailable`), ...countOrPercent(maxSurge, `${field}.maxSurge`)];
  const isReadable = faults.length === 0;
  if (isReadable && countOf(maxUnavailable) === 0 && countOf(maxSurge) === 0) {
    faults.push(invalid(`${field}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  return [...faults, ...atMostAll(maxUnavailable, `${field}.maxUnavailable`)];
};

const deploymentStrategyFaults = (object: KubeObject): Fault[] => {
  const strategy = objectAt(object, 'spec', 'strategy');
  switch (textAt(strategy, 'type')) {
    case 'Recreate': {
      const text = "may not be specified when strategy `type` is 'Recreate'";
      return hasAt(strategy, 'rollingUpdate') ? [forbidden('spec.strategy.rollingUpdate', text)] : [];
    }
    case 'RollingUpdate':
      return rollingUpdateFaults(object);
    default:
      return [notSupported('spec.strategy', strategy, ['Recreate', 'RollingUpdate'])];
  }
};

const deadlineFaults = (object: KubeObject): Fault[] => {
  const deadline = at(object, 'spec', 'progressDeadlineSeconds');
  const faults = nonNegative(objectAt(object, 'spec'), 'spec', 'progressDeadlineSeconds');
  if (typeof deadline === 'number' && deadline <= numberAt(object, 'spec', 'minReadySeconds')) {
    faults.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  }
  return faults;
};

const validateDeployment = (object: KubeObject): Fault[] => [
  ...nonNegative(objectAt(object, 'spec'), 'spec', 'replicas'),
  ...selectorFaults(object, 'deployment'),
  ...selectedTemplateFaults(object, 'ReplicaSet', 'invalid label selector'),
  ...deploymentStrategyFaults(object),
  ...nonNegative(objectAt(object, 'spec'), 'spec', 'minReadySeconds', 'revisionHistoryLimit'),
  ...deadlineFaults(object),
];

const validateReplicaSet = (object: KubeObject): Fault[] => [
  ...nonNegative(objectAt(object, 'spec'), 'spec', 'replicas', 'minReadySeconds'),
  ...selectorFaults(object, 'deployment'),
  ...selectedTemplateFaults(object, 'ReplicaSet', 'invalid label selector'),
];

const statefulStrategyFaults = (object: KubeObject): Fault[] => {
  const strategy = objectAt(object, 'spec', 'updateStrategy');
  const field = 'spec.updateStrategy';
  switch (textAt(strategy, 'type')) {
    case '':
      return [required(field)];
    case 'OnDelete': {
      const rolling = at(strategy, 'rollingUpdate') ?? undefined;
      return rolling === undefined ? [] : [invalid(`${field}.rollingUpdate`, rolling, "only allowed for updateStrategy 'RollingUpdate'")];
    }
    case 'RollingUpdate': {
      const path = `${field}.rollingUpdate`;
      const most = at(strategy, 'rollingUpdate', 'maxUnavailable') ?? undefined;
      const faults = nonNegative(objectAt(strategy, 'rollingUpdate'), path, 'partition');
      if (most === undefined) return faults;
      faults.push(...countOrPercent(most, `${path}.maxUnavailable`));
      if (countOf(most) === 0) faults.push(invalid(`${path}.maxUnavailable`, most, 'cannot be 0'));
      return [...faults, ...atMostAll(most, `${path}.maxUnavailable`)];
    }
    default:
      return [invalid(field, strategy, "must be 'RollingUpdate' or 'OnDelete'")];
  }
};

const claimNames = (object: KubeObject): string[] =>
  listAt(object, 'spec', 'volumeClaimTemplates').map((claim) => textAt(claim, 'metadata', 'name'));

const statefulFaults = (object: KubeObject, isNew: boolean): Fault[] => {
  const management = textAt(object, 'spec', 'podManagementPolicy');
  const isKnown = management === 'OrderedReady' || management === 'Parallel';
  const service = textAt(object, 'spec', 'serviceName');
  return [
    ...(isKnown ? [] : [invalid('spec.podManagementPolicy', management, "must be 'OrderedReady' or 'Parallel'")]),
    ...statefulStrategyFaults(object),
    ...nonNegative(objectAt(object, 'spec'), 'spec', 'replicas', 'minReadySeconds', 'ordinals.start'),
    ...(service === '' || !isNew ? [] : invalidEach('spec.serviceName', service, dns1123Label(service))),
    ...selectorFaults(object, 'statefulset'),
    ...selectedTemplateFaults(object, 'StatefulSet', '', claimNames(object)),
  ];
};

const statefulMutable = [
  'replicas',
  'template',
  'updateStrategy',
  'minReadySeconds',
  'ordinals',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
];
const statefulText =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

const statefulUpdateFaults = (object: KubeObject, old: KubeObject): Fault[] => {
  const faults = statefulFaults(object, false);
  const kept = statefulMutable.reduce((spec, field) => withAt(spec, [field], at(old, 'spec', field)), objectAt(object, 'spec'));
  return sameValue(kept, objectAt(old, 'spec')) ? faults : [...faults, forbidden('spec', statefulText)];
};

const daemonStrategyFaults = (object: KubeObject): Fault[] => {
  const strategy = objectAt(object, 'spec', 'updateStrategy');
  const field = 'spec.updateStrategy';
  const type = textAt(strategy, 'type');
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate') return [notSupported(field, strategy, ['RollingUpdate', 'OnDelete'])];
  if (!hasAt(strategy, 'rollingUpdate')) return [required(`${field}.rollingUpdate`)];
  const path = `${field}.rollingUpdate`;
  const { maxUnavailable, maxSurge } = objectAt(strategy, 'rollingUpdate');
  const faults = [
    ...countOrPercent(maxUnavailable, `${path}.maxUnavailable`),
    ...countOrPercent(maxSurge, `${path}.maxSurge`),
    ...atMostAll(maxUnavailable, `${path}.maxUnavailable`),
    ...atMostAll(maxSurge, `${path}.maxSurge`),
  ];
  const [unavailable, surge] = [countOf(maxUnavailable) !== 0, countOf(maxSurge) !== 0];
  if (unavailable && surge) faults.push(invalid(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  if (!unavailable && !surge) faults.push(required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  return faults;
};

const validateDaemonSet = (object: KubeObject): Fault[] => {
  const { selector, ...spec } = objectAt(object, 'spec');
  return [
    ...validateLabelSelector(selectorOf(object), 'spec.selector'),
    ...mismatchFaults(object),
    ...(selector === undefined ? [] : selectorFaults(object, 'daemonset').filter((fault) => fault.message.includes('empty selector'))),
    ...templateFaults(object, 'DaemonSet'),
    ...nonNegative(spec, 'spec', 'minReadySeconds'),
    ...daemonStrategyFaults(object),
    ...nonNegative(spec, 'spec', 'revisionHistoryLimit'),
  ];
};

const validateController = (object: KubeObject): Fault[] => {
  const selector = textsAt(object, 'spec', 'selector');
  const labels = at(object, 'spec', 'template', 'metadata', 'labels');
  const isMissing = Object.keys(selector).length === 0;
  const matches = isMissing || matchesLabels(selectorFromMap(selector), textsAt(labels));
  return [
    ...nonNegative(objectAt(object, 'spec'), 'spec', 'minReadySeconds'),
    ...(isMissing ? [required('spec.selector')] : []),
    ...nonNegative(objectAt(object, 'spec'), 'spec', 'replicas'),
    ...(matches ? [] : [invalid(labelsField, labels ?? null, mismatchText)]),
    ...(hasAt(object, 'spec', 'template') ? templateFaults(object, 'ReplicationController') : [required(template)]),
  ];
};

const sameSelector = (object: KubeObject, old: KubeObject): Fault[] =>
  unchanged(object, old, 'spec.selector', sameValue, 'spec', 'selector');

/** Warnings of the pod template; none when an update leaves the spec alone. */
const templateWarnings = (object: KubeObject, old: KubeObject | undefined): string[] => {
  if (old !== undefined && sameValue(object.spec, old.spec)) return [];
  return podSpecWarnings(at(object, 'spec', 'template', 'spec'), `${template}.spec`);
};

const scale = { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' };

/** The parts of a kind with a pod template whose selector stays. */
const parts = (validate: (object: KubeObject) => Fault[], status: StatusCounts, more: Strategy = {}): KindParts => ({
  tracksGeneration: true,
  strategy: {
    validate,
    validateUpdate: (object, old) => [...validate(object), ...sameSelector(object, old)],
    validateStatus: statusFaults(status),
    warnings: templateWarnings,
    ...more,
  },
});

/** A Deployment hands its annotations on to its ReplicaSets, so that a change of them counts (kubernetes `registry/apps/deployment`). */
const annotationsChanged = (object: KubeObject, old: KubeObject): boolean =>
  !sameValue(object.metadata.annotations ?? {}, old.metadata.annotations ?? {});

const replicaParts = (...named: readonly string[]): string[] => [...named, 'readyReplicas', 'availableReplicas'];

const deploymentCounts: StatusCounts = {
  counts: [
    'observedGeneration',
    'replicas',
    ...replicaParts('updatedReplicas'),
    'unavailableReplicas',
    'terminatingReplicas',
    'collisionCount',
  ],
  parts: replicaParts('updatedReplicas'),
};
const replicaSetCounts: StatusCounts = {
  counts: ['replicas', ...replicaParts('fullyLabeledReplicas'), 'observedGeneration', 'terminatingReplicas'],
  parts: replicaParts('fullyLabeledReplicas'),
};
const statefulParts = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'];
const statefulCounts: StatusCounts = {
  counts: ['replicas', ...statefulParts, 'observedGeneration', 'collisionCount'],
  parts: statefulParts,
  readyName: 'status.readyReplicas',
};
const daemonCounts: StatusCounts = {
  counts: [
    'currentNumberScheduled',
    'numberMisscheduled',
    'desiredNumberScheduled',
    'numberReady',
    'observedGeneration',
    'updatedNumberScheduled',
    'numberAvailable',
    'numberUnavailable',
    'collisionCount',
  ],
  parts: [],
};
const controllerCounts: StatusCounts = {
  counts: ['replicas', ...replicaParts('fullyLabeledReplicas'), 'observedGeneration'],
  parts: replicaParts('fullyLabeledReplicas'),
};

/** By `<group>/<resource>`. */
export const workloadKinds: Readonly<Record<string, KindParts>> = {
  'apps/deployments': {
    ...parts(validateDeployment, deploymentCounts, {
      countsChange: (object, old, differs) => differs || annotationsChanged(object, old),
    }),
    scale,
  },
  'apps/replicasets': { ...parts(validateReplicaSet, replicaSetCounts), scale },
  'apps/statefulsets': {
    ...parts((object) => statefulFaults(object, true), statefulCounts, { validateUpdate: statefulUpdateFaults }),
    scale,
    name: labelName,
  },
  'apps/daemonsets': parts(validateDaemonSet, daemonCounts, {
    defaults: templateGenerationDefault,
    prepareForCreate: newTemplateGeneration,
    prepareForUpdate: nextTemplateGeneration,
    validateUpdate: (object, old) => [...sameSelector(object, old), ...validateDaemonSet(object)],
  }),
  '/replicationcontrollers': {
    ...parts(validateController, controllerCounts, { validateUpdate: validateController, orphansDependents: true }),
    scale,
  },
};
