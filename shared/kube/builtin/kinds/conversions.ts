/** @module Kinds that are served in two forms and kept in one: events, and autoscalers of autoscaling/v1. */
import type { KubeObject } from '../../object.ts';
import type { ResourceType } from '../../resource.ts';
import { at, hasAt, isJson, type Json, listAt, numberAt, textAt, withAt } from '../read.ts';

type Conversion = NonNullable<ResourceType['conversion']>;

/** Field of core/v1 Event → field of events.k8s.io/v1 Event. */
const eventFields: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];

const renamed = (object: KubeObject, apiVersion: string, names: ReadonlyMap<string, string>): KubeObject => {
  const out: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(object)) out[names.get(field) ?? field] = value;
  return { ...(out as KubeObject), apiVersion };
};

const toNewEvent = new Map(eventFields);
const toCoreEvent = new Map(eventFields.map(([core, later]) => [later, core]));

/** Events of events.k8s.io are the events of core under other names. */
export const eventConversion: Conversion = {
  storageVersion: 'v1',
  storageGroup: '',
  fromStorage: (object) => renamed(object, 'events.k8s.io/v1', toNewEvent),
  toStorage: (object) => renamed(object, 'v1', toCoreEvent),
};

const prefix = 'autoscaling.alpha.kubernetes.io/';
/** What v1 cannot say, by the path it has in v2. */
const annotated: readonly (readonly [string, readonly string[]])[] = [
  [`${prefix}current-metrics`, ['status', 'currentMetrics']],
  [`${prefix}conditions`, ['status', 'conditions']],
  [`${prefix}behavior`, ['spec', 'behavior']],
];
const metricsKey = `${prefix}metrics`;

const isCpuUtilization = (metric: unknown): boolean =>
  textAt(metric, 'type') === 'Resource' &&
  textAt(metric, 'resource', 'name') === 'cpu' &&
  typeof at(metric, 'resource', 'target', 'averageUtilization') === 'number';

const cpuMetric = (averageUtilization: unknown): Json => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

const parsed = (text: string | undefined): unknown => {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
};

const withAnnotations = (object: KubeObject, annotations: Record<string, string>): KubeObject => {
  const { annotations: _, ...metadata } = object.metadata;
  return { ...object, metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations } };
};

const toV2 = (object: KubeObject): KubeObject => {
  if (object.apiVersion === 'autoscaling/v2') return object;
  const annotations = { ...object.metadata.annotations };
  const target = at(object, 'spec', 'targetCPUUtilizationPercentage');
  const others = parsed(annotations[metricsKey]);
  const metrics = [...(Array.isArray(others) ? others : []), ...(typeof target === 'number' ? [cpuMetric(target)] : [])];
  let out = withAt({ ...object, apiVersion: 'autoscaling/v2' }, ['spec', 'targetCPUUtilizationPercentage'], undefined);
  out = withAt(out, ['status', 'currentCPUUtilizationPercentage'], undefined);
  if (at(out, 'status', 'currentReplicas') === 0) out = withAt(out, ['status', 'currentReplicas'], undefined);
  if (metrics.length > 0) out = withAt(out, ['spec', 'metrics'], metrics);
  delete annotations[metricsKey];
  for (const [key, path] of annotated) {
    const value = parsed(annotations[key]);
    if (Array.isArray(value) || isJson(value)) out = withAt(out, path, value);
    delete annotations[key];
  }
  return withAnnotations(out, annotations);
};

const toV1 = (object: KubeObject): KubeObject => {
  const metrics = listAt(object, 'spec', 'metrics');
  const cpu = metrics.find(isCpuUtilization);
  const others = metrics.filter((metric) => metric !== cpu);
  const annotations = { ...object.metadata.annotations };
  if (others.length > 0) annotations[metricsKey] = JSON.stringify(others);
  for (const [key, path] of annotated) {
    const value = at(object, ...path);
    const isSaid = Array.isArray(value) ? value.length > 0 : isJson(value);
    if (isSaid) annotations[key] = JSON.stringify(value);
  }
  let out = withAt({ ...object, apiVersion: 'autoscaling/v1' }, ['spec', 'metrics'], undefined);
  for (const [, path] of annotated)
    if (hasAt(out, ...path) || path[0] === 'status') out = hasAt(out, path[0] ?? '') ? withAt(out, path, undefined) : out;
  if (cpu !== undefined) {
    const utilization = numberAt(cpu, 'resource', 'target', 'averageUtilization');
    out = withAt(out, ['spec', 'targetCPUUtilizationPercentage'], utilization);
  }
  // v1 always says how many there are; v2 leaves zero out.
  if (hasAt(out, 'status') && !hasAt(out, 'status', 'currentReplicas')) out = withAt(out, ['status', 'currentReplicas'], 0);
  return withAnnotations(out, annotations);
};

/** Autoscalers are kept as autoscaling/v2; what v1 cannot say goes into annotations, as the API server does it. */
export const autoscalerConversion: Conversion = { storageVersion: 'v2', fromStorage: toV1, toStorage: toV2 };
