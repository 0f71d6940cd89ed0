/** @module Kinds of which little is written by hand: nodes, events, and those that are only kept. */
import { type Fault, goQuote, invalid, notSupported, pathSegmentName } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import type { KindParts } from '../kind.ts';
import { isTrueAt, listAt, numberAt, textAt, withAt } from '../read.ts';
import { eventConversion } from './conversions.ts';

const notReady = 'node.kubernetes.io/not-ready';
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

const validateEvent = (event: KubeObject): Fault[] => {
  const involved = textAt(event, 'involvedObject', 'namespace');
  const own = event.metadata.namespace ?? '';
  const fits = involved === own || (involved === '' && (own === 'default' || own === 'kube-system'));
  return fits ? [] : [invalid('involvedObject.namespace', involved, 'does not match event.namespace')];
};

const newEventFaults = (event: KubeObject): Fault[] => validateEvent(eventConversion.toStorage(event));

const validateApiService = (object: KubeObject): Fault[] => {
  const wanted = `${textAt(object, 'spec', 'version')}.${textAt(object, 'spec', 'group')}`;
  const { name } = object.metadata;
  return [
    ...(name === wanted ? [] : [invalid('metadata.name', name, `must be \`spec.version+"."+spec.group\`: ${goQuote(wanted)}`)]),
    ...below(object, 'groupPriorityMinimum', 20_000),
    ...below(object, 'versionPriority', 1_000),
  ];
};

const below = (object: KubeObject, field: string, end: number): Fault[] => {
  const value = numberAt(object, 'spec', field);
  return value > 0 && value <= end ? [] : [invalid(`spec.${field}`, value, `must be positive and less than ${end}`)];
};

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
  '/endpoints': {
    strategy: { allowCreateOnUpdate: true },
    deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  },
  '/componentstatuses': { deprecation: 'v1 ComponentStatus is deprecated in v1.19+' },
  // The API server lets core events be named by anything that fits a URL.
  '/events': { name: pathSegmentName, strategy: { validate: validateEvent, allowCreateOnUpdate: true } },
  'events.k8s.io/events': { strategy: { validate: newEventFaults, allowCreateOnUpdate: true }, conversion: eventConversion },
  'node.k8s.io/runtimeclasses': { strategy: { allowCreateOnUpdate: true, allowUnconditionalUpdate: false } },
  // Its name is VERSION.GROUP, and the core group's is ''.
  'apiregistration.k8s.io/apiservices': { name: pathSegmentName, strategy: { validate: validateApiService } },
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
