/** @module The hand-written defaults, by the names that `data/defaults.json` gives them. */
import { hasAt, type Json, numberAt, objectAt, textAt, withAt } from '../read.ts';
import {
  allocatableFromCapacity,
  emptyDirWithoutSource,
  hostPortFromContainerPort,
  imagePullPolicyByTag,
  labelsFromTemplate,
  limitRangeDefaults,
  requestsFromLimits,
  serviceAccountAlias,
} from './pods.ts';

const nameLabel = 'kubernetes.io/metadata.name';
const targetUtilizationDefault = 80;

/** A Service's port goes to the same port of the pods. */
const targetPortFromPort = (port: Json): Json => {
  const target = port.targetPort;
  const isSet = target !== undefined && target !== null && target !== 0 && target !== '';
  return isSet ? port : withAt(port, ['targetPort'], numberAt(port, 'port'));
};

/** A namespace always bears its name as a label. */
const namespaceNameLabel = (namespace: Json): Json => {
  const name = textAt(namespace, 'metadata', 'name');
  if (name === '' || textAt(namespace, 'metadata', 'labels', nameLabel) === name) return namespace;
  return withAt(namespace, ['metadata', 'labels'], { ...objectAt(namespace, 'metadata', 'labels'), [nameLabel]: name });
};

const noAffinityConfig = (spec: Json): Json =>
  textAt(spec, 'sessionAffinity') === 'None' && hasAt(spec, 'sessionAffinityConfig')
    ? withAt(spec, ['sessionAffinityConfig'], undefined)
    : spec;

/** Metrics of newer versions are kept in this annotation of an `autoscaling/v1` object. */
const metricsAnnotation = 'autoscaling.alpha.kubernetes.io/metrics';

const hpaTargetUtilization = (object: Json): Json => {
  if (hasAt(object, 'spec', 'targetCPUUtilizationPercentage') || textAt(object, 'metadata', 'annotations', metricsAnnotation) !== '')
    return object;
  return withAt(object, ['spec', 'targetCPUUtilizationPercentage'], targetUtilizationDefault);
};

const crdNames = (object: Json): Json => {
  const kind = textAt(object, 'spec', 'names', 'kind');
  if (kind === '') return object;
  const named =
    textAt(object, 'spec', 'names', 'singular') === '' ? withAt(object, ['spec', 'names', 'singular'], kind.toLowerCase()) : object;
  return textAt(named, 'spec', 'names', 'listKind') === '' ? withAt(named, ['spec', 'names', 'listKind'], `${kind}List`) : named;
};

/** Functions for the defaulting of the schema room; what needs a clock, a uid or other objects is in the kinds' strategies. */
export const builtinDefaults: Readonly<Record<string, (struct: Json) => Json>> = {
  allocatableFromCapacity,
  crdNames,
  emptyDirWithoutSource,
  hostPortFromContainerPort,
  hpaTargetUtilization,
  imagePullPolicyByTag,
  labelsFromTemplate,
  limitRangeDefaults,
  namespaceNameLabel,
  noAffinityConfig,
  requestsFromLimits,
  serviceAccountAlias,
  targetPortFromPort,
};
