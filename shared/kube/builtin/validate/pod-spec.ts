/** @module Faults of pod specs and pod templates (kubernetes `ValidatePodSpec`). */
import {
  dns1123Label,
  type Fault,
  forbidden,
  invalid,
  invalidEach,
  labelValue,
  notSupported,
  qualifiedName,
  rangeText,
  required,
  subdomainName,
  validateAnnotations,
  validateLabels,
} from '../../names/index.ts';
import { at, hasAt, isTrueAt, listAt, namesAt, numberAt, objectAt, textAt, textsAt } from '../read.ts';
import { ipFaults } from './addresses.ts';
import { containersFaults, initContainersFaults } from './containers.ts';
import { volumeFaults } from './volumes.ts';

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const secondsMax = 2 ** 31 - 1;

const policyFaults = (value: string, field: string, supported: readonly string[]): Fault[] => {
  if (value === '') return [required(field)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
};

const tolerationFaults = (toleration: unknown, field: string): Fault[] => {
  const [key, operator, value] = [textAt(toleration, 'key'), textAt(toleration, 'operator'), textAt(toleration, 'value')];
  const effect = textAt(toleration, 'effect');
  const faults: Fault[] = key === '' ? [] : invalidEach(`${field}.key`, key, qualifiedName(key));
  if (key === '' && operator !== 'Exists') {
    const text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    faults.push(invalid(`${field}.operator`, operator, text));
  }
  if (hasAt(toleration, 'tolerationSeconds') && effect !== 'NoExecute') {
    faults.push(invalid(`${field}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  }
  if (operator === '' || operator === 'Equal') {
    const texts = labelValue(value);
    if (texts.length > 0) faults.push(invalid(`${field}.operator`, value, texts.join(';')));
  } else if (operator === 'Exists') {
    if (value !== '') faults.push(invalid(`${field}.operator`, value, "value must be empty when `operator` is 'Exists'"));
  } else faults.push(notSupported(`${field}.operator`, operator, ['Equal', 'Exists']));
  if (effect !== '' && !effects.includes(effect)) faults.push(notSupported(`${field}.effect`, effect, effects));
  return faults;
};

const spreadFaults = (constraint: unknown, field: string): Fault[] => {
  const faults: Fault[] = [];
  if (numberAt(constraint, 'maxSkew') <= 0)
    faults.push(invalid(`${field}.maxSkew`, numberAt(constraint, 'maxSkew'), 'must be greater than zero'));
  const key = textAt(constraint, 'topologyKey');
  if (key === '') faults.push(required(`${field}.topologyKey`, 'can not be empty'));
  else faults.push(...invalidEach(`${field}.topologyKey`, key, qualifiedName(key)));
  const when = textAt(constraint, 'whenUnsatisfiable');
  const supported = ['DoNotSchedule', 'ScheduleAnyway'];
  if (!supported.includes(when)) faults.push(notSupported(`${field}.whenUnsatisfiable`, when, supported));
  return faults;
};

/** A name field that may be absent. */
const named = (spec: unknown, field: string, name: string, rule: (value: string) => string[]): Fault[] => {
  const value = textAt(spec, name);
  return value === '' ? [] : invalidEach(`${field}.${name}`, value, rule(value));
};

const subdomain = (value: string): string[] => subdomainName(value, false);

const pullSecretFaults = (spec: unknown, field: string): Fault[] =>
  listAt(spec, 'imagePullSecrets').flatMap((secret, index) =>
    textAt(secret, 'name') === '' ? [required(`${field}.imagePullSecrets[${index}].name`)] : [],
  );

const aliasFaults = (alias: unknown, field: string): Fault[] => [
  ...ipFaults(textAt(alias, 'ip'), `${field}.ip`),
  ...namesAt(alias, 'hostnames').flatMap((name, index) => invalidEach(`${field}.hostnames[${index}]`, name, subdomain(name))),
];

const deadlineFaults = (spec: unknown, field: string): Fault[] => {
  const seconds = at(spec, 'activeDeadlineSeconds');
  if (typeof seconds !== 'number' || (seconds >= 1 && seconds <= secondsMax)) return [];
  return [invalid(`${field}.activeDeadlineSeconds`, seconds, rangeText(1, secondsMax))];
};

const hostNetworkFaults = (spec: unknown, field: string): Fault[] => {
  if (!isTrueAt(spec, 'hostNetwork')) return [];
  return listAt(spec, 'containers').flatMap((container, index) =>
    listAt(container, 'ports').flatMap((port, portIndex) => {
      const [host, own] = [numberAt(port, 'hostPort'), numberAt(port, 'containerPort')];
      const path = `${field}.containers[${index}].ports[${portIndex}].hostPort`;
      return host !== 0 && host !== own ? [invalid(path, host, 'must match `containerPort` when `hostNetwork` is true')] : [];
    }),
  );
};

/** Faults of a pod's spec at `field`; `volumesBeside` are volumes that a StatefulSet's claims add. */
export const podSpecFaults = (spec: unknown, field: string, volumesBeside: readonly string[] = []): Fault[] => {
  const volumes = volumeFaults(listAt(spec, 'volumes'), `${field}.volumes`);
  const mountable = new Set([...volumes.names, ...volumesBeside]);
  const containers = listAt(spec, 'containers');
  const names = containers.map((container) => textAt(container, 'name'));
  return [
    ...(hasAt(spec, 'terminationGracePeriodSeconds') ? [] : [required(`${field}.terminationGracePeriodSeconds`)]),
    ...volumes.faults,
    ...containersFaults(containers, `${field}.containers`, mountable),
    ...initContainersFaults(listAt(spec, 'initContainers'), `${field}.initContainers`, mountable, names),
    ...hostNetworkFaults(spec, field),
    ...policyFaults(textAt(spec, 'restartPolicy'), `${field}.restartPolicy`, restartPolicies),
    ...policyFaults(textAt(spec, 'dnsPolicy'), `${field}.dnsPolicy`, dnsPolicies),
    ...validateLabels(textsAt(spec, 'nodeSelector'), `${field}.nodeSelector`),
    ...pullSecretFaults(spec, field),
    ...listAt(spec, 'topologySpreadConstraints').flatMap((one, index) => spreadFaults(one, `${field}.topologySpreadConstraints[${index}]`)),
    ...named(spec, field, 'serviceAccountName', subdomain),
    ...named(spec, field, 'nodeName', subdomain),
    ...deadlineFaults(spec, field),
    ...named(spec, field, 'hostname', dns1123Label),
    ...named(spec, field, 'subdomain', dns1123Label),
    ...listAt(spec, 'tolerations').flatMap((one, index) => tolerationFaults(one, `${field}.tolerations[${index}]`)),
    ...listAt(spec, 'hostAliases').flatMap((alias, index) => aliasFaults(alias, `${field}.hostAliases[${index}]`)),
    ...named(spec, field, 'priorityClassName', subdomain),
    ...named(spec, field, 'runtimeClassName', subdomain),
  ];
};

/** Faults of a pod template at `field`. */
export const podTemplateFaults = (template: unknown, field: string, volumesBeside: readonly string[] = []): Fault[] => [
  ...validateLabels(textsAt(template, 'metadata', 'labels'), `${field}.labels`),
  ...validateAnnotations(textsAt(template, 'metadata', 'annotations'), `${field}.annotations`),
  ...podSpecFaults(objectAt(template, 'spec'), `${field}.spec`, volumesBeside),
  ...(listAt(template, 'spec', 'ephemeralContainers').length > 0
    ? [forbidden(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template')]
    : []),
];
