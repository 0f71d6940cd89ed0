/** @module Defaults inside pod templates that depend on more than absence (kubernetes `apis/core/v1/defaults.go`). */
import { at, hasAt, isJson, isTrueAt, type Json, numberAt, objectAt, textAt, withAt, withDefaultAt, withItemsAt } from '../read.ts';

/** True when an image may change under its name: the tag is `latest`, or there is neither tag nor digest. */
const isMoving = (image: string): boolean => {
  if (image.includes('@')) return false;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
};

/** Of a container (`image`) or an image volume (`reference`): pull always what may change, else only when it is not there. */
export const imagePullPolicyByTag = (struct: Json): Json => {
  const isContainer = hasAt(struct, 'name') || hasAt(struct, 'image');
  const [source, target] = isContainer ? ['image', 'imagePullPolicy'] : ['reference', 'pullPolicy'];
  const image = textAt(struct, source);
  if (image === '') return isContainer ? withDefaultAt(struct, [target], 'IfNotPresent') : struct;
  return textAt(struct, target) === '' ? withAt(struct, [target], isMoving(image) ? 'Always' : 'IfNotPresent') : struct;
};

/** A volume that names no source is an emptyDir. */
export const emptyDirWithoutSource = (volume: Json): Json => {
  const sources = Object.keys(volume).filter((key) => key !== 'name' && hasAt(volume, key));
  return sources.length === 0 ? withAt(volume, ['emptyDir'], {}) : volume;
};

/** The old field serviceAccount always follows serviceAccountName; alone, it stands for it. */
export const serviceAccountAlias = (spec: Json): Json => {
  const name = textAt(spec, 'serviceAccountName') || textAt(spec, 'serviceAccount');
  if (name === '') return spec;
  return { ...spec, serviceAccountName: name, serviceAccount: name };
};

const containerLists = [
  ['spec', 'containers'],
  ['spec', 'initContainers'],
] as const;

const inContainers = (pod: Json, change: (container: Json) => Json): Json =>
  containerLists.reduce((changed, path) => withItemsAt(changed, path, change), pod);

/** In pods (not templates), a limit without a request is the request too. */
export const requestsFromLimits = (pod: Json): Json =>
  inContainers(pod, (container) => {
    const limits = objectAt(container, 'resources', 'limits');
    const missing = Object.keys(limits).filter((name) => !hasAt(container, 'resources', 'requests', name));
    return missing.reduce((changed, name) => withAt(changed, ['resources', 'requests', name], limits[name]), container);
  });

/** In pods of the host's network, a port of the container is the same port of the host. */
export const hostPortFromContainerPort = (pod: Json): Json => {
  if (!isTrueAt(pod, 'spec', 'hostNetwork')) return pod;
  return inContainers(pod, (container) =>
    withItemsAt(container, ['ports'], (port) =>
      numberAt(port, 'hostPort') === 0 ? withAt(port, ['hostPort'], at(port, 'containerPort')) : port,
    ),
  );
};

/** Of a ReplicationController or Job: labels (and the controller's selector) come from the template when it has none. */
export const labelsFromTemplate = (object: Json): Json => {
  const labels = objectAt(object, 'spec', 'template', 'metadata', 'labels');
  if (Object.keys(labels).length === 0) return object;
  const isEmpty = (...path: string[]): boolean => Object.keys(objectAt(object, ...path)).length === 0;
  const labelled = isEmpty('metadata', 'labels') ? withAt(object, ['metadata', 'labels'], labels) : object;
  const selects = object.kind === 'ReplicationController' && isEmpty('spec', 'selector');
  return selects ? withAt(labelled, ['spec', 'selector'], labels) : labelled;
};

/** A Container limit's defaults: from max; a default request from the default, then from min. */
export const limitRangeDefaults = (item: Json): Json => {
  if (textAt(item, 'type') !== 'Container') return item;
  const merged = (field: string, ...sources: Json[]): Json => Object.assign({}, ...sources.toReversed(), objectAt(item, field));
  const defaults = merged('default', objectAt(item, 'max'));
  const requests = merged('defaultRequest', defaults, objectAt(item, 'min'));
  const withDefaults = Object.keys(defaults).length === 0 ? item : withAt(item, ['default'], defaults);
  return Object.keys(requests).length === 0 ? withDefaults : withAt(withDefaults, ['defaultRequest'], requests);
};

/** A node that does not say what can be used of it can be used wholly. */
export const allocatableFromCapacity = (status: Json): Json => {
  const capacity = at(status, 'capacity');
  return isJson(capacity) && Object.keys(capacity).length > 0 ? withDefaultAt(status, ['allocatable'], capacity) : status;
};
