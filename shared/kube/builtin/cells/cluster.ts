/** @module Rows of what a cluster is made of: nodes, namespaces, configuration, events, quotas, roles (kubernetes `printers.go`). */
import { conditionOf } from '../../conditions.ts';
import type { KubeObject } from '../../object.ts';
import type { TableCells } from '../../resource.ts';
import { at, hasAt, isTrueAt, listAt, numberAt, objectAt, textAt } from '../read.ts';
import { ageCell, amountCell, orNone, quantityCell, sinceCell, sortedSet } from './common.ts';

const rolePrefix = 'node-role.kubernetes.io/';
const roleLabel = 'kubernetes.io/role';

const nodeStatus = (node: KubeObject): string => {
  const ready = conditionOf(node, 'Ready');
  const status = ready === undefined ? 'Unknown' : textAt(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
  return isTrueAt(node, 'spec', 'unschedulable') ? `${status},SchedulingDisabled` : status;
};

const nodeRoles = (node: KubeObject): string => {
  const roles = Object.entries(node.metadata.labels ?? {}).map(([key, value]) => {
    if (key.startsWith(rolePrefix)) return key.slice(rolePrefix.length);
    return key === roleLabel ? value : '';
  });
  return orNone(sortedSet(roles.filter((role) => role !== '')));
};

const nodeAddress = (node: KubeObject, type: string): string => {
  const address = listAt(node, 'status', 'addresses').find((one) => textAt(one, 'type') === type);
  return address === undefined ? '<none>' : textAt(address, 'address');
};

export const nodeCells: TableCells = (object, nowMs) => {
  const info = objectAt(object, 'status', 'nodeInfo');
  const orUnknown = (field: string): string => textAt(info, field) || '<unknown>';
  const architecture = textAt(info, 'architecture');
  return [
    object.metadata.name,
    nodeStatus(object),
    nodeRoles(object),
    ageCell(object, nowMs),
    textAt(info, 'kubeletVersion'),
    nodeAddress(object, 'InternalIP'),
    nodeAddress(object, 'ExternalIP'),
    orUnknown('osImage'),
    `${orUnknown('kernelVersion')}${architecture === '' ? '' : ` (${architecture})`}`,
    orUnknown('containerRuntimeVersion'),
  ];
};

export const namespaceCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  textAt(object, 'status', 'phase'),
  ageCell(object, nowMs),
];

const keys = (value: unknown): number => Object.keys(typeof value === 'object' && value !== null ? value : {}).length;

export const configMapCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  keys(object.data) + keys(object.binaryData),
  ageCell(object, nowMs),
];

export const secretCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  textAt(object, 'type'),
  keys(object.data),
  ageCell(object, nowMs),
];

/** Name and age. */
export const plainCells: TableCells = (object, nowMs) => [object.metadata.name, ageCell(object, nowMs)];

/** Name and the time of creation. */
export const createdCells: TableCells = (object) => [object.metadata.name, object.metadata.creationTimestamp ?? null];

const eventSource = (event: KubeObject): string => {
  const component = textAt(event, 'source', 'component') || textAt(event, 'reportingComponent');
  const instance = textAt(event, 'source', 'host') || textAt(event, 'reportingInstance');
  return instance === '' ? component : `${component}, ${instance}`;
};

const eventCount = (event: KubeObject): number => {
  if (hasAt(event, 'series')) return numberAt(event, 'series', 'count');
  return numberAt(event, 'count') || 1;
};

/** Of a core/v1 Event; those of events.k8s.io are converted first. */
export const eventCells: TableCells = (event, nowMs) => {
  const since = (...path: string[]): string => sinceCell(at(event, ...path), nowMs);
  const first = hasAt(event, 'firstTimestamp') ? since('firstTimestamp') : since('eventTime');
  const last = hasAt(event, 'lastTimestamp') ? since('lastTimestamp') : first;
  const name = textAt(event, 'involvedObject', 'name');
  const kind = textAt(event, 'involvedObject', 'kind').toLowerCase();
  return [
    hasAt(event, 'series') ? since('series', 'lastObservedTime') : last,
    textAt(event, 'type'),
    textAt(event, 'reason'),
    name === '' ? kind : `${kind}/${name}`,
    textAt(event, 'involvedObject', 'fieldPath'),
    eventSource(event),
    textAt(event, 'message').trim(),
    first,
    eventCount(event),
    event.metadata.name,
  ];
};

const subjectNames = (binding: KubeObject, kind: string): string =>
  listAt(binding, 'subjects')
    .filter((subject) => textAt(subject, 'kind') === kind)
    .map((subject) => (kind === 'ServiceAccount' ? `${textAt(subject, 'namespace')}/${textAt(subject, 'name')}` : textAt(subject, 'name')))
    .join(', ');

export const bindingCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  `${textAt(object, 'roleRef', 'kind')}/${textAt(object, 'roleRef', 'name')}`,
  ageCell(object, nowMs),
  subjectNames(object, 'User'),
  subjectNames(object, 'Group'),
  subjectNames(object, 'ServiceAccount'),
];

export const quotaCells: TableCells = (object, nowMs) => {
  const resources = Object.keys(objectAt(object, 'status', 'hard')).sort();
  const line = (limits: boolean): string =>
    resources
      .filter((resource) => resource.startsWith('limits.') === limits)
      .map(
        (resource) =>
          `${resource}: ${quantityCell(object, 'status', 'used', resource)}/${quantityCell(object, 'status', 'hard', resource)}`,
      )
      .join(', ');
  return [object.metadata.name, line(false), line(true), ageCell(object, nowMs)];
};

export const leaseCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  textAt(object, 'spec', 'holderIdentity'),
  ageCell(object, nowMs),
];

export const priorityClassCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  numberAt(object, 'value'),
  isTrueAt(object, 'globalDefault'),
  ageCell(object, nowMs),
  textAt(object, 'preemptionPolicy'),
];

export const runtimeClassCells: TableCells = (object, nowMs) => [object.metadata.name, textAt(object, 'handler'), ageCell(object, nowMs)];

export const componentStatusCells: TableCells = (object) => {
  const healthy = listAt(object, 'conditions').find((condition) => textAt(condition, 'type') === 'Healthy');
  const status = healthy === undefined ? 'Unknown' : textAt(healthy, 'status') === 'True' ? 'Healthy' : 'Unhealthy';
  return [object.metadata.name, status, textAt(healthy, 'message'), textAt(healthy, 'error')];
};

/** The service, or `Local`; whether it is available, with the reason when it is not. */
export const apiServiceCells: TableCells = (object, nowMs) => {
  const available = conditionOf(object, 'Available');
  const status = amountCell(at(available, 'status'), 'Unknown');
  return [
    object.metadata.name,
    hasAt(object, 'spec', 'service')
      ? `${textAt(object, 'spec', 'service', 'namespace')}/${textAt(object, 'spec', 'service', 'name')}`
      : 'Local',
    status === 'True' || available === undefined ? status : `${status} (${textAt(available, 'reason')})`,
    ageCell(object, nowMs),
  ];
};
