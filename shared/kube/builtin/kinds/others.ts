/** @module Kinds of which little is written by hand: network, nodes, events, and those that are only kept. */
import { type Fault, invalid, notSupported, pathSegmentName, required } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { validateLabelSelector } from '../../selectors/index.ts';
import type { KindParts } from '../kind.ts';
import { at, hasAt, isTrueAt, listAt, namesAt, objectAt, textAt, withAt } from '../read.ts';
import { eventConversion } from './conversions.ts';

const notReady = 'node.kubernetes.io/not-ready';
const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];
const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** A new node takes no pods until it is ready (the TaintNodesByCondition admission plugin). */
const newNode = (node: KubeObject): KubeObject => {
  const taints = listAt(node, 'spec', 'taints');
  if (taints.some((taint) => textAt(taint, 'key') === notReady)) return node;
  return withAt(node, ['spec', 'taints'], [...taints, { key: notReady, effect: 'NoSchedule' }]);
};

const validateNode = (node: KubeObject): Fault[] =>
  listAt(node, 'spec', 'taints').flatMap((taint, index) => {
    const effect = textAt(taint, 'effect');
    return effects.includes(effect) ? [] : [notSupported(`spec.taints[${index}].effect`, effect, effects)];
  });

const backendFaults = (backend: unknown, field: string): Fault[] => {
  const [service, resource] = [hasAt(backend, 'service'), hasAt(backend, 'resource')];
  if (service && resource) return [invalid(field, '', 'cannot set both resource and service backends')];
  if (!service) return resource ? [] : [required(`${field}.service.name`)];
  const faults: Fault[] = textAt(backend, 'service', 'name') === '' ? [required(`${field}.service.name`)] : [];
  const hasPort = textAt(backend, 'service', 'port', 'name') !== '' || typeof at(backend, 'service', 'port', 'number') === 'number';
  return hasPort ? faults : [...faults, required(`${field}.service.port`, 'port name or number is required')];
};

const pathFaults = (path: unknown, field: string): Fault[] => {
  const type = textAt(path, 'pathType');
  const text = textAt(path, 'path');
  const faults: Fault[] = [];
  if (type === '') faults.push(required(`${field}.pathType`, 'pathType must be specified'));
  else if (!pathTypes.includes(type)) faults.push(notSupported(`${field}.pathType`, type, ['Exact', 'Prefix', 'ImplementationSpecific']));
  else if (type !== 'ImplementationSpecific' && !text.startsWith('/'))
    faults.push(invalid(`${field}.path`, text, 'must be an absolute path'));
  return [...faults, ...backendFaults(at(path, 'backend'), `${field}.backend`)];
};

const validateIngress = (object: KubeObject): Fault[] => {
  const rules = listAt(object, 'spec', 'rules');
  if (rules.length === 0 && !hasAt(object, 'spec', 'defaultBackend')) {
    return [invalid('spec', objectAt(object, 'spec'), 'either `defaultBackend` or `rules` must be specified')];
  }
  const faults = hasAt(object, 'spec', 'defaultBackend') ? backendFaults(at(object, 'spec', 'defaultBackend'), 'spec.defaultBackend') : [];
  const ruleFaults = rules.flatMap((rule, index) => {
    const field = `spec.rules[${index}].http.paths`;
    if (!hasAt(rule, 'http')) return [];
    const paths = listAt(rule, 'http', 'paths');
    return paths.length === 0 ? [required(field)] : paths.flatMap((path, pathIndex) => pathFaults(path, `${field}[${pathIndex}]`));
  });
  return [...faults, ...ruleFaults];
};

const validateNetworkPolicy = (object: KubeObject): Fault[] => {
  const types = namesAt(object, 'spec', 'policyTypes');
  const known = ['Egress', 'Ingress'];
  return [
    ...validateLabelSelector(objectAt(object, 'spec', 'podSelector'), 'spec.podSelector'),
    ...types.flatMap((type, index) => (known.includes(type) ? [] : [notSupported(`spec.policyTypes[${index}]`, type, known)])),
  ];
};

const validateEvent = (event: KubeObject): Fault[] => {
  const involved = textAt(event, 'involvedObject', 'namespace');
  const own = event.metadata.namespace ?? '';
  const fits = involved === own || (involved === '' && (own === 'default' || own === 'kube-system'));
  return fits ? [] : [invalid('involvedObject.namespace', involved, 'does not match event.namespace')];
};

const newEventFaults = (event: KubeObject): Fault[] => validateEvent(eventConversion.toStorage(event));

/** The first storage version of a definition is remembered; a definition is served when its names are accepted. */
const newDefinition = (object: KubeObject): KubeObject => {
  const stored = listAt(object, 'spec', 'versions').find((version) => isTrueAt(version, 'storage'));
  return { ...object, status: { acceptedNames: { kind: '', plural: '' }, conditions: null, storedVersions: [textAt(stored, 'name')] } };
};

const counted: KindParts = { tracksGeneration: true };
const countedStrict: KindParts = { tracksGeneration: true, strategy: { allowUnconditionalUpdate: false } };

/** By `<group>/<resource>`. */
export const otherKinds: Readonly<Record<string, KindParts>> = {
  '/nodes': { strategy: { prepareForCreate: newNode, validate: validateNode } },
  '/endpoints': { strategy: { allowCreateOnUpdate: true } },
  // The API server lets core events be named by anything that fits a URL.
  '/events': { name: pathSegmentName, strategy: { validate: validateEvent, allowCreateOnUpdate: true } },
  'events.k8s.io/events': { strategy: { validate: newEventFaults, allowCreateOnUpdate: true }, conversion: eventConversion },
  'networking.k8s.io/ingresses': { tracksGeneration: true, strategy: { validate: validateIngress } },
  'networking.k8s.io/ingressclasses': counted,
  'networking.k8s.io/networkpolicies': { tracksGeneration: true, strategy: { validate: validateNetworkPolicy } },
  'node.k8s.io/runtimeclasses': { strategy: { allowCreateOnUpdate: true, allowUnconditionalUpdate: false } },
  'discovery.k8s.io/endpointslices': counted,
  'resource.k8s.io/resourceslices': counted,
  'resource.k8s.io/deviceclasses': counted,
  'flowcontrol.apiserver.k8s.io/flowschemas': counted,
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': counted,
  'admissionregistration.k8s.io/validatingadmissionpolicies': countedStrict,
  'admissionregistration.k8s.io/mutatingadmissionpolicies': countedStrict,
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': countedStrict,
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings': countedStrict,
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': countedStrict,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': countedStrict,
  'apiextensions.k8s.io/customresourcedefinitions': { tracksGeneration: true, strategy: { prepareForCreate: newDefinition } },
};
